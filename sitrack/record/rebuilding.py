"""Derives every copy anew from the entries, which hold all that a newer schema keeps.

A migration adds columns; what belongs into them is told by the entries, and by nothing
else. The reminder step that a line of the agenda has reached is kept.
"""

from __future__ import annotations

import functools

from sqlalchemy import Connection, select

from sitrack.clock import zone_named
from sitrack.journey import alerts
from sitrack.journey.episode import fold
from sitrack.journey.patient import read_episode_key
from sitrack.record import library, standing, tables
from sitrack.record.journal import load_stream


def derive_again(connection: Connection) -> None:
    """Bring standing, spans and agenda of every episode up to date."""
    zone = zone_named(connection.execute(select(tables.instance.c.zone)).scalar_one())
    protocol_of = functools.cache(functools.partial(library.pinned, connection))
    for name in connection.execute(select(tables.episode.c.key)).scalars().all():
        key = read_episode_key(name)
        entries = load_stream(connection, key.stream)
        episode = fold(key, entries, zone)
        episode = alerts.marked(episode, entries, protocol_of, zone)
        standing.derive(connection, episode, protocol_of(episode.protocol))
