"""Whether reminders and calls bring people back, as the record tells it."""

import datetime as dt

import pytest

from sitrack.coordination import consent
from sitrack.coordination.amendments import retract
from sitrack.coordination.page import Because
from sitrack.coordination.reports.asked import Asked
from sitrack.coordination.reports.reach import reach
from sitrack.errors import BadInput
from sitrack.reminders.round import run_round
from tests.clinic import RIVERA, Clinic, everything, settings_of
from tests.reminders.conftest import Memory


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


@pytest.fixture
def remind(clinic, tmp_path):
    def remind():
        channels = Memory(), Memory(name="webhook")
        settings = settings_of(tmp_path)
        run_round(clinic.ledger, settings, channels[0], for_patients=channels[1])

    return remind


def rows_of(clinic, by="way", **asked):
    found = reach(clinic.ledger, Asked(**asked), by)[2]
    return {row.name: (row.tries, row.returned, row.waiting) for row in found.rows}


STAFF = ("reminder", "staff", "file", "sent")
PATIENT = ("reminder", "patient", "webhook", "sent")


def test_reminders_and_calls_are_followed_to_the_evidence(clinic, remind):
    key, silent = clinic.injected(), clinic.injected()
    consent.give(clinic.ledger, RIVERA, key.patient, "sms", "+442079460018")
    clinic.at("2025-01-07")
    remind()  # both diaries are missing
    clinic.at("2025-01-09")
    clinic.contact(key, "reached")
    clinic.contact(silent, "no-answer")
    clinic.at("2025-01-10")
    clinic.record(key, "diary", readings=("1h=2",), occurred=dt.date(2025, 1, 10))
    clinic.at("2025-02-10")
    assert rows_of(clinic) == {
        STAFF: (2, 1, 0),
        PATIENT: (1, 1, 0),
        ("contact", "patient", "phone", "reached"): (1, 1, 0),
        ("contact", "patient", "phone", "no-answer"): (1, 0, 0),
    }
    assert rows_of(clinic, "week") == {("2025-01-06",): (5, 3, 0)}
    found = reach(clinic.ledger, Asked(), "way")[2]
    assert (found.episodes, found.returned, found.waiting) == (2, 1, 0)


def test_what_waits_for_the_staff_brings_nobody_back(clinic, remind):
    clinic.opened()
    clinic.at("2025-01-20")
    remind()  # nothing was booked yet: INJ-SCHED
    assert rows_of(clinic) == {}


def test_it_tells_of_a_day_behind_and_of_what_was_known_then(clinic, remind):
    key = clinic.injected()
    clinic.at("2025-01-07")
    remind()
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="3", occurred=dt.date(2025, 1, 9))
    assert rows_of(clinic) == {STAFF: (1, 1, 0)}
    assert rows_of(clinic, as_of=dt.date(2025, 1, 8)) == {STAFF: (1, 0, 1)}
    earlier = dt.datetime(2025, 1, 10, tzinfo=dt.UTC)
    assert rows_of(clinic, as_known=earlier) == {STAFF: (1, 0, 1)}
    assert rows_of(clinic, as_of=dt.date(2025, 1, 6)) == {}
    assert rows_of(clinic, since=dt.date(2025, 1, 8)) == {}


def test_a_filter_picks_whose_tries_are_counted(clinic):
    keys = [clinic.injected() for _ in range(2)]
    clinic.at("2025-01-08")
    for key, outcome in zip(keys, ("reached", "no-answer"), strict=True):
        clinic.contact(key, outcome)
    found = rows_of(clinic, fits=lambda row: row.episode == str(keys[0]))
    assert [name[-1] for name in found] == ["reached"]


def test_a_call_that_was_taken_back_was_none(clinic):
    key = clinic.injected()
    clinic.at("2025-01-08")
    written = clinic.contact(key, "reached")
    assert len(rows_of(clinic)) == 1
    retract(clinic.ledger, RIVERA, key, [written.entry.seq], Because("duplicate"))
    assert rows_of(clinic) == {}


def test_it_writes_nothing_and_refuses_a_span_that_ends_before_it_begins(clinic):
    before = everything(clinic.ledger)
    rows_of(clinic)
    with pytest.raises(BadInput, match="--since lies after"):
        rows_of(clinic, since=dt.date(2025, 1, 7))
    assert everything(clinic.ledger) == before
