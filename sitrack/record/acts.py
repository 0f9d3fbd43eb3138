"""What people did around the care: who read, was refused, took away, or got a role.

What they wrote of the care itself stands on its own: see `history`. Here is what an
observer tells of them, in the order in which it was written.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from sitrack.journey.entries import EXPORTED
from sitrack.record import codec, tables
from sitrack.record.access import BROKEN_GLASS, READ, REFUSED, keys_seen

ROLES_CHANGED: Final = ("staff-added", "role-changed", "staff-retired")
"""The kinds of entry that say who may do what from then on."""

KINDS: Final = (READ, REFUSED, BROKEN_GLASS, EXPORTED, *ROLES_CHANGED)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody did.

    Attributes:
        entry_id: the name of its entry.
        stream: where the entry stands.
        seq: its number there.
        hash: of the entry.
        kind: one of `KINDS`.
        recorded: when it was written, which is when it was done.
        who: a staff id, or `account:NAME`.
        said: what the entry says; empty where that was erased by law.
        keys: the patients and episodes that it was about.
    """

    entry_id: str
    stream: str
    seq: int
    hash: str
    kind: str
    recorded: dt.datetime
    who: str
    said: Mapping[str, Any]
    keys: tuple[str, ...]


def acts(connection: Connection, as_known: dt.datetime | None = None) -> Iterator[Act]:
    """Return every act that was known at a moment, in the order of their writing."""
    entries, payloads = tables.entry.c, tables.payload.c
    query = (
        select(entries.entry_id, entries.stream, entries.seq, entries.hash)
        .add_columns(entries.kind, entries.recorded, entries.recorder, payloads.body)
        .outerjoin(
            tables.payload,
            (payloads.stream == entries.stream) & (payloads.seq == entries.seq),
        )
        .where(entries.kind.in_(KINDS))
        .order_by(entries.recorded, entries.stream, entries.seq)
        .execution_options(yield_per=1000)
    )
    if as_known is not None:
        query = query.where(entries.recorded <= codec.instant_text(as_known))
    for row in connection.execute(query):
        said = json.loads(row.body) if row.body else {}
        yield Act(
            entry_id=row.entry_id,
            stream=row.stream,
            seq=row.seq,
            hash=bytes(row.hash).hex(),
            kind=row.kind,
            recorded=codec.read_instant(row.recorded),
            who=row.recorder,
            said=said,
            keys=_keys(row.kind, row.stream, said),
        )


def _keys(kind: str, stream: str, said: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom it was about: of a read its own words, of an export where it stands."""
    if kind in {READ, REFUSED}:
        return tuple(keys_seen(said))
    of, _, key = stream.partition("/")
    return (key,) if of in {"episode", "patient"} else ()
