"""Looking at the reminders: what waits, what was tried, what is wrong, and trying again."""

import datetime as dt

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sitrack.coordination.retrying import retry_reminders
from sitrack.errors import NotFound
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from sitrack.reminders import looking_back
from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from sitrack.reminders.health import Limits, health, openmetrics
from sitrack.reminders.watching import note_round
from tests.clinic import RIVERA, codes_of, everything, settings_of

from .conftest import Memory, outbox, round_of

LIMITS = Limits(dt.timedelta(minutes=15), dt.timedelta(minutes=60))


@pytest.fixture
def go(clinic, settings):
    def go(channel=None):
        report = round_of(clinic, settings, channel or Memory())
        note_round(clinic.ledger)
        return report

    return go


def refusing(message):
    raise PermanentFailure("smtp-550")


@pytest.fixture
def refused(clinic, go):
    """A reminder that was given up on the morning of 7 January."""
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    assert go(Memory(refusing)).count("dead") == 1
    return key


# --- the rows, and what was tried


def test_the_ledger_tells_of_every_attempt(clinic, go):
    key = clinic.injected("2025-01-06")
    answers = [TemporaryFailure("time-out")]

    def fail_once(message):
        if answers:
            raise answers.pop()

    channel = Memory(fail_once)
    for time in ("09:00", "09:30"):
        clinic.at("2025-01-07", time)
        go(channel)
    _, [(row, lines)] = looking_back.ledger_of(clinic.ledger, str(key))
    assert (row.rule, row.step, row.status, row.attempts) == (
        *("INJ-DIARY", "notice"),
        *("done", 2),
    )
    assert [(line.attempt, line.event, line.detail) for line in lines] == [
        (1, "claimed", None),
        (1, "failed", "time-out"),
        (2, "claimed", None),
        (2, "sent", channel.sent[0].key),
    ]


def test_rows_are_listed_by_status_and_episode_the_latest_first(clinic, go):
    first, second = (clinic.injected("2025-01-06") for _ in range(2))
    clinic.at("2025-01-07")
    go()
    clinic.at("2025-01-21", "06:00")
    go()
    _, rows = looking_back.rows(clinic.ledger, "open", 100)
    assert {row.status for row in rows} == {"open"}
    _, rows = looking_back.rows(clinic.ledger, None, 100, str(first))
    assert {row.episode for row in rows} == {str(first)}
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)
    assert len(looking_back.rows(clinic.ledger, None, 1)[1]) == 1
    assert str(second) in {
        row.episode for row in looking_back.rows(clinic.ledger, None, 9)[1]
    }


# --- what was given up


@pytest.mark.complaint(7)
def test_what_was_given_up_is_shown_until_it_is_answered(clinic, refused):
    _, [row] = looking_back.dead(clinic.ledger)
    assert (row.episode, row.last_error) == (str(refused), "smtp-550")
    clinic.record(refused, "diary", readings=("1h=2",), about=2)
    assert looking_back.dead(clinic.ledger)[1] == []


@pytest.mark.parametrize("named", [True, False])
def test_it_is_tried_again_when_somebody_says_so(clinic, go, refused, named):
    opened, entry = retry_reminders(
        clinic.ledger, RIVERA, str(refused) if named else None
    )
    assert (opened, entry.payload["reminders"]) == (1, 1)
    channel = Memory()
    clinic.at("2025-01-08")  # the digest of the 7th has been opened
    assert go(channel).count("sent") == 1
    [row] = outbox(clinic.ledger)
    assert (row.status, row.attempts, row.failures) == ("done", 2, 0)
    with reading(clinic.ledger) as connection:
        last = load_stream(connection, "office")[-1]
    assert (last.kind, last.provenance.recorder) == ("reminders-retried", "rivera")
    assert codes_of(clinic.ledger) == set()


def test_where_nothing_was_given_up_there_is_nothing_to_try(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    go()
    before = everything(clinic.ledger)
    with pytest.raises(NotFound, match="nothing was given up"):
        retry_reminders(clinic.ledger, RIVERA, None)
    assert everything(clinic.ledger) == before


@pytest.mark.complaint(7)
def test_a_failure_on_the_way_is_given_up_after_twenty_times(clinic, go):
    clinic.injected("2025-01-06")

    def fail(message):
        raise TemporaryFailure("unreachable")

    outcomes = []
    day = dt.date(2025, 1, 7)
    while "dead" not in outcomes and len(outcomes) < 40:
        for time in ("08:00", "14:30"):
            clinic.at(str(day), time)
            outcomes += [
                each.outcome
                for each in go(Memory(fail)).happenings
                if (each.rule, each.step) == ("INJ-DIARY", "notice")
                and each.outcome != "fired"
            ]
        day += dt.timedelta(days=1)
    assert outcomes[:20] == ["failed"] * 19 + ["dead"]


# --- health


def problems(clinic, settings):
    found = health(clinic.ledger, settings, LIMITS)
    return {code for code, _, _ in found.problems}


def test_all_is_well_after_a_round(clinic, settings, go):
    clinic.injected("2025-01-06")
    assert problems(clinic, settings) == {"no-round"}
    clinic.at("2025-01-07")
    go()
    found = health(clinic.ledger, settings, LIMITS)
    assert found.is_well
    assert (found.pulse.open, found.pulse.due, found.pulse.unmade) == (0, 0, 0)
    assert found.pulse.sent_last_hour == {"file": 1}
    clinic.at("2025-01-07", "09:16")
    assert problems(clinic, settings) == {"no-round"}


def test_rounds_that_were_done_by_a_clock_ahead_hide_no_silence(clinic, settings, go):
    clinic.at("2025-01-07", "09:00")
    go()
    clinic.at("2035-01-05", "09:00")
    go()
    clinic.at("2025-01-07", "12:00")
    found = health(clinic.ledger, settings, LIMITS)
    assert [code for code, _, _ in found.problems] == ["no-round"]
    assert found.pulse.last_round == dt.datetime(2025, 1, 7, 9, tzinfo=dt.UTC)


def test_what_was_given_up_is_a_problem(clinic, settings, refused):
    assert problems(clinic, settings) == {"dead"}


def test_what_is_due_for_too_long_is_a_problem_in_sending_hours_alone(
    clinic, settings, go
):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07", "07:00")
    go()
    for time, late in (("08:30", False), ("09:01", True), ("18:30", False)):
        clinic.at("2025-01-07", time)
        note_round(clinic.ledger)
        assert ("late" in problems(clinic, settings)) is late, time


def test_steps_that_no_round_has_seen_are_counted(clinic, settings):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-21")
    assert health(clinic.ledger, settings, LIMITS).pulse.unmade == 2


def test_a_full_channel_is_a_problem(clinic, tmp_path):
    told = settings_of(tmp_path, **{"reminders.most_per_hour": 1})
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    round_of(clinic, told, Memory())
    note_round(clinic.ledger)
    assert problems(clinic, told) == {"full"}


def test_the_numbers_can_be_scraped(clinic, settings, refused):
    found = health(clinic.ledger, settings, LIMITS)
    families = {
        each.name: each for each in text_string_to_metric_families(openmetrics(found))
    }
    values = {
        sample.name: sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["sitrack_reminders_dead"] == 1
    assert values["sitrack_reminders_healthy"] == 0
    at = values["sitrack_reminders_last_round_timestamp_seconds"]
    assert at == clinic.ledger.clock().timestamp()


def test_looking_writes_nothing(clinic, settings, refused):
    before = everything(clinic.ledger)
    health(clinic.ledger, settings, LIMITS)
    looking_back.dead(clinic.ledger)
    looking_back.ledger_of(clinic.ledger, str(refused))
    assert everything(clinic.ledger) == before
