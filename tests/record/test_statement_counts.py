"""How many statements each write sends: recorded here, so that none comes unseen.

On a server each is a journey over the network, and the time of a write is their number
more than anything else. One that writes several rows counts once. PostgreSQL begins
unseen, and takes a lock where SQLite holds one already.
"""

import datetime as dt
import itertools

import pytest

from sitrack.coordination.parking import change_status
from sitrack.journey import parking
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round
from tests.clinic import RIVERA, Clinic, settings_of
from tests.reminders.conftest import Memory

from .plans import counted


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def _advance(clinic):
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="7")
    return lambda: clinic.advance(key, "re-evaluation")


def _score(clinic):
    key = clinic.injected("2025-01-06")
    return lambda: clinic.record(key, "score", nrs="7")


def _contact(clinic):
    key = clinic.injected("2025-01-06")
    return lambda: clinic.contact(key, "no-answer")


def _hold(clinic):
    key, review = clinic.injected("2025-01-06"), dt.date(2025, 1, 20)

    def held(asked):
        return parking.hold(asked, "patient-request", review)

    return lambda: change_status(clinic.ledger, RIVERA, key, held)


def _open(clinic):
    patient = clinic.enrolled()
    return lambda: clinic.opened(patient)


def _round(clinic, folder):
    clinic.injected("2025-01-06")
    told = settings_of(folder)
    channel = FileChannel(folder / "sent.jsonl")
    run_round(clinic.ledger, told, channel)
    return lambda: run_round(clinic.ledger, told, channel)


WRITES = {
    "enrol": (lambda clinic: clinic.enrolled, 7, 5),
    "open": (_open, 17, 14),
    "advance": (_advance, 14, 14),
    "record score": (_score, 8, 8),
    "contact": (_contact, 9, 10),
    "hold": (_hold, 11, 11),
}
"""By what is written: how it is made ready, and its statements on SQLite and PostgreSQL."""


@pytest.mark.parametrize("what", WRITES)
def test_a_write_sends_as_many_statements_as_are_recorded(clinic, what):
    ready, on_sqlite, on_postgresql = WRITES[what]
    act = ready(clinic)
    with counted() as statements:
        act()
    recorded = on_postgresql if clinic.ledger.on_postgres else on_sqlite
    assert len(statements) == recorded, "\n".join(statements)


def test_an_idle_round_sends_no_more_statements_than_are_recorded(clinic, tmp_path):
    act = _round(clinic, tmp_path)
    with counted() as statements:
        act()
    recorded = 7 if clinic.ledger.on_postgres else 10
    assert len(statements) <= recorded, "\n".join(statements)


def test_a_message_sends_no_more_statements_than_are_recorded(clinic, tmp_path):
    """A look, which needs no transaction; and then the row, the line that says so, and
    the message. PostgreSQL begins unseen.
    """
    for _ in range(5):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    alone = {"reminders.digest": False, "reminders.most_per_person": 1000}
    sent_after = []
    with counted() as statements:
        channel = Memory(lambda _: sent_after.append(len(statements)))
        run_round(clinic.ledger, settings_of(tmp_path, **alone), channel)
    each = [later - first for first, later in itertools.pairwise(sent_after)]
    recorded = 4 if clinic.ledger.on_postgres else 5
    assert each == [recorded] * 4, "\n".join(statements)
    # A plan from when hardly anything was sent would read every message whole.
    planned_anew = statements[: sent_after[0]].count("DISCARD PLANS")
    assert planned_anew == int(clinic.ledger.on_postgres)


def test_a_longer_history_takes_no_more_statements(clinic):
    key = clinic.walked()
    with counted() as first:
        clinic.record(key, "score", nrs="7")
    for _ in range(10):
        clinic.record(key, "note", text="A note.")
    with counted() as later:
        clinic.record(key, "score", nrs="6")
    assert len(later) == len(first)
