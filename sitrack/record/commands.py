"""Commands by their batch: what one command wrote, wherever it wrote, is one unit."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, or_, select

from sitrack.journey.entries import EXPORTED
from sitrack.record import tables

_LATEST = 500
"""How many entries back the last command of a person is looked for."""


def entries_of(connection: Connection, batch: str) -> list[tuple[str, int]]:
    """Return (stream, number) of everything that a command wrote, in order."""
    query = (
        select(tables.entry.c.stream, tables.entry.c.seq)
        .where(tables.entry.c.batch == batch)
        .order_by(tables.entry.c.stream, tables.entry.c.seq)
    )
    return [(row.stream, row.seq) for row in connection.execute(query)]


def batch_of(connection: Connection, stream: str, seq: int) -> str | None:
    """Return the command that wrote an entry, or None where there is no such entry."""
    query = select(tables.entry.c.batch).where(
        tables.entry.c.stream == stream, tables.entry.c.seq == seq
    )
    found: str | None = connection.execute(query).scalar()
    return found


def last_of(connection: Connection, recorder: str) -> str | None:
    """Return the last command of a person that was not taken back, or None.

    What `undo` wrote does not count, nor what it took back: typed twice, it takes back
    two commands. What left the house cannot be taken back at all.
    """
    entries, payloads = tables.entry, tables.payload
    is_its = (payloads.c.stream == entries.c.stream) & (payloads.c.seq == entries.c.seq)
    about_people = [entries.c.stream.startswith(s) for s in ("episode/", "patient/")]
    query = (
        select(entries.c.batch, payloads.c.body)
        .outerjoin(payloads, is_its)
        .where(
            entries.c.recorder == recorder,
            entries.c.kind != EXPORTED,
            or_(*about_people),
        )
        .order_by(entries.c.batch.desc())
        .limit(_LATEST)
    )
    undone: set[str] = set()
    for batch, body in connection.execute(query):
        back = _taken_back(body)
        if back is not None:
            undone |= {back, batch}
        elif batch not in undone:
            return str(batch)
    return None


def _taken_back(body: Any) -> str | None:
    found: str | None = json.loads(body).get("undoes") if body else None
    return found
