"""After an absence everything goes: the oldest first, no faster than a channel bears."""

import datetime as dt
from itertools import pairwise

import pytest

from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from sitrack.reminders.plan import plan_round
from tests.clinic import settings_of

from .conftest import Memory, outbox, round_of

ALONE = {"reminders.digest": False, "reminders.most_per_person": 1000}


@pytest.fixture
def backlog(clinic):
    """Ten episodes whose diaries fell due on ten days, while nobody ran a round."""
    keys = [clinic.injected(f"2025-01-{day:02}") for day in range(6, 16)]
    clinic.at("2025-01-17")
    return [str(key) for key in keys]


def due_of(message):
    return message.subject.rpartition(" ")[2]


def test_the_oldest_go_first_and_an_hour_takes_no_more_than_it_may(
    clinic, backlog, tmp_path
):
    settings = settings_of(tmp_path, **ALONE, **{"reminders.most_per_hour": 3})
    channel, sizes = Memory(), []
    for minute in range(0, 241, 10):
        clinic.at("2025-01-17", f"{9 + minute // 60:02}:{minute % 60:02}")
        sizes.append(round_of(clinic, settings, channel).count("sent"))
    assert [size for size in sizes if size] == [3, 3, 3, 1]
    gaps = [late - early for early, late in pairwise(_places(sizes))]
    assert min(gaps) >= 6  # an hour of ten minutes each
    dues = [due_of(message) for message in channel.sent]
    assert dues == sorted(dues)
    assert sorted(message.subject.split()[1] for message in channel.sent) == backlog
    assert {row.status for row in outbox(clinic.ledger)} == {"done"}


def _places(sizes):
    return [place for place, size in enumerate(sizes) if size]


def test_the_plan_says_when_each_of_them_will_go(clinic, backlog, tmp_path):
    settings = settings_of(tmp_path, **ALONE, **{"reminders.most_per_hour": 3})
    planned = plan_round(clinic.ledger, settings, "file")
    assert [each.episode for each in planned] == backlog
    times = sorted({each.at for each in planned})
    assert [sum(each.at == at for each in planned) for at in times] == [3, 3, 3, 1]
    hours = {late - early for early, late in pairwise(times)}
    assert hours == {dt.timedelta(hours=1)}


@pytest.mark.parametrize("failure", [TemporaryFailure, PermanentFailure])
def test_a_poisoned_row_at_the_head_delays_none_behind_it(
    clinic, backlog, tmp_path, failure
):
    def refuse_the_first(message):
        if backlog[0] in message.subject:
            raise failure("smtp-554")

    settings = settings_of(tmp_path, **ALONE, **{"clinic.address": "r@c.example"})
    channel = Memory(refuse_the_first)
    report = round_of(clinic, settings, channel)
    assert report.count("sent") == 9
    assert report.count("failed", "dead") == 1


def test_a_channel_that_is_down_for_a_day_loses_nothing(clinic, backlog, tmp_path):
    settings = settings_of(tmp_path, **ALONE)

    def down(_message):
        raise TemporaryFailure("unreachable")

    for hour in range(9, 18):
        clinic.at("2025-01-17", f"{hour:02}:00")
        round_of(clinic, settings, Memory(down))
    assert {row.status for row in outbox(clinic.ledger)} == {"open"}
    clinic.at("2025-01-20", "15:00")
    round_of(clinic, settings, Memory())
    rows = outbox(clinic.ledger, rule="INJ-DIARY")
    assert sorted(row.episode for row in rows if row.status == "done") == backlog
