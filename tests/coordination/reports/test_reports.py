"""Reports count every stay once, and say what they rest on."""

import datetime as dt

import pytest

from sitrack.coordination.parking import change_status
from sitrack.coordination.reports.asked import Asked
from sitrack.coordination.reports.census import census
from sitrack.coordination.reports.funnel import Step, funnel
from sitrack.coordination.reports.time_in_stage import time_in_stage
from sitrack.coordination.reports.trend import trend
from sitrack.errors import BadInput
from sitrack.journey import parking
from sitrack.pathway.stages import Side
from sitrack.record.filters import Asker, read_filter
from tests.clinic import RIVERA, Clinic

LAST = dt.date(2025, 5, 12)
FATES = ("moved_on", "finished", "declined", "lost", "still")


@pytest.fixture
def clinic(ledger):
    """Four journeys from January to May, and one that should never have begun.

    One waits in conservative care, one was lost there and came back, one declined, and
    one has waited since its injection in April.
    """
    clinic = Clinic(ledger)
    clinic.keys = keys = [clinic.walked() for _ in range(3)]
    clinic.at("2025-02-10")
    clinic.advance(keys[2], "closed", command="episode finish", reason="declined")
    for day, channel in (("03-10", "phone"), ("03-17", "phone"), ("03-31", "sms")):
        clinic.at(f"2025-{day}")
        clinic.contact(keys[1], "no-answer", channel)
    clinic.at("2025-04-21")
    change_status(ledger, RIVERA, keys[1], parking.lose)
    keys.append(clinic.injected("2025-04-28", Side.LEFT))
    clinic.at("2025-05-05")
    clinic.contact(keys[1], "reached")
    change_status(ledger, RIVERA, keys[1], parking.come_back)
    mistaken = clinic.opened()
    reason = "opened-in-error"
    clinic.advance(mistaken, "closed", command="episode finish", reason=reason)
    clinic.at(str(LAST))
    return clinic


def asked(clinic, *words, **more):
    fits = read_filter(words, Asker("rivera", LAST))
    return Asked(fits=fits, **more)


def by_stage(rows):
    return {row.stage: row for row in rows}


def test_a_funnel_says_of_every_stay_what_became_of_it(clinic):
    day, rows = funnel(clinic.ledger, Asked())
    steps = by_stage(rows)
    assert day == LAST
    assert steps["injection"] == Step("injection", 4, 3, 0, 0, 0, 1, 0)
    assert steps["re-evaluation"] == Step("re-evaluation", 3, 3, 0, 0, 0, 0, 0)
    conservative = Step("conservative-care", 4, 0, 0, 1, 1, 2, 1)
    assert steps["conservative-care"] == conservative
    for row in rows:
        assert row.entered == sum(getattr(row, fate) for fate in FATES)


def test_a_wait_ends_with_the_stage_and_goes_on_unseen_after_a_loss(clinic):
    _, rows = time_in_stage(clinic.ledger, Asked())
    waits = by_stage(rows)
    injection = waits["injection"]
    assert (injection.stays, injection.left, injection.still) == (4, 3, 1)
    assert (injection.quarter, injection.median, injection.longest) == (14, 14, 14)
    care = waits["conservative-care"]
    # From 30 January: declined after 11 days, lost after 81; two are still there.
    assert (care.stays, care.left, care.lost, care.still) == (4, 1, 1, 2)
    assert (care.quarter, care.median, care.longest) == (11, None, 102)
    assert care.few
    assert waits["rfa"].median is None


def test_a_trend_puts_everything_into_its_month(clinic):
    _, months = trend(clinic.ledger, Asked(), 5, lambda _: None)
    assert [f"{each.first:%m}" for each in months] == ["01", "02", "03", "04", "05"]
    counted = [
        (each.opened, each.moved, each.lost, each.returned, each.finished)
        for each in months
    ]
    assert counted == [
        (3, 6, 0, 0, 0),
        (0, 0, 0, 0, 1),
        (0, 0, 0, 0, 0),
        (1, 0, 1, 0, 0),
        (0, 0, 0, 1, 0),
    ]
    assert months[-1].last == LAST


def test_a_trend_says_how_many_trials_were_reviewed_in_time(clinic):
    _, months = trend(clinic.ledger, Asked(), 5, lambda _: None)
    # Three injections were judged after 14 days, and who declined was decided on; the
    # other two trials of conservative care ended on 13 March, unreviewed until April.
    decided = [(each.decided, each.in_time) for each in months]
    assert decided == [(3, 3), (1, 1), (0, 0), (2, 0), (0, 0)]
    running = [(each.running, each.overdue) for each in months]
    assert running == [(3, 0), (2, 0), (2, 2), (3, 2), (3, 1)]
    assert [each.in_time_share for each in months] == [100, 100, None, 0, None]
    assert months[3].overdue_share == 67


def test_what_should_never_have_been_opened_is_counted_nowhere(clinic):
    assert sum(each.entered for each in funnel(clinic.ledger, Asked())[1]) == 11
    everybody = asked(clinic, "not", "owner:none")
    assert sum(census(clinic.ledger, everybody)[1].values()) == 4


def test_a_filter_picks_episodes_as_they_stood_and_counts_all_their_stays(clinic):
    left = by_stage(funnel(clinic.ledger, asked(clinic, "side:left"))[1])
    assert (left["injection"].entered, left["re-evaluation"].entered) == (1, 0)
    over = by_stage(funnel(clinic.ledger, asked(clinic, "stage:closed"))[1])
    assert (over["injection"].entered, over["conservative-care"].declined) == (1, 1)
    then = asked(clinic, "lost:yes", as_of=dt.date(2025, 4, 30))
    assert census(clinic.ledger, then)[1] == {"conservative-care": 1}
    assert census(clinic.ledger, asked(clinic, "lost:yes"))[1] == {}


def test_a_report_tells_what_was_true_on_a_day_and_known_at_a_moment(clinic):
    day = dt.date(2025, 1, 25)
    first = by_stage(funnel(clinic.ledger, Asked(as_of=day))[1])
    assert first["injection"] == Step("injection", 3, 3, 0, 0, 0, 0, 0)
    assert first["re-evaluation"] == Step("re-evaluation", 3, 0, 0, 0, 0, 3, 0)
    before = dt.datetime(2025, 1, 10, tzinfo=dt.UTC)
    known = by_stage(funnel(clinic.ledger, Asked(as_of=day, as_known=before))[1])
    assert known["injection"] == Step("injection", 3, 0, 0, 0, 0, 3, 0)


def test_only_stays_that_began_since_a_day_are_counted(clinic):
    since = Asked(since=dt.date(2025, 1, 30))
    assert by_stage(funnel(clinic.ledger, since)[1])["injection"].entered == 1
    assert by_stage(time_in_stage(clinic.ledger, since)[1])["injection"].stays == 1


def test_a_report_tells_nothing_of_days_ahead(clinic):
    ahead = Asked(as_of=LAST + dt.timedelta(days=1))
    for report in (funnel, time_in_stage):
        with pytest.raises(BadInput, match="lies ahead"):
            report(clinic.ledger, ahead)
    with pytest.raises(BadInput, match="--since lies after"):
        funnel(clinic.ledger, Asked(since=dt.date(2026, 1, 1)))
