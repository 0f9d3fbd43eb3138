"""A round: due, claimed, sent, written down; never twice, never for nothing."""

import datetime as dt
import json
from collections import Counter

import pytest

from sitrack.errors import Unavailable
from sitrack.pathway.loading import load, shipped_text
from sitrack.record import library
from sitrack.record.journal import writing
from sitrack.reminders.channels import PermanentFailure
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.plan import plan_round
from sitrack.reminders.round import run_round
from tests.clinic import Clinic, codes_of, everything
from tests.reminders.conftest import Memory

from .outbox import (
    SENT,
    days,
    failing,
    lines_of,
    one_by_one,
    outcomes,
    rows_of,
    two_due,
)

# --- due, on the right day and in the right hours


def test_a_reminder_leaves_on_its_due_day_and_not_before(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-06", "17:59")
    assert outcomes(go()) == []
    clinic.at("2025-01-07")
    assert outcomes(go()) == SENT


def test_the_due_day_begins_and_the_message_leaves_by_the_clinics_clock(clinic, go):
    clinic.injected("2025-06-02")
    clinic.at("2025-06-02", "23:59")
    assert outcomes(go()) == []
    clinic.at("2025-06-03", "00:00")  # still the second in UTC
    [fired] = go().happenings
    assert (fired.outcome, fired.due) == ("fired", dt.date(2025, 6, 3))
    assert fired.at == dt.datetime(2025, 6, 3, 7, tzinfo=dt.UTC)
    clinic.at("2025-06-03", "07:59")
    assert outcomes(go()) == []
    clinic.at("2025-06-03", "08:00")
    assert outcomes(go()) == SENT[1:]


def test_what_is_due_on_a_sunday_leaves_on_monday_at_eight(clinic, go, settings):
    clinic.injected("2025-01-11")
    clinic.at("2025-01-12", "10:00")
    monday = dt.datetime(2025, 1, 13, 8, tzinfo=dt.UTC)
    [planned] = plan_round(clinic.ledger, settings, "file")
    assert planned.at == monday
    [fired] = go().happenings
    assert (fired.outcome, fired.due, fired.at) == (
        "fired",
        dt.date(2025, 1, 12),
        monday,
    )
    for day, time in (("2025-01-12", "17:00"), ("2025-01-13", "07:59")):
        clinic.at(day, time)
        assert outcomes(go()) == []
    clinic.at("2025-01-13", "08:00")
    assert outcomes(go()) == SENT[1:]


def test_nothing_leaves_in_the_evening(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07", "18:00")
    [fired] = go().happenings
    assert fired.at == dt.datetime(2025, 1, 8, 8, tzinfo=dt.UTC)


def test_a_long_absence_loses_nothing(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-03-05")
    channel = Memory()
    report = go(channel)
    assert {each.rule for each in report.happenings} == {
        "INJ-DIARY",
        "INJ-CHECK",
        "INJ-TRIAL",
        "INJ-ESC",
    }
    assert report.count("sent") == len(channel.sent) == 4
    dues = [each.due for each in report.happenings if each.outcome == "sent"]
    assert dues == sorted(dues)


# --- never twice


@pytest.mark.complaint(1)
def test_a_hundred_rounds_send_once(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    channel = Memory()
    for _ in range(100):
        go(channel)
    assert len(channel.sent) == 1
    assert [row.status for row in rows_of(clinic.ledger)] == ["done"]
    assert [line[:2] for line in lines_of(clinic.ledger)] == [
        (1, "claimed"),
        (1, "sent"),
    ]


def sent_from(clinic, go, first, last, rule):
    """Which steps of a rule were sent, each with its day."""
    sent = []
    for day in days(first, last):
        clinic.at(day)
        sent += [
            (each.step, day)
            for each in go().happenings
            if (each.rule, each.outcome) == (rule, "sent")
        ]
    return sent


def test_an_unanswered_notice_to_staff_is_repeated_once_after_seven_days(clinic, go):
    clinic.opened()
    sent = sent_from(clinic, go, "2025-01-06", "2025-03-14", "INJ-SCHED")
    assert sent == [("notice", "2025-01-20"), ("repeat", "2025-01-27")]


def test_where_the_patient_is_waited_for_the_ladder_asks_for_three_attempts(clinic, go):
    clinic.injected("2025-01-06")
    sent = sent_from(clinic, go, "2025-01-06", "2025-03-14", "INJ-DIARY")
    assert sent == [
        ("notice", "2025-01-07"),
        ("contact-1", "2025-01-14"),
        ("contact-2", "2025-01-28"),
        ("contact-3", "2025-02-06"),
    ]


def test_an_answered_notice_is_not_repeated(clinic, go):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    go()
    clinic.record(key, "diary", readings=("1h=2",), about=2)
    clinic.at("2025-01-14")
    assert outcomes(go()) == []


def test_a_notice_that_is_late_is_not_repeated_at_once(clinic, go):
    clinic.at("2025-02-03")
    key = clinic.opened(on=dt.date(2025, 1, 6))
    clinic.record(
        key,
        "injection",
        occurred=dt.date(2025, 1, 6),
        guidance="fluoroscopy",
        contrast="in-joint",
        nrs="8",
    )
    assert go().count("sent") == 2  # the diary of 7 January, the score of the 20th
    for day in ("2025-02-03", "2025-02-07"):
        clinic.at(day)
        assert outcomes(go()) == []
    clinic.at("2025-02-10")
    steps = {(each.rule, each.step) for each in go().happenings}
    assert steps == {("INJ-DIARY", "contact-1")}


def test_the_steps_are_those_of_the_protocol_that_the_episode_began_under(clinic, go):
    clinic.at("2025-01-06")
    before = clinic.opened()
    sooner = shipped_text().replace("repeat = { days = 7,", "repeat = { days = 3,")
    clinic.at("2025-01-06", "10:00")
    with writing(clinic.ledger) as work:
        library.adopt(work, load(sooner), work.now)
    after = clinic.opened()
    sent = {}
    for day in days("2025-01-07", "2025-01-28"):
        clinic.at(day)
        for each in go().happenings:
            if (each.step, each.outcome) == ("repeat", "sent"):
                sent[each.episode] = day
    assert sent == {str(before): "2025-01-27", str(after): "2025-01-23"}


# --- what it says, and to whom


def test_a_message_holds_the_key_and_the_day_and_no_person(clinic, go, tmp_path):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    go(FileChannel(tmp_path / "out.jsonl"))
    [line] = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert line["to"] == "rivera@clinic.example"
    assert line["subject"] == f"sitrack: {key} needs attention, due 2025-01-07"
    assert "Mary" not in str(line)
    assert "King" not in str(line)
    [row] = rows_of(clinic.ledger)
    assert lines_of(clinic.ledger, row.id)[-1] == (1, "sent", line["key"])


def test_an_escalation_goes_to_the_lead(clinic, tmp_path):
    clinic.injected("2025-01-06")
    clinic.at("2025-03-05")
    channel = Memory()
    told = one_by_one(tmp_path, **{"clinic.lead_address": "lead@clinic.example"})
    report = run_round(clinic.ledger, told, channel)
    by_rule = {e.rule: e.recipient for e in report.happenings}
    assert by_rule["INJ-ESC"] == "lead"
    assert Counter(each.recipient_address for each in channel.sent) == {
        "rivera@clinic.example": 3,
        "lead@clinic.example": 1,
    }


def test_without_a_coordinators_address_the_clinic_stands_in(ledger, settings):
    clinic = Clinic(ledger, email=None)
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    channel = Memory()
    channel.name = "email"
    report = run_round(ledger, settings, channel)
    assert {each.recipient for each in report.happenings} == {"clinic"}
    assert [each.recipient_address for each in channel.sent] == ["desk@clinic.example"]


def test_email_without_an_address_of_the_clinic_is_refused(clinic, tmp_path):
    nowhere = one_by_one(tmp_path, **{"clinic.address": None})
    channel = Memory()
    channel.name = "email"
    before = everything(clinic.ledger)
    with pytest.raises(Unavailable, match="nowhere"):
        run_round(clinic.ledger, nowhere, channel)
    assert everything(clinic.ledger) == before


# --- what a round leaves alone


NOT_OF_A_ROUND = ("entry", "payload", "stream", "episode", "stage_span", "patient")


def test_a_round_writes_no_entry_and_no_standing(clinic, go):
    clinic.injected("2025-01-06")
    before = everything(clinic.ledger)
    clinic.at("2025-03-05")
    go()
    go(failing(PermanentFailure("smtp-550")))
    after = everything(clinic.ledger)
    assert {name: after[name] for name in NOT_OF_A_ROUND} == {
        name: before[name] for name in NOT_OF_A_ROUND
    }
    assert after["reminder"] != before["reminder"]
    assert codes_of(clinic.ledger) == set()


def test_a_round_with_nothing_due_writes_nothing(clinic, go):
    clinic.injected("2025-01-06")
    before = everything(clinic.ledger)
    go()
    assert everything(clinic.ledger) == before


def test_each_happening_is_told_while_the_round_goes_on(clinic, settings):
    two_due(clinic)
    told = []
    report = run_round(clinic.ledger, settings, Memory(), told.append)
    assert told == [each for each in report.happenings if each.outcome == "sent"]
    assert len(told) == 2
