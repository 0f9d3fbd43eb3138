"""Several workers: a lease, a fence, and no row in two hands."""

import datetime as dt
import threading
from collections import Counter
from contextlib import closing

import pytest
from sqlalchemy import insert, select, update

from sitrack.record import attempts, dispatch, outbox, tables
from sitrack.record.attempts import Word
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger, reading, real_instant
from sitrack.record.second_look import look_again
from sitrack.reminders.round import run_round
from tests.clinic import Clinic
from tests.reminders.conftest import Memory

from .outbox import (
    NOON,
    SECOND,
    SENT,
    asked,
    claim,
    lines_of,
    make,
    one_by_one,
    outcomes,
    rows_of,
    set_status,
    step_of,
    two_due,
)

# --- the fence


@pytest.fixture
def waiting(clinic):
    """A ledger with one row that waits to be claimed."""
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    assert make(clinic.ledger, step_of(clinic.ledger))
    return clinic.ledger


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
        assert look_again(connection, [row], dt.date(2025, 1, 7)) is None
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


def let_pass(ledger, seconds):
    """Let time pass that nobody waits for: each lease is so much nearer to its end."""
    with writing(ledger) as work:
        for row in rows_of(ledger):
            if row.leased_until is not None:
                until = row.leased_until - seconds * SECOND
                its = update(tables.reminder).where(tables.reminder.c.id == row.id)
                work.connection.execute(its.values(leased_until=until))


def left_of(ledger, episode):
    """How many seconds of its lease a row has left."""
    [row] = rows_of(ledger, episode=episode)
    with reading(ledger) as connection:
        return (row.leased_until - real_instant(connection)) / SECOND


def test_a_batch_that_takes_longer_than_its_lease_is_kept(clinic, go):
    for _ in range(5):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")

    def slow(message):
        let_pass(clinic.ledger, 50)  # of a lease of 120

    report = go(Memory(slow))
    assert report.count("sent") == 5
    assert {row.attempts for row in rows_of(clinic.ledger)} == {1}


def test_a_message_leaves_only_while_enough_of_the_lease_is_left(clinic, go):
    for _ in range(4):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    left = []

    def slow(message):
        left.append(left_of(clinic.ledger, message.subject.split()[1]))
        let_pass(clinic.ledger, 100)

    assert go(Memory(slow)).count("sent") == 4
    assert left == [pytest.approx(120, abs=10)] * 4


def test_a_short_lease_is_prolonged_to_the_longest_send(clinic, tmp_path):
    for _ in range(2):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    left = []

    def slow(message):
        left.append(left_of(clinic.ledger, message.subject.split()[1]))
        let_pass(clinic.ledger, 89)

    channel = Memory(slow)
    channel.longest_send = 90.0
    told = one_by_one(tmp_path, **{"reminders.lease": 5})
    assert run_round(clinic.ledger, told, channel).count("sent") == 2
    assert left == [pytest.approx(90, abs=4)] * 2


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
