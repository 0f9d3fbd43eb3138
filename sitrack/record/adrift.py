"""What no list of the day would show: episodes, rows and copies that lost their hold.

Each question is one statement over the copies, so that asking all of them is quick
whatever the record holds. Whether an entry is sound is `verify`'s to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    exists,
    func,
    literal,
    or_,
    select,
)

from sitrack.errors import SitrackError
from sitrack.record import library, tables
from sitrack.record.staff import everybody

_CARE = ("coordinator", "clinician")
"""The roles that can answer for an episode."""


class Orphan(NamedTuple):
    """An open episode whose coordinator works with the record no more.

    Attributes:
        episode: its key.
        coordinator: whom it names.
    """

    episode: str
    coordinator: str


def without_next_action(connection: Connection) -> list[str]:
    """Return the active episodes with nothing on their agenda."""
    its = exists().where(tables.agenda.c.episode == tables.episode.c.key)
    return _keys(connection, tables.episode.c.status == "active", ~its)


def without_coordinator(connection: Connection) -> list[str]:
    """Return the active episodes that nobody coordinates, and that wait in no queue."""
    columns = tables.episode.c
    nobodys = columns.coordinator.is_(None) & columns.team.is_(None)
    return _keys(connection, columns.status == "active", nobodys)


class Unanswered(NamedTuple):
    """Open episodes of people who are away, and for whom nobody answers.

    Attributes:
        alone: how many are in no team's queue either.
        queued: how many wait in the queue of their team.
    """

    alone: int
    queued: int


def unanswered(connection: Connection, coordinators: Collection[str]) -> Unanswered:
    """Count the open episodes that these people coordinate."""
    columns = tables.episode.c
    query = select(func.count(), func.count(columns.team)).where(
        columns.coordinator.in_(coordinators), columns.status != "finished"
    )
    every, queued = connection.execute(query).one()
    return Unanswered(every - queued, queued)


def finished_with_reminders(connection: Connection) -> list[str]:
    """Return the episodes that are over, with a reminder that could still leave."""
    rows, columns = tables.reminder.c, tables.episode.c
    waits = exists().where(rows.episode == columns.key, tables.IS_OPEN)
    over = or_(columns.status == "finished", columns.stopped.is_not(None))
    return _keys(connection, over, waits)


def held_past_review(connection: Connection, today: dt.date) -> list[str]:
    """Return the episodes on hold whose review is past, the oldest first."""
    lines, columns = tables.agenda.c, tables.episode.c
    query = (
        select(lines.episode)
        .join(tables.episode, columns.key == lines.episode)
        .where(
            lines.rule == "HOLD-REVIEW", lines.due < today, columns.status == "on-hold"
        )
        .order_by(lines.due, lines.episode)
    )
    return list(dict.fromkeys(connection.execute(query).scalars()))


def orphaned(connection: Connection) -> list[Orphan]:
    """Return the open episodes whose coordinator is not there any more, by key."""
    there = [
        each.id
        for each in everybody(connection)
        if each.role in _CARE and each.retired is None
    ]
    columns = tables.episode.c
    query = (
        select(columns.key, columns.coordinator)
        .where(columns.status != "finished", columns.coordinator.not_in(there))
        .order_by(columns.key)
    )
    return [Orphan(*row) for row in connection.execute(query)]


def behind_their_entries(connection: Connection) -> list[str]:
    """Return the episodes whose standing is not that of their last entry."""
    columns, streams = tables.episode.c, tables.stream.c
    name = literal("episode/").concat(columns.key)
    query = (
        select(columns.key)
        .outerjoin(tables.stream, streams.stream == name)
        .where(func.coalesce(streams.seq, 0) != columns.version)
        .order_by(columns.key)
    )
    return list(connection.execute(query).scalars())


def changed_protocols(connection: Connection) -> list[str]:
    """Return the ids of protocols whose text is not what was adopted."""
    changed = []
    library.read_anew(connection)
    for kept in library.all_adopted(connection):
        try:
            library.pinned(connection, kept.hash)
        except SitrackError:
            changed.append(kept.id)
    return changed


def newest_entry(connection: Connection) -> str | None:
    """Return when the newest entry was written, as it is kept."""
    query: Select[Any] = select(func.max(tables.entry.c.recorded))
    found: str | None = connection.execute(query).scalar()
    return found


def _keys(connection: Connection, *conditions: ColumnElement[bool]) -> list[str]:
    column = tables.episode.c.key
    query = select(column).where(*conditions).order_by(column)
    return list(connection.execute(query).scalars())
