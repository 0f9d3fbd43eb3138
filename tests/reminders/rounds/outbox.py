"""What the tests of rounds look at, and how they put it there."""

import datetime as dt

from sqlalchemy import select, update

from sitrack.record import dispatch, outbox, tables
from sitrack.record.dispatch import Claim
from sitrack.record.journal import writing
from sitrack.record.ledger import reading
from tests.clinic import settings_of
from tests.reminders.conftest import Memory

SENT = [("INJ-DIARY", "notice", "fired"), ("INJ-DIARY", "notice", "sent")]
NOON = dt.datetime(2025, 1, 7, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def one_by_one(tmp_path, **flags):
    """Settings of a clinic where each reminder is a message of its own."""
    told = {"reminders.digest": False, "reminders.most_per_person": 1000}
    return settings_of(tmp_path, **{**told, **flags})


def two_due(clinic):
    """Two episodes whose diaries are due on 7 January, in the order of their rows."""
    keys = [clinic.injected("2025-01-06") for _ in range(2)]
    clinic.at("2025-01-07")
    return keys


def days(first, last):
    """Every day from the first to the last, as text."""
    first, last = map(dt.date.fromisoformat, (first, last))
    for number in range((last - first).days + 1):
        yield str(first + dt.timedelta(days=number))


def failing(failure, times=10**6):
    """A channel that fails so many times, then works."""
    left = iter(range(times))

    def fail(message):
        if next(left, None) is not None:
            raise failure

    return Memory(fail)


# --- what stands there


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


# --- rows, and who claims them


def step_of(ledger, today="2025-01-07"):
    with reading(ledger) as connection:
        [step] = outbox.steps_due(connection, dt.date.fromisoformat(today), 10)
    return step


def make(ledger, step, channel="file"):
    with writing(ledger) as work:
        return outbox.make_row(work.connection, step, "rivera", channel, work.now)


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


def set_status(ledger, status):
    with writing(ledger) as work:
        values = {"status": status, "leased_until": None}
        work.connection.execute(update(tables.reminder).values(values))
