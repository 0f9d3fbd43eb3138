"""What fails is tried again or given up, and holds nothing else back."""

import datetime as dt
import json

import pytest
from sqlalchemy import update

from sitrack.pathway.calendar import Calendar
from sitrack.record import tables
from sitrack.record.journal import writing
from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.plan import plan_round
from sitrack.reminders.round import run_round
from sitrack.reminders.windows import send_window
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

# --- failures


@pytest.mark.complaint(7)
def test_a_temporary_failure_is_tried_again_after_a_while(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07", "09:00")
    channel = failing(TemporaryFailure("time-out"), times=1)
    [_, failed] = go(channel).happenings
    assert (failed.outcome, failed.reason) == ("failed", "time-out")
    [row] = rows_of(clinic.ledger)
    assert (row.status, row.attempts, row.last_error) == ("open", 1, "time-out")
    wait = row.next_at - clinic.ledger.clock()
    assert 5 * 60 * 0.75 <= wait.total_seconds() <= 5 * 60 * 1.25
    clinic.at("2025-01-07", "09:03")
    assert outcomes(go(channel)) == []
    clinic.at("2025-01-07", "09:07")
    assert outcomes(go(channel)) == SENT[1:]
    assert lines_of(clinic.ledger)[1:3] == [
        (1, "failed", "time-out"),
        (2, "claimed", None),
    ]
    [row] = rows_of(clinic.ledger)
    assert (row.status, row.attempts) == ("done", 2)


@pytest.mark.complaint(7)
def test_a_permanent_failure_is_given_up_at_once(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    report = go(failing(PermanentFailure("smtp-550")))
    assert outcomes(report)[1:] == [("INJ-DIARY", "notice", "dead")]
    [row] = rows_of(clinic.ledger)
    assert (row.status, row.attempts, row.last_error) == ("dead", 1, "smtp-550")
    assert lines_of(clinic.ledger)[1:] == [(1, "gave-up", "smtp-550")]
    clinic.at("2025-01-10")
    assert outcomes(go()) == []


def test_what_is_not_the_messages_fault_is_tried_until_it_is_mended(
    clinic, go, settings
):
    clinic.injected("2025-01-06")
    window = send_window(settings, clinic.ledger.zone, Calendar())
    channel = failing(TemporaryFailure("unreachable"), times=30)
    seen = []
    for day in days("2025-01-07", "2025-01-13"):
        for time in ("08:00", "14:00"):
            clinic.at(day, time)
            seen += outcomes(go(channel), "failed", "dead")
            latest = clinic.ledger.clock() + dt.timedelta(hours=6)
            for row in rows_of(clinic.ledger, status="open"):
                assert row.next_at <= window.next_open(latest)
    assert len(seen) == 10
    assert {outcome for _, _, outcome in seen} == {"failed"}
    go(failing(RuntimeError(), times=1))
    clinic.at("2025-01-14", "08:00")
    go()
    notice, _ = rows_of(clinic.ledger)
    assert (notice.status, notice.attempts) == ("done", 11)


@pytest.mark.parametrize("fault", [RuntimeError("Mary King"), KeyError("Mary King")])
def test_a_row_that_breaks_the_channel_does_not_stop_the_others(clinic, go, fault):
    poison, healthy = two_due(clinic)

    def choke(message):
        if str(poison) in message.subject:
            raise fault

    channel = Memory(choke)
    report = go(channel)
    assert [each.subject.split()[1] for each in channel.sent] == [str(healthy)]
    assert (report.count("sent"), report.count("failed")) == (1, 1)
    [row] = rows_of(clinic.ledger, episode=str(poison))
    assert row.status == "open"
    assert row.last_error == f"fault-{type(fault).__name__.lower()}"
    assert "King" not in str([rows_of(clinic.ledger), lines_of(clinic.ledger)])


def spoil_the_address(ledger):
    with writing(ledger) as work:
        bad = "a@b.example,c@d.example"
        work.connection.execute(update(tables.staff).values(email=bad))


def test_where_an_address_is_refused_the_clinic_stands_in(clinic, go, tmp_path):
    clinic.injected("2025-01-06")
    spoil_the_address(clinic.ledger)
    clinic.at("2025-01-07")
    assert outcomes(go(FileChannel(tmp_path / "out.jsonl"))) == SENT
    [line] = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert line["to"] == "desk@clinic.example"
    assert [line[:2] for line in lines_of(clinic.ledger)] == [
        (1, "claimed"),
        (1, "sent"),
    ]


def test_where_no_address_is_left_the_row_is_given_up(clinic, go, tmp_path):
    """The real channel says so; the row names the reason and not the address."""
    clinic.injected("2025-01-06")
    spoil_the_address(clinic.ledger)
    clinic.at("2025-01-07")
    nowhere = one_by_one(tmp_path, **{"clinic.address": None})
    report = go(FileChannel(tmp_path / "out.jsonl"), settings=nowhere)
    assert report.count("dead") == 1
    assert [row.last_error for row in rows_of(clinic.ledger)] == ["address-refused"]
    assert (tmp_path / "out.jsonl").read_text() == ""


def test_each_address_is_tried_once_and_a_failure_on_the_way_waits(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    tried, answers = [], [PermanentFailure("smtp-550"), TemporaryFailure("smtp-450")]

    def refuse(message):
        tried.append(message.recipient_address)
        if answers:
            raise answers.pop(0)
        raise PermanentFailure(f"smtp-55{len(tried)}")

    assert go(Memory(refuse)).count("failed") == 1
    clinic.at("2025-01-07", "15:00")
    [dead] = go(Memory(refuse)).happenings
    assert (dead.outcome, dead.reason) == ("dead", "smtp-553")
    assert tried == ["rivera@clinic.example", "desk@clinic.example"] * 2


# --- a round keeps to its channel, its hours and its end


def test_a_round_takes_only_what_goes_through_its_own_channel(clinic, go, settings):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07", "06:00")
    by_mail = Memory()
    by_mail.name = "email"
    go(by_mail)
    clinic.at("2025-01-07", "09:00")
    assert outcomes(go()) == []
    [row] = rows_of(clinic.ledger)
    assert (row.status, row.attempts, row.channel) == ("open", 0, "email")
    [planned] = plan_round(clinic.ledger, settings, "file")
    assert (planned.channel, planned.outcome) == ("email", "planned")
    assert outcomes(go(by_mail)) == SENT[1:]


def released(ledger):
    """The rows that a round gave back: (attempts, whether they are held)."""
    return [
        (row.attempts, row.leased_until is not None)
        for row in rows_of(ledger, status="open")
    ]


def test_what_failed_a_moment_ago_waits_for_the_next_round(clinic, go):
    two_due(clinic)
    later = iter(["2025-01-07T10:00", "2025-01-07T11:00"])

    def slow_and_failing(message):
        clinic.at(*next(later).split("T"))
        raise TemporaryFailure("time-out")

    assert go(Memory(slow_and_failing)).count("failed") == 2
    clinic.at("2025-01-07", "12:00")
    assert go().count("sent") == 2


@pytest.mark.parametrize(("fails", "outcome"), [(False, "sent"), (True, "failed")])
def test_when_the_window_closes_the_rest_is_given_back(clinic, go, fails, outcome):
    for _ in range(3):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07", "17:59")

    def slow(message):
        clinic.at("2025-01-07", "18:01")
        if fails:
            raise TemporaryFailure("time-out")

    assert go(Memory(slow)).count(outcome) == 1
    assert released(clinic.ledger)[-2:] == [(1, False)] * 2
    clinic.at("2025-01-08", "08:00")
    assert go().count("sent") == 2 + fails


def test_a_round_that_is_asked_to_stop_ends_after_the_row_in_hand(clinic, settings):
    for _ in range(3):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    channel = Memory()
    report = run_round(
        clinic.ledger, settings, channel, stopping=lambda: len(channel.sent) == 1
    )
    assert report.count("sent") == len(channel.sent) == 1
    assert released(clinic.ledger) == [(1, False)] * 2
    assert run_round(clinic.ledger, settings, channel).count("sent") == 2
