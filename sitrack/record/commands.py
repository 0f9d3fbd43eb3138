"""Commands by their batch: what one command wrote, wherever it wrote, is one unit."""

from __future__ import annotations

import itertools
import json
from typing import Any

from sqlalchemy import Connection, select

from sitrack.journey.entries import EXPORTED, MERGED
from sitrack.record import tables

_AT_ONCE = 50
"""How many entries are read at a time, back to the last command of a person."""


def entries_of(connection: Connection, batch: str) -> list[tuple[str, int]]:
    """Return (stream, number) of everything that a command wrote, in order."""
    query = (
        select(tables.entry.c.stream, tables.entry.c.seq)
        .where(tables.entry.c.batch == batch)
        .order_by(tables.entry.c.stream, tables.entry.c.seq)
    )
    return [(row.stream, row.seq) for row in connection.execute(query)]


def merge_of(connection: Connection, batch: str) -> str | None:
    """Return the patient whom a command merged into another, or None."""
    query = _BODIES.where(tables.entry.c.batch == batch, tables.entry.c.kind == MERGED)
    row = connection.execute(query).first()
    return str(json.loads(row.body)["from"]) if row and row.body else None


def batch_of(connection: Connection, stream: str, seq: int) -> str | None:
    """Return the command that wrote an entry, or None where there is no such entry."""
    query = select(tables.entry.c.batch).where(
        tables.entry.c.stream == stream, tables.entry.c.seq == seq
    )
    found: str | None = connection.execute(query).scalar()
    return found


def last_of(connection: Connection, recorder: str) -> str | None:
    """Return the last command of a person that was not taken back, or None.

    What `undo` wrote does not count, nor what anybody took back: typed twice, it takes
    back two commands. What was taken back, and then the taking back, counts again. What
    left the house cannot be taken back at all.
    """
    query = (
        _BODIES.where(
            tables.entry.c.recorder == recorder,
            tables.entry.c.kind != EXPORTED,
            tables.entry.c.stream.not_like("access/%"),
        )
        .order_by(tables.entry.c.batch.desc())
        .execution_options(yield_per=_AT_ONCE)
    )
    with connection.execute(query) as latest_first:
        for batch, commands in itertools.groupby(latest_first, lambda row: row.batch):
            undid = any(_taken_back(row.body) for row in commands)
            if not undid and not _was_taken_back(connection, batch):
                return str(batch)
    return None


def _was_taken_back(connection: Connection, batch: str) -> bool:
    """Whether somebody took a command back, and nobody that."""
    stream, seq = entries_of(connection, batch)[0]
    query = _BODIES.where(
        tables.entry.c.stream == stream, tables.entry.c.seq > seq
    ).order_by(tables.entry.c.seq.desc())
    undone: set[str] = set()
    for row in connection.execute(query):
        back = _taken_back(row.body)
        if back is not None and row.batch not in undone:
            undone.add(back)
    return batch in undone


def _taken_back(body: Any) -> str | None:
    found: str | None = json.loads(body).get("undoes") if body else None
    return found


_BODIES = select(tables.entry.c.batch, tables.payload.c.body).outerjoin(
    tables.payload,
    (tables.payload.c.stream == tables.entry.c.stream)
    & (tables.payload.c.seq == tables.entry.c.seq),
)
