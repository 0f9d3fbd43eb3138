"""Claimed reminders, seen again at the moment of sending, in one statement.

Whether they are still this attempt's and still wanted, how many messages their recipient
had today, and what time it is: on a server each statement is a journey, and the look is
taken for every single message.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, null, select

from sitrack.clock import machine_clock
from sitrack.record import tables, wanted
from sitrack.record.attempts import (
    IS_THE_ONE,
    REASSIGNED,
    Claimed,
    are_of_attempt,
    chunks,
    the_one,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A claimed row, seen again.

    Attributes:
        until: how long it is this attempt's; None where it is not any more.
        unwanted: why it is not wanted any more, as a code; None where it is.
    """

    until: dt.datetime | None
    unwanted: str | None


@dataclass(frozen=True, slots=True)
class Sight:
    """Claimed rows to one recipient, seen again.

    Attributes:
        looks: how each row stands, by its id.
        gone: how many messages went to the recipient that way on the day.
        real_now: the real instant, by the one clock that all hosts share.
    """

    looks: dict[int, Look]
    gone: int
    real_now: dt.datetime


def look_again(
    connection: Connection, rows: Sequence[Claimed], day: dt.date
) -> Sight | None:
    """Return how rows stand now, in a single statement for as many as it can name.

    Args:
        connection: open for reading.
        rows: all to the same recipient, by the same channel.
        day: the clinical day whose messages are counted.

    Returns:
        None where no row is this attempt's any more.
    """
    by = connection.dialect.name
    to = {"to": rows[0].recipient, "by": rows[0].channel, "on": day}
    found: list[Any] = []
    for chunk in chunks(rows):
        if len(chunk) == 1:
            asked = connection.execute(_look_at_one(by), to | the_one(chunk[0]))
        else:
            asked = connection.execute(_look_at(by, are_of_attempt(chunk)), to)
        found += asked.all()
    if not found:
        return None
    last, looks = found[-1], {row.id: _look(row) for row in found}
    lost = Look(None, None)
    return Sight(
        {row.id: looks.get(row.id, lost) for row in rows},
        last.gone,
        last.real_now or machine_clock(),
    )


def _look(row: Any) -> Look:
    held = row.leased_until if row.status == "open" else None
    elsewhere = row.status == "cancelled" and row.last_error == REASSIGNED
    return Look(held, REASSIGNED if elsewhere else wanted.why_unwanted(row))


def _look_at(dialect: str, which: Any) -> Select[Any]:
    table = tables.reminder
    own = (table.c[name] for name in ("id", "status", "leased_until", "last_error"))
    clock = func.clock_timestamp() if dialect == "postgresql" else null()
    query = select(
        *own,
        *wanted.FACTS,
        _SENT_TO.scalar_subquery().label("gone"),
        clock.label("real_now"),
    ).select_from(table)
    return wanted.its_episode_and_line(query).where(which)


@functools.cache
def _look_at_one(dialect: str) -> Select[Any]:
    return _look_at(dialect, IS_THE_ONE)


# What went is counted, and not asked for: SQLite would look through everything that ever
# went by the channel, and not through the day.
_SENT_TO = select(func.count(tables.message.c.sent_at)).where(
    tables.message.c.recipient == bindparam("to"),
    tables.message.c.channel == bindparam("by"),
    tables.message.c.day == bindparam("on"),
)
