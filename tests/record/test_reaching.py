"""Attempts to reach a patient set the next date, and in the end ask for a decision."""

import datetime as dt

import pytest

from sitrack.coordination import undo
from sitrack.coordination.snooze import snooze
from sitrack.errors import BadInput
from sitrack.journey.findings import Refused
from sitrack.pathway.calendar import Duration
from sitrack.pathway.stages import Side
from sitrack.record import worklist
from tests.clinic import RIVERA, Clinic, codes_of, everything


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def listed(clinic):
    """The worklist as (episode, rule, alert), and how many are put off."""
    found = worklist.who_waits(clinic.ledger)
    rows = [(row.episode, row.rule, row.alert) for row in found.rows]
    return rows, found.hidden["snoozed"]


def put_off(clinic, key, until, **more):
    return snooze(clinic.ledger, RIVERA, key, until, **more)


# --- the next date


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        ("no-answer", "2025-01-13"),  # two days on is a Saturday
        ("voicemail", "2025-01-13"),
        ("call-later", "2025-01-10"),
        ("reached", None),
        ("declined", None),
    ],
)
def test_the_outcome_sets_the_next_date_by_the_protocol(clinic, outcome, again):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-09")
    done = clinic.contact(key, outcome)
    assert done.entry.values.get("again") == again
    found = done.episode.snoozed_until
    assert (str(found) if found else None) == again


def test_a_date_that_is_given_stands_in_its_place(clinic):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-09")
    assert clinic.contact(
        key, "no-answer", again=Duration(3, "bd")
    ).episode.snoozed_until == dt.date(2025, 1, 14)
    day = dt.date(2025, 2, 1)
    assert clinic.contact(key, "no-answer", again=day).episode.snoozed_until == day


@pytest.mark.parametrize("ahead", [0, -1, 91])
def test_a_date_behind_or_too_far_ahead_is_refused(clinic, ahead):
    key = clinic.injected("2025-01-06")
    before = everything(clinic.ledger)
    with pytest.raises(BadInput, match="--again"):
        clinic.contact(key, "no-answer", again=Duration(ahead))
    assert everything(clinic.ledger) == before


def test_until_then_the_episode_is_off_the_list_and_then_on_it(clinic):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-09")
    clinic.contact(key, "no-answer")
    assert listed(clinic) == ([], 1)
    clinic.at("2025-01-12")
    assert listed(clinic) == ([], 1)
    clinic.at("2025-01-13")
    assert listed(clinic) == ([(str(key), "INJ-DIARY", None)], 0)


@pytest.mark.complaint(16)
def test_an_attempt_never_moves_a_stage_and_no_due_date(clinic):
    key = clinic.injected("2025-01-06")
    before = [line.due for line in clinic.contact(key, "reached").due]
    clinic.at("2025-01-09")
    after = clinic.contact(key, "no-answer")
    assert [line.due for line in after.due] == before
    assert after.episode.stage == "injection"


# --- after three of them


def test_after_three_attempts_it_stands_in_band_urgent_although_put_off(clinic):
    key = clinic.injected("2025-01-06")
    for day in ("2025-01-08", "2025-01-15", "2025-01-22"):
        clinic.at(day)
        clinic.contact(key, "no-answer")
    rows, _ = listed(clinic)
    assert rows == [(str(key), "no-answer", "no-answer")]
    [row] = worklist.who_waits(clinic.ledger).rows
    assert (row.tries, row.band) == (3, "!")
    clinic.record(key, "diary", readings=("1h=2",), about=2)
    clinic.at("2025-01-27")
    assert listed(clinic)[0] == [(str(key), "INJ-CHECK", None)]


# --- what stops every reminder


@pytest.mark.parametrize("outcome", ["declined", "moved"])
def test_one_line_is_left_until_somebody_finishes_or_clears_it(clinic, outcome):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-09")
    clinic.contact(key, outcome)
    assert listed(clinic)[0] == [(str(key), outcome, outcome)]
    clinic.contact(key, "reached")
    assert listed(clinic)[0][0][1] == "INJ-DIARY"
    assert codes_of(clinic.ledger) == set()


def test_a_death_is_written_to_every_open_episode_of_the_patient(clinic):
    clinic.at("2025-01-06")
    patient = clinic.enrolled()
    keys = [clinic.opened(patient, side) for side in (Side.LEFT, Side.RIGHT)]
    clinic.contact(keys[0], "deceased")
    assert listed(clinic)[0] == [(str(key), "deceased", "deceased") for key in keys]
    undo.undo(clinic.ledger, RIVERA, None)
    assert listed(clinic)[0] == []
    assert codes_of(clinic.ledger) == set()


# --- putting off


def test_a_snooze_hides_it_and_today_brings_it_back(clinic):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-09")
    done = put_off(clinic, key, Duration(7), reason="waiting-for-result")
    assert done.entry.payload["reason"] == "waiting-for-result"
    assert listed(clinic) == ([], 1)
    put_off(clinic, key, dt.date(2025, 1, 9))
    assert listed(clinic) == ([(str(key), "INJ-DIARY", None)], 0)


def test_a_snooze_can_be_undone(clinic):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-09")
    put_off(clinic, key, Duration(7))
    undo.undo(clinic.ledger, RIVERA, None)
    assert listed(clinic)[1] == 0
    assert codes_of(clinic.ledger) == set()


def test_a_hold_past_its_review_is_never_hidden(clinic):
    from sitrack.coordination.parking import change_status
    from sitrack.journey import parking

    key = clinic.injected("2025-01-06")
    review = dt.date(2025, 1, 20)
    change_status(
        clinic.ledger,
        RIVERA,
        key,
        lambda asked: parking.hold(asked, "pregnancy", review),
    )
    clinic.at("2025-01-20")
    assert listed(clinic)[0] == [(str(key), "HOLD-REVIEW", None)]
    clinic.at("2025-01-21")
    assert listed(clinic)[0] == [(str(key), "hold-past-review", "hold-past-review")]
    with pytest.raises(Refused, match="put off"):
        put_off(clinic, key, Duration(7))


@pytest.mark.parametrize("until", [Duration(-1), Duration(91), dt.date(2024, 1, 1)])
def test_a_snooze_into_the_past_or_for_ever_is_refused(clinic, until):
    key = clinic.injected("2025-01-06")
    before = everything(clinic.ledger)
    with pytest.raises(BadInput, match="days ahead"):
        put_off(clinic, key, until)
    assert everything(clinic.ledger) == before
