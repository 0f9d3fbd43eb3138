"""A random set of episodes to review, which anybody can draw again.

Each episode's place in the draw is the hash of the seed and of its key. The same seed
draws the same episodes on any machine and either database, and an episode that is
opened later takes nobody's place but the last one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, select

from sitrack.record import tables
from sitrack.record.trail import Span

_TAG: Final = b"sitrack/sample/1\n"


def drawn(keys: Iterable[str], seed: str, size: int) -> list[str]:
    """Return so many of the keys, in the order of the draw."""
    return sorted(keys, key=lambda key: (_place(seed, key), key))[:size]


def _place(seed: str, key: str) -> bytes:
    return hashlib.sha256(_TAG + seed.encode() + b"\n" + key.encode()).digest()


def written_about(connection: Connection, span: Span) -> list[str]:
    """Return the episodes about which something was written in a span."""
    stream = tables.entry.c.stream
    query = (
        select(stream).distinct().where(stream.startswith("episode/"), *span.holds())
    )
    names = connection.execute(query).scalars()
    return sorted(str(name).removeprefix("episode/") for name in names)
