"""A round: due, claimed, sent, written down; never twice, never for nothing."""

import datetime as dt
import json
import threading
from collections import Counter
from contextlib import closing

import pytest
from sqlalchemy import insert, select, update

from sitrack.errors import Unavailable
from sitrack.pathway.calendar import Calendar
from sitrack.pathway.loading import load, shipped_text
from sitrack.record import attempts, backlog, dispatch, library, outbox, tables
from sitrack.record.attempts import Word
from sitrack.record.dispatch import Claim
from sitrack.record.journal import open_ledger, reading, writing
from sitrack.reminders import desk
from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.plan import plan_round
from sitrack.reminders.round import run_round
from sitrack.reminders.windows import send_window
from tests.clinic import RIVERA, Clinic, codes_of, everything, settings_of

SECOND = dt.timedelta(seconds=1)


class Memory:
    """A channel that keeps what it was given, or does something else on the way."""

    name = "file"
    longest_send = 30.0

    def __init__(self, on_send=lambda message: None):
        self.sent = []
        self._on_send = on_send

    def send(self, message):
        self._on_send(message)
        self.sent.append(message)
        return message.key

    def close(self):
        """There is nothing to let go of."""


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


@pytest.fixture
def settings(tmp_path):
    return one_by_one(tmp_path)


def one_by_one(tmp_path, **flags):
    """Settings of a clinic where each reminder is a message of its own."""
    told = {"reminders.digest": False, "reminders.most_per_person": 1000}
    return settings_of(tmp_path, **{**told, **flags})


@pytest.fixture
def go(clinic, settings):
    """Run a round through a channel, and return its report."""

    def go(channel=None, ledger=clinic.ledger, settings=settings):
        return run_round(ledger, settings, channel or Memory())

    return go


def rows_of(ledger, **wanted):
    """The rows of the outbox, by id."""
    table = tables.reminder
    query = select(table).order_by(table.c.id).filter_by(**wanted)
    with reading(ledger) as connection:
        return connection.execute(query).all()


def lines_of(ledger, row=None):
    """The delivery lines, as (attempt, event, detail), in the order of attempts."""
    table = tables.delivery
    query = select(table.c.attempt, table.c.event, table.c.detail)
    if row is not None:
        query = query.where(table.c.reminder == row)
    with reading(ledger) as connection:
        lines = map(tuple, connection.execute(query.order_by(table.c.attempt)))
        return sorted(lines, key=lambda line: (line[0], line[1] != "claimed"))


def outcomes(report, *wanted):
    return [
        (each.rule, each.step, each.outcome)
        for each in report.happenings
        if not wanted or each.outcome in wanted
    ]


SENT = [("INJ-DIARY", "notice", "fired"), ("INJ-DIARY", "notice", "sent")]


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


def days(first, last):
    """Every day from the first to the last, as text."""
    first, last = map(dt.date.fromisoformat, (first, last))
    for number in range((last - first).days + 1):
        yield str(first + dt.timedelta(days=number))


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


# --- no reminder for what is over


def two_due(clinic):
    """Two episodes whose diaries are due on 7 January, in the order of their rows."""
    keys = [clinic.injected("2025-01-06") for _ in range(2)]
    clinic.at("2025-01-07")
    return keys


@pytest.mark.parametrize("how", ["answered", "stage left"])
def test_what_ends_between_claim_and_send_is_not_sent(clinic, go, how):
    first, second = two_due(clinic)

    def end_the_second(message):
        if how == "answered":
            clinic.record(second, "diary", readings=("1h=2",), about=2)
        else:
            clinic.record(second, "score", nrs="7")
            clinic.record(second, "diary", readings=("1h=6",), about=2)
            clinic.at("2025-01-20")
            clinic.record(second, "score", nrs="8")
            clinic.advance(second, "re-evaluation")

    channel = Memory(end_the_second)
    report = go(channel)
    assert len(channel.sent) == 1
    assert str(first) in channel.sent[0].subject
    assert outcomes(report, "suppressed") == [("INJ-DIARY", "notice", "suppressed")]
    [row] = rows_of(clinic.ledger, episode=str(second))
    assert row.status == "cancelled"
    assert [line[:2] for line in lines_of(clinic.ledger, row.id)] == [
        (1, "claimed"),
        (1, "suppressed"),
    ]


def test_what_ends_before_the_window_opens_is_never_claimed(clinic, go):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07", "06:00")
    go()
    clinic.record(key, "diary", readings=("1h=2",), about=2)
    clinic.at("2025-01-07", "09:00")
    assert outcomes(go()) == []
    [row] = rows_of(clinic.ledger)
    assert (row.status, row.attempts) == ("cancelled", 0)


def test_what_was_sent_while_it_ended_is_written_down_as_sent(clinic, go):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")

    def answer(message):
        clinic.record(key, "diary", readings=("1h=2",), about=2)

    report = go(Memory(answer))
    assert report.count("sent") == 1
    [row] = rows_of(clinic.ledger)
    assert row.status == "done"


# --- rows that come back


def step_of(ledger, today="2025-01-07"):
    with reading(ledger) as connection:
        [step] = outbox.steps_due(connection, dt.date.fromisoformat(today), 10)
    return step


def make(ledger, step, channel="file"):
    with writing(ledger) as work:
        return outbox.make_row(work.connection, step, "rivera", channel, work.now)


def set_status(ledger, status):
    with writing(ledger) as work:
        values = {"status": status, "leased_until": None}
        work.connection.execute(update(tables.reminder).values(values))


def test_a_cancelled_row_opens_again_by_the_same_key(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    step = step_of(clinic.ledger)
    assert make(clinic.ledger, step)
    assert not make(clinic.ledger, step)
    set_status(clinic.ledger, "cancelled")
    assert make(clinic.ledger, step)
    [row] = rows_of(clinic.ledger)
    assert row.status == "open"
    channel = Memory()
    assert go(channel).count("sent") == 1


@pytest.mark.parametrize("status", ["done", "dead", "open"])
def test_a_row_that_was_sent_or_given_up_never_opens_again(clinic, status):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    step = step_of(clinic.ledger)
    make(clinic.ledger, step)
    set_status(clinic.ledger, status)
    assert not make(clinic.ledger, step)
    assert [row.status for row in rows_of(clinic.ledger)] == [status]


def test_the_same_reminder_on_another_channel_is_another_row(clinic):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    step = step_of(clinic.ledger)
    assert make(clinic.ledger, step, "file")
    assert make(clinic.ledger, step, "email")
    assert len(rows_of(clinic.ledger)) == 2


# --- failures


def failing(failure, times=10**6):
    """A channel that fails so many times, then works."""
    left = iter(range(times))

    def fail(message):
        if next(left, None) is not None:
            raise failure

    return Memory(fail)


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


# --- the fence


def asked(work, real_now, worker="w", limit=10, lease=60):
    return Claim(
        channel="file",
        due_by=work.now,
        now=work.now,
        today=work.today,
        real_now=real_now,
        lease=dt.timedelta(seconds=lease),
        worker=worker,
        limit=limit,
    )


def claim(ledger, real_now, *more, **options):
    with writing(ledger) as work:
        wanted = asked(work, real_now, *more, **options)
        return dispatch.claim_alone(work.connection, wanted)


@pytest.fixture
def waiting(clinic):
    """A ledger with one row that waits to be claimed."""
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    assert make(clinic.ledger, step_of(clinic.ledger))
    return clinic.ledger


NOON = dt.datetime(2025, 1, 7, 12, tzinfo=dt.UTC)


def acknowledged(ledger, row, act=attempts.acknowledge):
    with writing(ledger) as work:
        return bool(act(work.connection, [row], Word("w", work.now, "word")))


def test_a_claimed_row_is_left_alone_until_its_lease_has_run_out(waiting):
    [first] = claim(waiting, NOON, lease=60)
    assert claim(waiting, NOON + 59 * SECOND) == []
    [second] = claim(waiting, NOON + 60 * SECOND)
    assert (second.id, first.attempt, second.attempt) == (first.id, 1, 2)


@pytest.mark.parametrize(
    "late_word", [attempts.acknowledge, attempts.give_up, attempts.suppress]
)
def test_a_worker_that_lost_its_lease_cannot_speak_any_more(waiting, late_word):
    [first] = claim(waiting, NOON, "one")
    [second] = claim(waiting, NOON + 60 * SECOND, "two")
    assert not acknowledged(waiting, first, late_word)
    assert acknowledged(waiting, second)
    assert not acknowledged(waiting, first, late_word)
    events = [(attempt, event) for attempt, event, _ in lines_of(waiting)]
    assert events == [(1, "claimed"), (2, "claimed"), (2, "sent")]


def test_a_failure_of_a_worker_that_lost_its_lease_is_not_written(waiting):
    [first] = claim(waiting, NOON)
    claim(waiting, NOON + 60 * SECOND)
    with writing(waiting) as work:
        later = work.now + dt.timedelta(days=1)
        word = Word("w", work.now, "x")
        assert not attempts.postpone(work.connection, [first], word, later)
    [row] = rows_of(waiting)
    assert (row.last_error, row.attempts) == (None, 2)


def test_a_late_word_counts_where_nobody_else_took_the_row(waiting):
    [row] = claim(waiting, NOON, lease=1)
    assert acknowledged(waiting, row)
    assert not acknowledged(waiting, row)


def test_a_row_that_came_back_belongs_to_the_next_attempt(waiting):
    """Cancelled and opened again while a worker was still at it."""
    [row] = claim(waiting, NOON)
    set_status(waiting, "cancelled")
    assert make(waiting, step_of(waiting))
    assert not acknowledged(waiting, row)
    with reading(waiting) as connection:
        assert attempts.mine_until(connection, row) is None
    [again] = claim(waiting, NOON)
    assert again.attempt == 2
    assert acknowledged(waiting, again)


def test_at_most_one_line_says_that_a_row_was_sent(waiting):
    [row] = claim(waiting, NOON)
    assert acknowledged(waiting, row)
    from sitrack.errors import WrittenFirst

    with pytest.raises(WrittenFirst), writing(waiting) as work:
        work.connection.execute(
            insert(tables.delivery),
            {
                "reminder": row.id,
                "attempt": 2,
                "event": "sent",
                "at": "2025-01-07T12:00:00.000000Z",
                "worker": "w",
                "detail": None,
            },
        )


def test_a_round_that_was_overtaken_does_not_say_that_it_sent(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")

    def overtake(message):
        in_an_hour = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        claim(clinic.ledger, in_an_hour, "another")

    report = go(Memory(overtake))
    assert outcomes(report) == SENT[:1]
    [row] = rows_of(clinic.ledger)
    assert (row.status, row.attempts, row.worker) == ("open", 2, "another")


def test_a_batch_that_takes_longer_than_its_lease_is_kept(clinic, go, monkeypatch):
    for _ in range(5):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    real = [NOON]
    monkeypatch.setattr(desk, "real_instant", lambda connection: real[0])

    def slow(message):
        real[0] += 50 * SECOND  # of a lease of 120

    report = go(Memory(slow))
    assert report.count("sent") == 5
    assert {row.attempts for row in rows_of(clinic.ledger)} == {1}


def test_a_message_leaves_only_while_enough_of_the_lease_is_left(
    clinic, go, monkeypatch
):
    for _ in range(4):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    real, left = [NOON], []
    monkeypatch.setattr(desk, "real_instant", lambda connection: real[0])

    def slow(message):
        episode = message.subject.split()[1]
        [row] = rows_of(clinic.ledger, episode=episode)
        left.append((row.leased_until - real[0]) / SECOND)
        real[0] += 100 * SECOND

    assert go(Memory(slow)).count("sent") == 4
    assert left == [120, 120, 120, 120]


def test_a_short_lease_is_prolonged_to_the_longest_send(clinic, tmp_path, monkeypatch):
    for _ in range(2):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    real, left = [NOON], []
    monkeypatch.setattr(desk, "real_instant", lambda connection: real[0])

    def slow(message):
        [row] = rows_of(clinic.ledger, episode=message.subject.split()[1])
        left.append((row.leased_until - real[0]) / SECOND)
        real[0] += 89 * SECOND

    channel = Memory(slow)
    channel.longest_send = 90.0
    told = one_by_one(tmp_path, **{"reminders.lease": 5})
    assert run_round(clinic.ledger, told, channel).count("sent") == 2
    assert left == [90, 90]


# --- several workers


def many_due(clinic, number):
    """That many lines of one episode, due today."""
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    lines = tables.agenda
    with writing(clinic.ledger) as work:
        query = select(lines).where(
            lines.c.episode == str(key), lines.c.rule == "INJ-DIARY"
        )
        line = dict(work.connection.execute(query).mappings().one())
        more = [{**line, "occurrence": 1000 + each} for each in range(number - 1)]
        work.connection.execute(insert(lines), more)


@pytest.mark.complaint(8)
def test_four_workers_send_two_hundred_reminders_once_each(clinic, settings):
    many_due(clinic, 200)
    url = clinic.ledger.url.render_as_string(hide_password=False)
    channels, faults = [Memory() for _ in range(4)], []
    reports = []
    start = threading.Barrier(4)

    def work(channel):
        try:
            with closing(open_ledger(url)) as ledger:
                ledger.use_clock(clinic.ledger.clock)
                start.wait()
                reports.append(run_round(ledger, settings, channel))
        except BaseException as error:  # noqa: BLE001 - shown by the main thread
            faults.append(error)

    threads = [threading.Thread(target=work, args=(each,)) for each in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    rows = rows_of(clinic.ledger)
    assert Counter((row.status, row.attempts) for row in rows) == {("done", 1): 200}
    keys = [message.key for channel in channels for message in channel.sent]
    assert len(keys) == len(set(keys)) == 200
    events = Counter(event for _, event, _ in lines_of(clinic.ledger))
    assert events == {"claimed": 200, "sent": 200}
    assert sum(report.count("fired") for report in reports) == 200
    assert sum(report.count("sent") for report in reports) == 200


def test_the_oldest_are_claimed_first_and_no_more_than_asked_for(clinic):
    many_due(clinic, 6)
    with writing(clinic.ledger) as work:
        steps = outbox.steps_due(work.connection, dt.date(2025, 1, 7), 10)
        for number, step in enumerate(steps):
            at = work.now - number * SECOND
            outbox.make_row(work.connection, step, "rivera", "file", at)
    batches = [claim(clinic.ledger, NOON, limit=4) for _ in range(3)]
    assert [len(batch) for batch in batches] == [4, 2, 0]
    ids = [row.id for batch in batches for row in batch]
    assert ids == [row.id for row in reversed(rows_of(clinic.ledger))]


def test_two_workers_on_a_server_take_different_rows_without_waiting(
    postgresql_ledger,
):
    clinic = Clinic(postgresql_ledger)
    many_due(clinic, 3)
    with writing(postgresql_ledger) as work:
        for step in outbox.steps_due(work.connection, dt.date(2025, 1, 7), 10):
            outbox.make_row(work.connection, step, "rivera", "file", work.now)
    with writing(postgresql_ledger) as work:
        [one] = dispatch.claim_alone(work.connection, asked(work, NOON, limit=1))
        others = claim(postgresql_ledger, NOON)
    assert len({one.id, *(row.id for row in others)}) == 3
    assert {row.attempts for row in rows_of(postgresql_ledger)} == {1}


def test_lines_that_somebody_is_writing_to_are_left_for_the_next_round(
    postgresql_ledger, settings
):
    clinic = Clinic(postgresql_ledger)
    first, second = two_due(clinic)
    with writing(postgresql_ledger) as work:
        work.connection.execute(
            update(tables.agenda)
            .where(tables.agenda.c.episode == str(first))
            .values(title="in hand")
        )
        report = run_round(postgresql_ledger, settings, Memory())
        assert {each.episode for each in report.happenings} == {str(second)}
    report = run_round(postgresql_ledger, settings, Memory())
    assert {each.episode for each in report.happenings} == {str(first)}


def test_a_writer_is_not_held_up_while_a_message_is_on_its_way(clinic, go):
    """No lock is held during a network call."""
    key, _ = two_due(clinic)

    def write(message):
        clinic.record(key, "score", nrs="7")

    assert go(Memory(write)).count("sent") == 2


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


# --- the plan


@pytest.mark.complaint(2)
def test_the_plan_is_what_the_round_then_does(clinic, go, settings):
    for day in ("2025-01-06", "2025-01-11"):
        clinic.injected(day)
    promised = 0
    for day in days("2025-01-11", "2025-03-10"):
        clinic.at(day, "09:00")
        before = everything(clinic.ledger)
        plan = plan_round(clinic.ledger, settings, "file")
        assert everything(clinic.ledger) == before
        now = clinic.ledger.clock()
        report = go()
        assert _what(report, "sent") == sorted(_key(p) for p in plan if p.at <= now)
        later = {_key(p): p.at for p in plan if p.at > now}
        with reading(clinic.ledger) as connection:
            rows = backlog.open_rows(connection)
        assert sorted(later) == sorted(
            (row.episode, row.rule, row.step, row.due, row.recipient) for row in rows
        )
        promised += len(plan)
    assert promised > 10


def _key(each):
    return (each.episode, each.rule, each.step, each.due, each.recipient)


def _what(report, outcome):
    return sorted(_key(each) for each in report.happenings if each.outcome == outcome)


def test_a_plan_for_a_later_day_shows_what_falls_due_until_then(clinic, settings):
    clinic.injected("2025-01-06")
    until = dt.date(2025, 1, 20)
    found = plan_round(clinic.ledger, settings, "file", until)
    assert [(each.rule, each.step, each.at.day) for each in found] == [
        ("INJ-DIARY", "notice", 7),
        ("INJ-DIARY", "contact-1", 14),
        ("INJ-CHECK", "notice", 20),
    ]
    assert {each.outcome for each in found} == {"planned"}
    assert {each.at.hour for each in found} == {8}
    assert RIVERA.name in {each.recipient for each in found}


def test_what_was_given_up_stands_in_the_plan_until_its_line_is_gone(
    clinic, go, settings
):
    refused, waiting = two_due(clinic)

    def refuse(message):
        kind = PermanentFailure if str(refused) in message.subject else TemporaryFailure
        raise kind("smtp-550")

    go(Memory(refuse))
    plan = plan_round(clinic.ledger, settings, "file")
    assert [(each.episode, each.outcome, each.reason) for each in plan] == [
        (str(waiting), "planned", "smtp-550"),
        (str(refused), "dead", "smtp-550"),
    ]
    clinic.record(refused, "diary", readings=("1h=2",), about=2)
    plan = plan_round(clinic.ledger, settings, "file")
    assert [each.outcome for each in plan] == ["planned"]
