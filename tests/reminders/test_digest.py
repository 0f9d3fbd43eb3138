"""One message for each person, channel and day of the clinic; what is urgent goes alone."""

import datetime as dt
import threading
from contextlib import closing

import pytest
from sqlalchemy import select, update

from sitrack.pathway.stages import Side
from sitrack.record import tables
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger, reading, real_instant
from sitrack.reminders import wording
from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from sitrack.reminders.plan import plan_round
from sitrack.reminders.round import run_round
from tests.clinic import codes_of, settings_of

from .conftest import Memory, events, outbox, round_of


def injected(clinic, number, day="2025-01-06"):
    return [clinic.injected(day) for _ in range(number)]


@pytest.fixture
def go(clinic, settings):
    def go(channel=None, settings=settings):
        return round_of(clinic, settings, channel or Memory())

    return go


def test_everything_of_a_morning_goes_in_one_message(clinic, go):
    keys = injected(clinic, 3)
    clinic.at("2025-01-07")
    channel = Memory()
    report = go(channel)
    assert report.count("sent") == 3
    [message] = channel.sent
    assert message.subject == "sitrack: 3 episodes need attention"
    assert message.body.splitlines() == [
        *(f"sitrack: {key} needs attention, due 2025-01-07" for key in keys),
        "sitrack worklist --mine",
    ]
    assert {row.status for row in outbox(clinic.ledger)} == {"done"}
    assert {row.message for row in outbox(clinic.ledger)} == {message.key}
    sent = [
        (row, detail)
        for row, _, event, detail in events(clinic.ledger)
        if event == "sent"
    ]
    assert sent == [(row.id, message.key) for row in outbox(clinic.ledger)]


def test_a_digest_of_one_reads_like_a_single_message(clinic, go):
    [key] = injected(clinic, 1)
    clinic.at("2025-01-07")
    channel = Memory()
    go(channel)
    [message] = channel.sent
    assert message.subject == f"sitrack: {key} needs attention, due 2025-01-07"


def test_what_falls_due_later_in_the_day_waits_for_the_next_digest(clinic, go):
    injected(clinic, 1)
    clinic.at("2025-01-07", "09:00")
    channel = Memory()
    go(channel)
    clinic.at("2025-01-07", "11:00")
    late = clinic.opened(on=dt.date(2024, 12, 20))
    assert go(channel).count("sent") == 0
    [row] = outbox(clinic.ledger, status="open")
    assert (row.episode, row.last_error) == (str(late), "next-digest")
    assert row.next_at == dt.datetime(2025, 1, 8, 8, tzinfo=dt.UTC)
    assert row.attempts == 0
    clinic.at("2025-01-08", "08:00")
    assert go(channel).count("sent") == 1
    assert len({message.key for message in channel.sent}) == len(channel.sent) == 2


def test_each_person_gets_a_digest_of_their_own(clinic, go):
    injected(clinic, 2)
    from sitrack.coordination import people
    from sitrack.record.staff import Staff
    from tests.clinic import RIVERA

    okafor = Staff("okafor", "coordinator", "okafor@clinic.example")
    people.add_staff(clinic.ledger, RIVERA, okafor)
    clinic.opened(on=dt.date(2024, 12, 20), coordinator="okafor")
    clinic.at("2025-01-07")
    channel = Memory()
    assert go(channel).count("sent") == 3
    assert [message.recipient_address for message in channel.sent] == [
        "okafor@clinic.example",
        "rivera@clinic.example",
    ]


def test_escalations_and_holds_to_look_at_go_alone(clinic, tmp_path):
    from sitrack.coordination.parking import change_status
    from sitrack.journey import parking
    from tests.clinic import RIVERA

    injected(clinic, 2)
    held = clinic.injected("2025-01-06")
    review = dt.date(2025, 3, 4)
    change_status(
        clinic.ledger,
        RIVERA,
        held,
        lambda asked: parking.hold(asked, "pregnancy", review),
    )
    clinic.at("2025-03-05")
    channel = Memory()
    told = settings_of(tmp_path, **{"clinic.lead_address": "lead@clinic.example"})
    report = run_round(clinic.ledger, told, channel)
    assert report.count("sent") == 2 * 4 + 1
    alone = [message for message in channel.sent if "episodes" not in message.subject]
    assert sorted(message.recipient_address for message in alone) == [
        "lead@clinic.example",
        "lead@clinic.example",
        "rivera@clinic.example",
    ]
    assert len(channel.sent) == 4


def test_a_digest_that_failed_goes_again_under_the_same_key_with_the_same_rows(
    clinic, go
):
    keys = injected(clinic, 2)
    clinic.at("2025-01-07", "09:00")
    seen = []

    def fail(message):
        seen.append(message)
        raise TemporaryFailure("time-out")

    assert go(Memory(fail)).count("failed") == 2
    clinic.at("2025-01-07", "09:30")
    late = clinic.opened(on=dt.date(2024, 12, 20))
    channel = Memory()
    assert go(channel).count("sent") == 2
    [message] = channel.sent
    assert message == seen[0]
    assert str(late) not in message.body
    assert all(str(key) in message.body for key in keys)


def test_what_was_answered_meanwhile_is_left_out_of_the_repeat(clinic, go):
    first, second = injected(clinic, 2)
    clinic.at("2025-01-07", "09:00")

    def fail(message):
        raise TemporaryFailure("time-out")

    go(Memory(fail))
    clinic.record(first, "diary", readings=("1h=2",), about=2)
    clinic.at("2025-01-07", "09:30")
    channel = Memory()
    go(channel)
    [message] = channel.sent
    assert message.subject == f"sitrack: {second} needs attention, due 2025-01-07"


def test_what_is_answered_between_claim_and_send_is_left_out(clinic, go):
    """Two people, so that the second digest is claimed while the first is sent."""
    from sitrack.coordination import people
    from sitrack.record.staff import Staff
    from tests.clinic import RIVERA

    people.add_staff(
        clinic.ledger, RIVERA, Staff("adler", "coordinator", "adler@clinic.example")
    )
    clinic.at("2025-01-06")
    clinic.opened(on=dt.date(2024, 12, 20), coordinator="adler")
    first, second = injected(clinic, 2)
    clinic.at("2025-01-07")

    def answer(message):
        if message.recipient_address.startswith("adler"):
            clinic.record(first, "diary", readings=("1h=2",), about=2)

    channel = Memory(answer)
    report = go(channel)
    assert [
        each.reason for each in report.happenings if each.outcome == "suppressed"
    ] == ["attended"]
    assert str(first) not in channel.sent[1].body
    assert str(second) in channel.sent[1].body


def test_where_an_address_is_refused_the_whole_digest_goes_to_the_clinic(clinic, go):
    injected(clinic, 2)
    clinic.at("2025-01-07")

    def refuse(message):
        if message.recipient_address.startswith("rivera"):
            raise PermanentFailure("smtp-550")

    channel = Memory(refuse)
    assert go(channel).count("sent") == 2
    assert [each.recipient_address for each in channel.sent] == ["desk@clinic.example"]


def test_a_row_that_cannot_be_worded_does_not_hold_the_others_back(
    clinic, go, monkeypatch
):
    poison, *others = injected(clinic, 3)
    clinic.at("2025-01-07")
    worded = wording.staff_line

    def choke(episode, due, template):
        if episode == str(poison):
            raise RuntimeError("Mary King")
        return worded(episode, due, template)

    monkeypatch.setattr(wording, "staff_line", choke)
    channel = Memory()
    report = go(channel)
    assert (report.count("sent"), report.count("failed")) == (2, 1)
    [message] = channel.sent
    assert all(str(key) in message.body for key in others)
    [row] = outbox(clinic.ledger, status="open")
    assert (row.episode, row.last_error) == (str(poison), "fault-runtimeerror")
    monkeypatch.undo()
    clinic.at("2025-01-07", "10:00")
    assert go(channel).count("sent") == 0  # the digest has gone: it takes the next
    clinic.at("2025-01-08", "08:00")
    assert go(channel).count("sent") == 1


def test_a_hundred_rounds_send_one_digest(clinic, go):
    injected(clinic, 2)
    clinic.at("2025-01-07")
    channel = Memory()
    for _ in range(100):
        go(channel)
    assert len(channel.sent) == 1


def test_the_digest_of_a_dead_worker_is_sent_again_under_the_same_key(clinic, go):
    injected(clinic, 3)
    clinic.at("2025-01-07")
    first = Memory()

    class Dies(BaseException):
        pass

    def die(message):
        first.sent.append(message)
        raise Dies

    with pytest.raises(Dies):
        go(Memory(die))
    assert go(Memory()).count("sent") == 0  # the lease is respected
    with writing(clinic.ledger) as work:
        now = real_instant(work.connection)
        work.connection.execute(update(tables.reminder).values(leased_until=now))
    again = Memory()
    assert go(again).count("sent") == 3
    assert again.sent == first.sent


def test_four_workers_send_one_digest_to_each_of_ten_people(clinic, settings):
    from sitrack.coordination import people
    from sitrack.record.staff import Staff
    from tests.clinic import RIVERA

    for number in range(10):
        name = f"nurse-{number}"
        people.add_staff(
            clinic.ledger, RIVERA, Staff(name, "coordinator", f"{name}@clinic.example")
        )
        for side in (Side.LEFT, Side.RIGHT):
            clinic.opened(
                clinic.enrolled(), side, on=dt.date(2024, 12, 20), coordinator=name
            )
    clinic.at("2025-01-07")
    url = clinic.ledger.url.render_as_string(hide_password=False)
    channels, faults = [Memory() for _ in range(4)], []
    start = threading.Barrier(4)

    def work(channel):
        try:
            with closing(open_ledger(url)) as ledger:
                ledger.use_clock(clinic.ledger.clock)
                start.wait()
                run_round(ledger, settings, channel)
        except BaseException as error:  # noqa: BLE001 - shown by the main thread
            faults.append(error)

    threads = [threading.Thread(target=work, args=(each,)) for each in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    sent = [message for channel in channels for message in channel.sent]
    assert len(sent) == len({message.recipient_address for message in sent}) == 10
    assert {row.status for row in outbox(clinic.ledger)} == {"done"}
    assert {row.attempts for row in outbox(clinic.ledger)} == {1}
    assert codes_of(clinic.ledger) == set()


def test_every_message_is_counted_once(clinic, go):
    injected(clinic, 2)
    clinic.at("2025-03-05")
    channel = Memory()
    go(channel)
    with reading(clinic.ledger) as connection:
        rows = connection.execute(select(tables.message)).all()
    assert {row.key for row in rows} == {message.key for message in channel.sent}
    assert all(row.sent_at == clinic.ledger.clock() for row in rows)


def test_the_plan_tells_of_the_digest_of_tomorrow(clinic, go, settings):
    injected(clinic, 1)
    clinic.at("2025-01-07", "09:00")
    go()
    clinic.opened(on=dt.date(2024, 12, 20))
    [late] = [
        each
        for each in plan_round(clinic.ledger, settings, "file")
        if each.rule == "INJ-SCHED"
    ]
    assert (late.outcome, late.reason) == ("planned", "next-digest")
    assert late.at == dt.datetime(2025, 1, 8, 8, tzinfo=dt.UTC)
