"""Is the ledger the one that it says it is, and does everything have entries behind it?

What stands in `instance` and `protocol` decides how everything else is read; it must
be what the `office` stream says was made and adopted. A head, a standing, a patient or
a content without entries shows that entries are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, select, text

from sitrack.journey.entries import Entry
from sitrack.journey.patient import patient_stream
from sitrack.pathway.loading import content_hash
from sitrack.record import codec, tables
from sitrack.record.faults import Fault

_OF_STAFF: Final = ("staff-added", "role-changed", "staff-retired")
_TELLING: Final = ("ledger-made", "protocol-adopted", *_OF_STAFF)


def origin_faults(connection: Connection) -> Iterator[Fault]:
    """Compare what the ledger is with what its `office` stream says of it."""
    told = _told(connection)
    made = next((each for each in told if each.kind == "ledger-made"), None)
    if made is None:
        yield Fault("LEDGER", "office", None, "nothing says how the ledger was made")
        return
    row = connection.execute(select(tables.instance)).mappings().one()
    is_now = {"synthetic": bool(row["synthetic"]), "zone": row["zone"]}
    for name, value in is_now.items():
        if (made.payload or {}).get(name) != value:
            seen = f"its {name} is not the one it was made with"
            yield Fault("LEDGER", "office", made.seq, seen)
    yield from _strange_protocols(connection, told)
    yield from _strange_roles(connection, told)


def _told(connection: Connection) -> list[Entry]:
    """The entries that say how the ledger was made, what it adopted, who is on staff."""
    entries, payloads = tables.entry, tables.payload
    is_its = (payloads.c.stream == entries.c.stream) & (payloads.c.seq == entries.c.seq)
    query = (
        select(entries, payloads.c.salt, payloads.c.body)
        .outerjoin(payloads, is_its)
        .where(
            entries.c.stream == "office",
            entries.c.kind.in_(_TELLING),
        )
        .order_by(entries.c.seq)
    )
    return [codec.entry_of(dict(row)) for row in connection.execute(query).mappings()]


def _strange_roles(connection: Connection, entries: list[Entry]) -> Iterator[Fault]:
    """People on the staff list who were not put there, not in that role, or who left."""
    said: dict[str, Entry] = {}
    for entry in entries:
        payload = entry.payload or {}
        if entry.kind in _OF_STAFF and "staff" in payload:
            said[payload["staff"]] = entry
    there = {row.id: row for row in connection.execute(select(tables.staff))}
    for name in sorted(said.keys() | there.keys()):
        told, row = said.get(name), there.get(name)
        role = (told.payload or {}).get("role") if told else None
        gone = told.occurred if told and told.kind == "staff-retired" else None
        if (role, gone) != (row.role if row else None, row.retired if row else None):
            seen = f"the role of {name} on the staff list does not follow from it"
            yield Fault("STANDING", "office", told.seq if told else None, seen)


def _strange_protocols(connection: Connection, entries: list[Entry]) -> Iterator[Fault]:
    """Protocols that nobody adopted, or not at the time they say."""
    adopted = {
        (each.payload or {}).get("hash"): each
        for each in entries
        if each.kind == "protocol-adopted"
    }
    for row in connection.execute(select(tables.protocol)).mappings():
        entry = adopted.get(row["hash"])
        seq = entry.seq if entry else None
        named = f"the protocol {row['id']} {row['hash'][:16]}"
        if entry is None or not _same_moment(row, entry):
            yield Fault("LEDGER", "office", seq, f"{named} was not adopted so")
        elif not _same_text(row, entry):
            seen = f"the text of {named} is not the one that was adopted"
            yield Fault("LEDGER", "office", seq, seen)


def _same_moment(row: Any, entry: Entry) -> bool:
    """The entry was written with the row: at its instant, or microseconds after."""
    try:
        after = entry.recorded - codec.read_instant(row["adopted"])
    except (ValueError, TypeError):
        return False
    return 0 <= after.total_seconds() < 1


def _same_text(row: Any, entry: Entry) -> bool:
    said = (entry.payload or {}).get("protocol")
    return bool(content_hash(row["text"]) == row["hash"] and row["id"] == said)


_ORPHANS: Final = """
SELECT p.stream, p.seq FROM payload p
LEFT JOIN entry e ON e.stream = p.stream AND e.seq = p.seq
WHERE e.seq IS NULL ORDER BY p.stream, p.seq
"""
_HEADS: Final = """
SELECT s.stream FROM stream s
LEFT JOIN entry e ON e.stream = s.stream AND e.seq = 1
WHERE e.seq IS NULL ORDER BY s.stream
"""
_EPISODES: Final = """
SELECT x.key FROM episode x
LEFT JOIN entry e ON e.stream = 'episode/' || x.key AND e.seq = 1
WHERE e.seq IS NULL ORDER BY x.key
"""
_PEOPLE: Final = """
SELECT x.key FROM patient x
LEFT JOIN entry e ON e.stream = 'patient/' || x.key AND e.seq = 1
WHERE e.seq IS NULL ORDER BY x.key
"""


def orphans(connection: Connection) -> Iterator[Fault]:
    """Contents that belong to no entry."""
    for stream, seq in connection.execute(text(_ORPHANS)):
        yield Fault("ORPHAN", str(stream), seq, "a content without an entry")


def missing_streams(connection: Connection) -> Iterator[Fault]:
    """Heads, episodes and patients that no entries stand behind."""
    for (stream,) in connection.execute(text(_HEADS)):
        yield Fault("STREAM_MISSING", str(stream), None, "its entries are gone")
    for (key,) in connection.execute(text(_EPISODES)):
        seen = "an episode without entries"
        yield Fault("STREAM_MISSING", f"episode/{key}", None, seen)
    for (key,) in connection.execute(text(_PEOPLE)):
        seen = "a patient without entries"
        yield Fault("STREAM_MISSING", patient_stream(str(key)), None, seen)
