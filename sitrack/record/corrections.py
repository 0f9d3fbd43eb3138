"""Could every amendment of a stream be made as it was, and does it lead somewhere legal?

Each is judged by what was known when it was written; the journey that stands after a
command's last amendment must be a legal one, and what was transferred must have an
origin that says so.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from sitrack.journey.amendments import (
    effective,
    fault_of_amendment,
    fault_of_timeline,
    kept,
)
from sitrack.journey.entries import CORRECTED, RETRACTED, Entry
from sitrack.journey.folding import first_written
from sitrack.record import library
from sitrack.record.journal import load_stream
from sitrack.record.ledger import Ledger


def first_wrong(
    connection: Connection, ledger: Ledger, entries: Sequence[Entry]
) -> tuple[int, str] | None:
    """Return (number, what is wrong) of the first amendment that cannot be so.

    None if every one of them can.
    """
    amended = 0
    for place, entry in enumerate(entries):
        seen = None
        if entry.corrects is not None or entry.kind in {CORRECTED, RETRACTED}:
            seen, amended = fault_of_amendment(entries[:place], entry), entry.seq
        seen = seen or _transferred(connection, entries, entry)
        if seen:
            return entry.seq, seen
        if amended and _ends_command(entries, place):
            seen = _journey(connection, ledger, entries[: place + 1])
            if seen:
                return amended, seen
            amended = 0
    return None


def _ends_command(entries: Sequence[Entry], place: int) -> bool:
    """A command may amend several entries at once: only its end need be legal."""
    after = entries[place + 1 : place + 2]
    return not after or after[0].batch != entries[place].batch


def _journey(
    connection: Connection, ledger: Ledger, known: Sequence[Entry]
) -> str | None:
    protocol_of = functools.partial(library.pinned, connection)
    seen = fault_of_timeline(known, ledger.zone, protocol_of)
    return f"what it leaves is no legal journey: {seen}" if seen else None


# --- transfers: one command took it out there, and wrote it down here


def _transferred(
    connection: Connection, entries: Sequence[Entry], entry: Entry
) -> str | None:
    payload = entry.payload or {}
    if "transferred" in payload and entry.corrects is None:
        return _origin(connection, entry, payload["transferred"])
    if entry.kind == RETRACTED and "to" in payload:
        return _destination(connection, entries, entry, str(payload["to"]))
    return None


def _origin(
    connection: Connection, entry: Entry, origin: Mapping[str, Any]
) -> str | None:
    """What is wrong with the place that an entry was transferred from."""
    there, number = _place(connection, str(origin["from"]))
    first = next((e for e in there if e.seq == number), None)
    if first is None:
        return "the entry that it was transferred from is gone"
    if first_written(first) != dt.datetime.fromisoformat(origin["recorded"]):
        return "it was not first written when it says"
    out = next((e for e in there if _takes_out(e, first) and _is_of(e, entry)), None)
    if out is None:
        return "it still stands where it was transferred from"
    known = [e for e in there if e.seq < out.seq]
    stood = next((e for e in effective(known) if e.seq == number), None)
    if stood is None or not _says_the_same(stood, entry):
        return "it does not say what stood where it was transferred from"
    return None


def _destination(
    connection: Connection, entries: Sequence[Entry], entry: Entry, to: str
) -> str | None:
    """What is wrong with the place that an entry was transferred to."""
    there, number = _place(connection, to)
    copy = next((e for e in there if e.seq == number), None)
    name = entries[0].stream.removeprefix("episode/")
    cited = ((copy and copy.payload) or {}).get("transferred", {}).get("from")
    if cited != f"{name}#{entry.corrects}":
        return "it was not transferred to where it says"
    return None


def _place(connection: Connection, named: str) -> tuple[Sequence[Entry], int]:
    name, _, number = named.partition("#")
    return load_stream(connection, f"episode/{name}"), int(number)


def _takes_out(entry: Entry, first: Entry) -> bool:
    return entry.kind == RETRACTED and entry.corrects == first.seq


def _is_of(one: Entry, other: Entry) -> bool:
    """Whether one command wrote both."""
    return one.batch == other.batch


def _says_the_same(stood: Entry, entry: Entry) -> bool:
    """Of one kind and day, with the same content; what it belongs to moved with it.

    A later version may have added defaults that the first entry does not name.
    """
    one, other = kept(stood), kept(entry)
    return (
        (stood.kind, stood.occurred) == (entry.kind, entry.occurred)
        and one.get("readings") == other.get("readings")
        and stood.values.items() <= entry.values.items()
    )
