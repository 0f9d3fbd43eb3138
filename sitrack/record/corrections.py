"""Could every amendment of a stream be made as it was, and does it lead somewhere legal?

Each is judged by what was known when it was written; the journey that stands after a
command's last amendment must be a legal one, and what was transferred must have an
origin that says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from sitrack.journey.amendments import fault_of_amendment, fault_of_timeline
from sitrack.journey.entries import RETRACTED, Entry
from sitrack.journey.episode import fold
from sitrack.journey.patient import EpisodeKey
from sitrack.record import library
from sitrack.record.journal import Ledger, load_stream


def first_wrong(
    connection: Connection, ledger: Ledger, key: EpisodeKey, entries: Sequence[Entry]
) -> tuple[int, str] | None:
    """Return (number, what is wrong) of the first amendment that cannot be so.

    None if every one of them can.
    """
    for place, entry in enumerate(entries):
        seen = None
        if entry.corrects is not None:
            seen = fault_of_amendment(entries[:place], entry)
            if seen is None and _ends_command(entries, place):
                seen = _journey(connection, ledger, key, entries[: place + 1])
        origin = (entry.payload or {}).get("transferred")
        if seen is None and origin is not None:
            seen = _origin(connection, origin)
        if seen:
            return entry.seq, seen
    return None


def _ends_command(entries: Sequence[Entry], place: int) -> bool:
    """A command may amend several entries at once: only its end need be legal."""
    after = entries[place + 1 : place + 2]
    return not after or after[0].batch != entries[place].batch


def _journey(
    connection: Connection, ledger: Ledger, key: EpisodeKey, known: Sequence[Entry]
) -> str | None:
    episode = fold(key, known, ledger.zone)
    protocol = library.pinned(connection, episode.protocol)
    seen = fault_of_timeline(known, ledger.zone, protocol)
    return f"what it leaves is no legal journey: {seen}" if seen else None


def _origin(connection: Connection, origin: Mapping[str, Any]) -> str | None:
    """What is wrong with the place that an entry was transferred from."""
    name, _, number = str(origin["from"]).partition("#")
    stream = load_stream(connection, f"episode/{name}")
    first = next((e for e in stream if e.seq == int(number)), None)
    if first is None:
        return "the entry that it was transferred from is gone"
    if first.recorded != dt.datetime.fromisoformat(origin["recorded"]):
        return "it was not first written when it says"
    taken = any(e.corrects == first.seq and e.kind == RETRACTED for e in stream)
    return None if taken else "it still stands where it was transferred from"
