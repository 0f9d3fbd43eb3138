"""The outbox: one row for each reminder, and one line for each attempt to send it.

A row is unique by (episode, visit, rule, occurrence, step, recipient, channel); that
constraint, and not anybody's memory, is what keeps a reminder from going out twice.
Rows are claimed for a lease on the real clock, and every later word about a row names
the attempt it belongs to, so that a worker that lost its lease cannot speak any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    and_,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from sitrack.record import codec, tables

_CARED_FOR = ("active", "on-hold")
"""On hold, only the review of the hold is on the agenda."""

_ONCE = ("episode", "visit", "rule", "occurrence", "step", "recipient", "channel")


@dataclass(frozen=True, slots=True)
class Step:
    """A reminder step whose day has come, on an open line of the agenda.

    Attributes:
        episode: key of the episode.
        visit: the stay, by the number of the entry that began it.
        rule: id of the follow-up rule.
        occurrence: which one of that rule.
        step: `notice` or a later step.
        due: the day by which the line was due.
        step_on: the day of this step.
        recipient: the role that the rule names: `coordinator` or `lead`.
        coordinator: staff id of the episode's coordinator, or None.
        address: that person's address, or None.
        protocol: content hash of the protocol that the episode is pinned to.
    """

    episode: str
    visit: int
    rule: str
    occurrence: int
    step: str
    due: dt.date
    step_on: dt.date
    recipient: str
    coordinator: str | None
    address: str | None
    protocol: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker holds.

    Attributes:
        id: the row.
        attempt: which attempt this is, from 1; the fence.
        address: the recipient's address where the recipient is a person, or None.
    """

    id: int
    attempt: int
    episode: str
    visit: int
    rule: str
    occurrence: int
    step: str
    recipient: str
    channel: str
    due: dt.date
    address: str | None


def steps_due(
    connection: Connection, today: dt.date, limit: int, *, lock: bool = False
) -> list[Step]:
    """Return the reminder steps whose day has come, oldest first.

    Args:
        connection: an open transaction.
        today: the clinical day.
        limit: how many at the most.
        lock: keep writers off these lines until the end of the transaction, and
            leave out the lines that somebody is writing to.
    """
    lines, episodes, people = tables.agenda, tables.episode, tables.staff
    query = (
        select(lines, episodes.c.coordinator, episodes.c.protocol, people.c.email)
        .join(episodes, episodes.c.key == lines.c.episode)
        .outerjoin(people, people.c.id == episodes.c.coordinator)
        .where(lines.c.step_on <= today, episodes.c.status.in_(_CARED_FOR))
        .order_by(lines.c.step_on, lines.c.episode, lines.c.rule, lines.c.occurrence)
        .limit(limit)
    )
    if lock:
        query = query.with_for_update(of=lines, skip_locked=True)
    return [
        Step(
            episode=row["episode"],
            visit=row["visit"],
            rule=row["rule"],
            occurrence=row["occurrence"],
            step=row["step"],
            due=row["due"],
            step_on=row["step_on"],
            recipient=row["recipient"],
            coordinator=row["coordinator"],
            address=row["email"],
            protocol=row["protocol"],
        )
        for row in connection.execute(query).mappings()
    ]


def make_row(
    connection: Connection, step: Step, recipient: str, channel: str, at: dt.datetime
) -> bool:
    """Put a reminder into the outbox; return whether it is newly open.

    A row that was cancelled is opened again; one that was sent, or given up, never is.
    """
    table = tables.reminder
    values = {
        "episode": step.episode,
        "visit": step.visit,
        "rule": step.rule,
        "occurrence": step.occurrence,
        "step": step.step,
        "recipient": recipient,
        "channel": channel,
        "due": step.due,
        "status": "open",
        "next_at": at,
        "attempts": 0,
    }
    on_postgres = connection.dialect.name == "postgresql"
    make: Any = postgresql.insert if on_postgres else sqlite.insert
    statement: Insert = (
        make(table)
        .values(values)
        .on_conflict_do_update(
            index_elements=list(_ONCE),
            set_={"status": "open", "next_at": at, "due": step.due},
            where=table.c.status == "cancelled",
        )
        .returning(table.c.id)
    )
    return connection.execute(statement).scalar() is not None


def set_next_step(
    connection: Connection, step: Step, name: str | None, day: dt.date | None
) -> None:
    """Note on the agenda line which step comes next, or that none does."""
    lines = tables.agenda
    connection.execute(
        update(lines)
        .where(
            lines.c.episode == step.episode,
            lines.c.visit == step.visit,
            lines.c.rule == step.rule,
            lines.c.occurrence == step.occurrence,
        )
        .values(step=name, step_on=day)
    )


def _is_free(real_now: Any) -> Any:
    table = tables.reminder
    return or_(table.c.leased_until.is_(None), table.c.leased_until <= real_now)


def claim(
    connection: Connection,
    *,
    channel: str,
    due_by: dt.datetime,
    now: dt.datetime,
    real_now: dt.datetime,
    lease: dt.timedelta,
    worker: str,
    limit: int,
) -> list[Claimed]:
    """Take up to `limit` due rows of a channel for this worker, oldest first.

    Args:
        connection: a writing transaction, to be committed at once.
        channel: the name of the channel that the worker sends through.
        due_by: rows that may leave by then are taken.
        now: the ledger's present instant.
        real_now: the real instant, on which leases run.
        lease: how long the rows are this worker's.
        worker: a name for the record.
        limit: how many at the most.
    """
    table = tables.reminder
    due = (
        select(table.c.id)
        .where(
            table.c.status == "open",
            table.c.channel == channel,
            table.c.next_at <= due_by,
            _is_free(real_now),
        )
        .order_by(table.c.next_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
        # Materialised, so that the planner cannot run it twice and claim more.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    taken = connection.execute(
        update(table)
        .where(table.c.id.in_(select(due.c.id)))
        .values(
            attempts=table.c.attempts + 1, leased_until=real_now + lease, worker=worker
        )
        .returning(table.c.id, table.c.attempts)
    ).all()
    if not taken:
        return []
    lines = [
        {"reminder": row.id, "attempt": row.attempts, "event": "claimed"}
        for row in taken
    ]
    _write_lines(connection, lines, worker, now)
    return _claimed(connection, [row.id for row in taken])


def _claimed(connection: Connection, ids: Sequence[int]) -> list[Claimed]:
    table, people = tables.reminder, tables.staff
    query = (
        select(table, people.c.email)
        .outerjoin(people, people.c.id == table.c.recipient)
        .where(table.c.id.in_(ids))
        .order_by(table.c.next_at, table.c.id)
    )
    return [
        Claimed(
            id=row["id"],
            attempt=row["attempts"],
            episode=row["episode"],
            visit=row["visit"],
            rule=row["rule"],
            occurrence=row["occurrence"],
            step=row["step"],
            recipient=row["recipient"],
            channel=row["channel"],
            due=row["due"],
            address=row["email"],
        )
        for row in connection.execute(query).mappings()
    ]


def still_wanted() -> Any:
    """The line is still on the agenda, and the episode is active."""
    lines, episodes, table = tables.agenda, tables.episode, tables.reminder
    return (
        select(lines.c.rule)
        .join(episodes, episodes.c.key == lines.c.episode)
        .where(
            lines.c.episode == table.c.episode,
            lines.c.visit == table.c.visit,
            lines.c.rule == table.c.rule,
            lines.c.occurrence == table.c.occurrence,
            episodes.c.status.in_(_CARED_FOR),
        )
        .exists()
    )


def mine_until(connection: Connection, row: Claimed) -> dt.datetime | None:
    """Return until when the row is this attempt's: asked again just before sending.

    None where it is not: it was taken by another, done, or is not wanted any more.
    """
    table = tables.reminder
    query = select(table.c.leased_until).where(
        _is_of_attempt(row), table.c.status == "open", still_wanted()
    )
    found: dt.datetime | None = connection.execute(query).scalar()
    return found


def prolong(connection: Connection, row: Claimed, until: dt.datetime) -> bool:
    """Keep the row for longer; False where it is not this attempt's any more."""
    table = tables.reminder
    return _changed(connection, row, table.c.status == "open", leased_until=until)


def release(connection: Connection, row: Claimed) -> bool:
    """Give the row back, unsent, for anyone to claim; its attempt stays counted."""
    return _changed(connection, row, leased_until=None)


def acknowledge(
    connection: Connection, row: Claimed, worker: str, now: dt.datetime, reference: str
) -> bool:
    """Write down that the row was sent; False where the lease was lost to another."""
    return _close(connection, row, worker, now, "done", "sent", reference)


def give_up(
    connection: Connection, row: Claimed, worker: str, now: dt.datetime, reason: str
) -> bool:
    """Write down that the row will not be tried again."""
    return _close(connection, row, worker, now, "dead", "gave-up", reason)


def suppress(
    connection: Connection, row: Claimed, worker: str, now: dt.datetime, reason: str
) -> bool:
    """Write down that the row was not sent, because it is not wanted any more."""
    if not _changed(
        connection, row, not_(still_wanted()), status="cancelled", leased_until=None
    ):
        return False
    _write_line(connection, row, worker, now, "suppressed", reason)
    return True


def _close(
    connection: Connection,
    row: Claimed,
    worker: str,
    now: dt.datetime,
    status: str,
    event: str,
    detail: str,
) -> bool:
    error = detail if status == "dead" else None
    if not _changed(
        connection, row, status=status, leased_until=None, last_error=error
    ):
        return False
    _write_line(connection, row, worker, now, event, detail)
    return True


def postpone(
    connection: Connection,
    row: Claimed,
    worker: str,
    now: dt.datetime,
    reason: str,
    next_at: dt.datetime,
) -> bool:
    """Write down that the attempt failed, and when the next one is."""
    if not _changed(
        connection, row, next_at=next_at, leased_until=None, last_error=reason
    ):
        return False
    _write_line(connection, row, worker, now, "failed", reason)
    return True


def _is_of_attempt(row: Claimed) -> Any:
    """The fence: no other attempt was made, and this one has not had its last word.

    A row that was cancelled meanwhile may still be spoken about, for it may have been
    sent just before; one that was opened again since belongs to the next attempt.
    """
    table = tables.reminder
    held = and_(table.c.status == "open", table.c.leased_until.is_not(None))
    return and_(
        table.c.id == row.id,
        table.c.attempts == row.attempt,
        or_(held, table.c.status == "cancelled"),
    )


def _changed(
    connection: Connection, row: Claimed, *conditions: Any, **values: Any
) -> bool:
    """Change the row if this attempt still holds it."""
    statement = update(tables.reminder).where(_is_of_attempt(row), *conditions)
    return connection.execute(statement.values(**values)).rowcount == 1


def _write_line(
    connection: Connection,
    row: Claimed,
    worker: str,
    now: dt.datetime,
    event: str,
    detail: str,
) -> None:
    line = {
        "reminder": row.id,
        "attempt": row.attempt,
        "event": event,
        "detail": detail,
    }
    _write_lines(connection, [line], worker, now)


def _write_lines(
    connection: Connection, lines: list[dict[str, Any]], worker: str, now: dt.datetime
) -> None:
    at = codec.instant_text(now)
    rows = [{"detail": None, **line, "worker": worker, "at": at} for line in lines]
    connection.execute(insert(tables.delivery), rows)
