"""What is due as another program's calendar reads it."""

import datetime as dt

import icalendar
import pytest

from sitrack.exchange import ics
from tests.clinic import Clinic
from tests.exchange.clinic_abroad import found_in, lived, names_of


def tasks_of(ledger):
    content = ics.calendar(found_in(ledger, names_of(ledger)), ledger.ledger_id)
    assert content == ics.calendar(found_in(ledger, names_of(ledger)), ledger.ledger_id)
    return {
        str(each["UID"]): each for each in icalendar.Calendar.from_ical(content).todos
    }


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def test_every_line_of_the_agenda_is_a_task_on_its_day(ledger, tmp_path):
    lived(ledger, tmp_path)
    open_tasks = [
        (str(each["SUMMARY"]), each.decoded("DUE"))
        for each in tasks_of(ledger).values()
        if each["STATUS"] == "NEEDS-ACTION"
    ]
    expected = [
        (f"sitrack: {journey.name} needs attention, due {line.due}", line.due)
        for journey in found_in(ledger, names_of(ledger))
        for line in journey.due
    ]
    assert sorted(open_tasks) == sorted(expected)
    assert expected


def test_a_task_keeps_its_name_and_says_that_it_changed(clinic):
    clinic.injected("2025-01-06")
    key = clinic.injected("2025-01-06")
    before = tasks_of(clinic.ledger)
    clinic.at("2025-01-07")
    clinic.record(key, "score", nrs="7")
    after = tasks_of(clinic.ledger)
    assert before.keys() == after.keys()
    changed = {uid for uid in after if after[uid]["SEQUENCE"] > before[uid]["SEQUENCE"]}
    assert changed == {uid for uid in after if str(key).lower() in uid}


def test_what_was_reminded_of_and_answered_is_completed(ledger, tmp_path):
    lives = lived(ledger, tmp_path, acts=40, seed=3)
    tasks = tasks_of(ledger).values()
    over = [each for each in tasks if each["STATUS"] != "NEEDS-ACTION"]
    assert {str(each["STATUS"]) for each in over} <= {"COMPLETED", "CANCELLED"}
    assert all(each.decoded("DUE") <= lives.today for each in over)


def test_a_task_says_a_key_and_a_day_and_nothing_else(clinic):
    clinic.injected("2025-01-06")
    for task in tasks_of(clinic.ledger).values():
        assert str(task["CLASS"]) == "CONFIDENTIAL"
        assert set(task) == {
            *("UID", "DTSTAMP", "DUE", "SEQUENCE", "STATUS", "CLASS", "SUMMARY"),
        }
        due = task.decoded("DUE")
        assert isinstance(due, dt.date)
        assert task["SUMMARY"] == f"sitrack: P00013-R needs attention, due {due}"
