"""What still waits in the outbox, was given up, or was held back, as people look at it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from sitrack.record import tables, wanted


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outbox as people look at it.

    Attributes:
        next_at: when it may leave, where it is open.
        last_error: why it did not go, or not yet, as a code; or None.
        snoozed_until: until then its episode is put off; or None.
    """

    id: int
    episode: str
    rule: str
    step: str
    due: dt.date
    recipient: str
    channel: str
    status: str
    next_at: dt.datetime
    attempts: int
    last_error: str | None
    snoozed_until: dt.date | None


def open_rows(connection: Connection) -> list[Row]:
    """Return every row that waits to be sent, in the order in which they leave."""
    return _rows(connection, _standing(tables.IS_OPEN))


def dead_rows(connection: Connection, episode: str | None = None) -> list[Row]:
    """Return every row that was given up and is still wanted, in the same order.

    Once its line is off the agenda, nobody has to look after it any more.
    """
    query = _standing(tables.IS_DEAD).where(wanted.is_wanted())
    if episode is not None:
        query = query.where(tables.reminder.c.episode == episode)
    return _rows(connection, query)


def held_rows(connection: Connection) -> list[Row]:
    """Return the rows that a hold took back, of episodes that are on hold still."""
    held = tables.reminder.c.last_error == "held"
    on_hold = tables.episode.c.status == "on-hold"
    return _rows(connection, _standing(tables.IS_CANCELLED).where(held, on_hold))


def all_rows(
    connection: Connection, status: str | None, limit: int, episode: str | None = None
) -> list[Row]:
    """Return rows of one status or of every one, the latest made first."""
    table = tables.reminder
    query = wanted.its_episode_and_line(select(*_COLUMNS).select_from(table))
    if status is not None:
        query = query.where(table.c.status == status)
    if episode is not None:
        query = query.where(table.c.episode == episode)
    return _rows(connection, query.order_by(table.c.id.desc()).limit(limit))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger of deliveries.

    Attributes:
        row: the number of the reminder.
        attempt: which attempt it belongs to.
        event: `claimed`, `sent`, `failed`, `gave-up` or `suppressed`.
        at: when it was written down, as text.
        worker: which process.
        detail: the reference of what was sent, or a short code; or None.
    """

    row: int
    attempt: int
    event: str
    at: str
    worker: str
    detail: str | None


def lines_of(connection: Connection, episode: str) -> list[Line]:
    """Return every attempt to send a reminder about an episode, in their order."""
    lines, rows = tables.delivery, tables.reminder
    query = (
        select(
            lines.c.reminder,
            lines.c.attempt,
            lines.c.event,
            lines.c.at,
            lines.c.worker,
            lines.c.detail,
        )
        .join(rows, rows.c.id == lines.c.reminder)
        .where(rows.c.episode == episode)
        .order_by(lines.c.at, lines.c.reminder, lines.c.attempt, lines.c.event)
    )
    return [Line(*row) for row in connection.execute(query)]


# --- the next moment at which something may happen


def next_at_after(connection: Connection, now: dt.datetime) -> dt.datetime | None:
    """Return when the next row may leave, after that instant."""
    table = tables.reminder
    query = select(func.min(table.c.next_at)).where(
        tables.IS_OPEN, table.c.next_at > now
    )
    found: dt.datetime | None = connection.execute(query).scalar()
    return found


def next_day_after(connection: Connection, today: dt.date) -> dt.date | None:
    """Return the next day on which a step falls due, or a snooze ends."""
    lines, episodes = tables.agenda, tables.episode
    steps = select(func.min(lines.c.step_on)).where(lines.c.step_on > today)
    wakes = select(func.min(episodes.c.snoozed_until)).where(
        episodes.c.snoozed_until > today, episodes.c.status.in_(wanted.CARED_FOR)
    )
    days = [connection.execute(query).scalar() for query in (steps, wakes)]
    return min((day for day in days if day is not None), default=None)


# --- queries


_COLUMNS = (
    *(
        tables.reminder.c[name]
        for name in (
            *("id", "episode", "rule", "step", "due", "recipient", "channel"),
            *("status", "next_at", "attempts", "last_error"),
        )
    ),
    tables.episode.c.snoozed_until,
)


def _standing(so: ColumnElement[bool]) -> Select[Any]:
    table = tables.reminder
    query = wanted.its_episode_and_line(select(*_COLUMNS).select_from(table))
    return query.where(so).order_by(table.c.next_at, table.c.id)


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    return [Row(**row) for row in connection.execute(query).mappings()]
