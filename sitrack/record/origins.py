"""Is the ledger the one that it says it is, and is every protocol one it adopted?

What stands in `instance` and `protocol` decides how everything else is read; it must
be what the `office` stream says was made and adopted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from sitrack.errors import SitrackError
from sitrack.journey.entries import Entry
from sitrack.pathway.loading import content_hash
from sitrack.record import codec, tables
from sitrack.record.faults import Fault
from sitrack.record.journal import load_stream


def origin_faults(connection: Connection) -> list[Fault]:
    """Compare what the ledger is with what its `office` stream says of it."""
    try:
        entries = load_stream(connection, "office")
    except SitrackError:
        return []  # the chain of the stream has named it
    made = next((each for each in entries if each.kind == "ledger-made"), None)
    if made is None:
        return [Fault("LEDGER", "office", None, "nothing says how the ledger was made")]
    said = made.payload or {}
    row = connection.execute(select(tables.instance)).mappings().one()
    is_now = {"synthetic": bool(row["synthetic"]), "zone": row["zone"]}
    faults = [
        Fault(
            "LEDGER", "office", made.seq, f"its {name} is not the one it was made with"
        )
        for name, value in is_now.items()
        if said.get(name) != value
    ]
    return faults + _strange_protocols(connection, entries)


def _strange_protocols(connection: Connection, entries: list[Entry]) -> list[Fault]:
    """Protocols that nobody adopted, or not at the time they say."""
    adopted = {
        (each.payload or {}).get("hash"): each
        for each in entries
        if each.kind == "protocol-adopted"
    }
    faults = []
    for row in connection.execute(select(tables.protocol)).mappings():
        entry = adopted.get(row["hash"])
        seq = entry.seq if entry else None
        named = f"the protocol {row['id']} {row['hash'][:16]}"
        if entry is None or not _same_moment(row, entry):
            seen = f"{named} was not adopted so"
            faults.append(Fault("LEDGER", "office", seq, seen))
        elif not _same_text(row, entry):
            seen = f"the text of {named} is not the one that was adopted"
            faults.append(Fault("LEDGER", "office", seq, seen))
    return faults


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


def orphans(connection: Connection) -> list[Fault]:
    """Contents that belong to no entry."""
    entries, payloads = tables.entry, tables.payload
    is_its = (entries.c.stream == payloads.c.stream) & (entries.c.seq == payloads.c.seq)
    query = (
        select(payloads.c.stream, payloads.c.seq)
        .outerjoin(entries, is_its)
        .where(entries.c.seq.is_(None))
        .order_by(payloads.c.stream, payloads.c.seq)
    )
    return [
        Fault("ORPHAN", row.stream, row.seq, "a content without an entry")
        for row in connection.execute(query)
    ]
