"""Who saw a patient or an episode, and how: by the log of reads, and by what they wrote.

Whoever writes on an episode sees it, too. What was refused showed nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from sitrack.record import tables
from sitrack.record.access import READ, keys_seen
from sitrack.record.trail import Span, of_key

WROTE: Final = "wrote"


def who_saw(connection: Connection, key: str, span: Span) -> list[dict[str, Any]]:
    """Return each time that somebody saw a patient, or an episode, in their order.

    An episode is seen with its patient, too; a patient with each of the episodes.
    """
    rows = [*_reads(connection, key, span), *_writes(connection, key, span)]
    return sorted(rows, key=lambda row: (row["recorded"], row["stream"], row["seq"]))


def seen_of(connection: Connection, key: str, span: Span) -> list[tuple[str, int]]:
    """Return (stream, number) of what the log of reads holds of a key."""
    return [
        (row["stream"], row["seq"]) for row in _logged(connection, key, span, kinds=())
    ]


def _reads(connection: Connection, key: str, span: Span) -> Iterator[dict[str, Any]]:
    for row in _logged(connection, key, span, kinds=(READ,)):
        said = row["said"]
        yield {
            "recorded": row["recorded"],
            "stream": row["stream"],
            "seq": row["seq"],
            "who": row["recorder"],
            "how": READ,
            "command": said.get("command"),
            "scope": said.get("scope"),
            "form": said.get("form"),
            "outcome": said.get("outcome"),
            "break_glass": said.get("break_glass"),
            "account": said.get("account"),
        }


def _logged(
    connection: Connection, key: str, span: Span, kinds: tuple[str, ...]
) -> Iterator[Mapping[str, Any]]:
    """What the log of reads holds of a key, with what each entry says."""
    entries, payloads = tables.entry.c, tables.payload.c
    patient = key.partition("-")[0]
    query = (
        select(entries.recorded, entries.stream, entries.seq, entries.recorder)
        .add_columns(payloads.body)
        .join(
            tables.payload,
            (payloads.stream == entries.stream) & (payloads.seq == entries.seq),
        )
        .where(
            entries.stream.startswith("access/"),
            # A long list of keys is packed, and read to the end.
            or_(payloads.body.contains(patient), payloads.body.contains('"packed"')),
            *span.holds(),
        )
    )
    if kinds:
        query = query.where(entries.kind.in_(kinds))
    for row in connection.execute(query).mappings():
        said = json.loads(row["body"])
        if any(_is_about(seen, key) for seen in keys_seen(said)):
            yield {**row, "said": said}


def _is_about(seen: str, key: str) -> bool:
    patient = key.partition("-")[0]
    if "-" in key:
        return seen in {key, patient}
    return seen.partition("-")[0] == patient


def _writes(connection: Connection, key: str, span: Span) -> Iterator[dict[str, Any]]:
    entries = tables.entry.c
    query = select(
        entries.recorded, entries.stream, entries.seq, entries.kind, entries.recorder
    ).where(of_key(key), *span.holds())
    for row in connection.execute(query).mappings():
        yield {
            "recorded": row["recorded"],
            "stream": row["stream"],
            "seq": row["seq"],
            "who": row["recorder"],
            "how": WROTE,
            "command": row["kind"],
            **dict.fromkeys(("scope", "form", "outcome", "break_glass", "account")),
        }
