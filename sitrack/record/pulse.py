"""How the reminders are doing, in numbers: what waits, since when, what was given up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from sitrack.record import outbox, periods, tables, wanted

ROUND = "round"
"""The name under which rounds write down that they are done."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Numbers of one moment.

    Attributes:
        open: rows that were made and are not sent yet.
        due: of these, how many may leave now, and are in nobody's hands.
        oldest_due: since when the first of them may leave; or None.
        unmade: steps whose day has come and that no round has made rows of.
        dead: rows that were given up, and are still wanted.
        sent_last_hour: messages by channel.
        last_round: when a round was done last, or None.
        idle: whether nothing was ever made and nothing lies ahead to remind of.
    """

    open: int
    due: int
    oldest_due: dt.datetime | None
    unmade: int
    dead: int
    sent_last_hour: dict[str, int]
    last_round: dt.datetime | None
    idle: bool


def pulse(
    connection: Connection, now: dt.datetime, real_now: dt.datetime, today: dt.date
) -> Pulse:
    """Return how the reminders are doing."""
    rows, episodes, messages = tables.reminder, tables.episode, tables.message
    free = or_(rows.c.leased_until.is_(None), rows.c.leased_until <= real_now)
    asleep = (
        select(episodes.c.key)
        .where(episodes.c.key == rows.c.episode, episodes.c.snoozed_until > today)
        .exists()
    )
    may_leave = (tables.IS_OPEN, rows.c.next_at <= now, free)
    awake = or_(rows.c.recipient == "lead", ~asleep)
    due, oldest = connection.execute(
        select(func.count(), func.min(rows.c.next_at)).where(*may_leave, awake)
    ).one()
    dead = wanted.its_episode_and_line(select(func.count()).select_from(rows))
    hour = now - dt.timedelta(hours=1)
    sent = (
        select(messages.c.channel, func.count())
        .where(messages.c.sent_at > hour)
        .group_by(messages.c.channel)
    )
    return Pulse(
        open=_count(connection, select(func.count()).where(tables.IS_OPEN)),
        due=int(due),
        oldest_due=oldest,
        unmade=outbox.count_due(connection, today),
        dead=_count(connection, dead.where(tables.IS_DEAD, wanted.is_wanted())),
        sent_last_hour={row[0]: int(row[1]) for row in connection.execute(sent)},
        last_round=periods.last_finished(connection, ROUND, now),
        idle=not any(
            _holds_any(connection, key, less)
            for key, less in ((rows.c.id, 0), (tables.agenda.c.episode, ""))
        ),
    )


def _holds_any(connection: Connection, key: ColumnElement[Any], less: object) -> bool:
    """Whether a table holds a key greater than one that none is less than."""
    query = select(key).where(key > less).limit(1)
    return connection.execute(query).first() is not None


def _count(connection: Connection, query: object) -> int:
    return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]
