"""Derives every copy anew from the entries, which hold all that the copies keep.

A migration adds columns; what belongs into them is told by the entries, and by nothing
else. The same mends copies that were lost or changed. The reminder step that a line of
the agenda has reached is kept.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, exists, insert, select

from sitrack.clock import zone_named
from sitrack.errors import NotFound
from sitrack.journey import alerts
from sitrack.journey.agenda import agenda
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.patient import EpisodeKey, read_episode_key
from sitrack.pathway.protocol import Protocol
from sitrack.record import agenda_lines, library, persons, standing, tables
from sitrack.record.journal import load_stream

_COPIES: Final = (tables.agenda, tables.stage_span, tables.episode)
"""What is derived, in the order in which it may be taken away."""

_STEPS: Final = ("step", "step_on")
"""Of a line of the agenda: how far its reminders came, which no entry tells."""


def derive_again(connection: Connection) -> None:
    """Bring standing, spans and agenda of every episode up to date."""
    reader = _Reader(connection)
    for name in connection.execute(select(tables.episode.c.key)).scalars().all():
        with suppress(NotFound):  # what was erased has its last copies for good
            episode = reader.told(read_episode_key(name))
            standing.derive(connection, episode, reader.protocol_of(episode.protocol))


def rebuild(connection: Connection) -> list[str]:
    """Mend every copy that does not follow from the entries; return whose they were.

    What no entry stands behind is taken away, unless something was sent about it.
    """
    reader = _Reader(connection)
    changed = []
    names = connection.execute(select(tables.stream.c.stream)).scalars().all()
    keys = sorted(
        name.removeprefix("episode/") for name in names if name.startswith("episode/")
    )
    for name in keys:
        try:
            episode = reader.told(read_episode_key(name))
        except NotFound:
            continue  # erased by law
        protocol = reader.protocol_of(episode.protocol)
        if _stands(connection, name) != _wanted(connection, episode, protocol):
            _write_again(connection, episode, protocol)
            changed.append(name)
    return sorted([*changed, *_take_away(connection, set(keys))])


class _Reader:
    """Reads episodes, and each protocol once."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        query = select(tables.instance.c.zone)
        self.zone = zone_named(connection.execute(query).scalar_one())
        self.protocol_of = functools.cache(
            functools.partial(library.pinned, connection)
        )

    def told(self, key: EpisodeKey) -> Episode:
        """The episode, with the moves that a correction took the ground from."""
        entries = load_stream(self.connection, key.stream)
        episode = fold(key, entries, self.zone)
        return alerts.marked(episode, entries, self.protocol_of, self.zone)


Rows = list[list[tuple[str, str]]]


def _stands(connection: Connection, key: str) -> list[Rows]:
    """The copies as they stand."""
    return [
        _compared(connection.execute(select(table).where(_of(table) == key)).mappings())
        for table in _COPIES
    ]


def _wanted(connection: Connection, episode: Episode, protocol: Protocol) -> list[Rows]:
    """The copies as the entries tell them."""
    lines = agenda(episode, protocol)
    patient = persons.owner_told(connection, episode.key.patient)
    return [
        _compared(agenda_lines.agenda_row(str(episode.key), line) for line in lines),
        _compared(standing.span_rows(episode)),
        _compared([{**standing.standing_row(episode), "patient": patient}]),
    ]


def _compared(rows: Any) -> Rows:
    return sorted(
        sorted((name, str(row[name])) for name in row if name not in _STEPS)
        for row in map(dict, rows)
    )


def _of(table: Table) -> Any:
    return table.c.key if table is tables.episode else table.c.episode


def _write_again(connection: Connection, episode: Episode, protocol: Protocol) -> None:
    key = str(episode.key)
    query = select(tables.episode.c.key).where(tables.episode.c.key == key)
    if connection.execute(query).first() is None:
        connection.execute(insert(tables.episode), standing.standing_row(episode))
    # A line that differs in anything is written anew, as `derive` does with new ones.
    wanted = {
        (line.visit, line.rule, line.occurrence): line
        for line in agenda(episode, protocol)
    }
    for row in agenda_lines.open_agenda(connection, key):
        line = wanted.get((row["visit"], row["rule"], row["occurrence"]))
        if line is not None and _differs(row, agenda_lines.agenda_row(key, line)):
            connection.execute(
                delete(tables.agenda).where(
                    tables.agenda.c.episode == key,
                    tables.agenda.c.visit == row["visit"],
                    tables.agenda.c.rule == row["rule"],
                    tables.agenda.c.occurrence == row["occurrence"],
                )
            )
    standing.derive(connection, episode, protocol)
    persons.follow(connection, episode.key)


def _differs(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return _compared([row]) != _compared([wanted])


def _take_away(connection: Connection, keys: set[str]) -> Iterator[str]:
    """Copies that no entry stands behind."""
    for name in connection.execute(select(tables.episode.c.key)).scalars().all():
        sent = select(exists().where(tables.reminder.c.episode == name))
        if name in keys or connection.execute(sent).scalar():
            continue
        for table in _COPIES:
            connection.execute(delete(table).where(_of(table) == name))
        yield name
