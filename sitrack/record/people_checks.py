"""Checks what the streams of patients say: their episodes, who pays, who is one person."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import Connection, text

from sitrack.journey.entries import MERGED, PAYER_SET
from sitrack.journey.patient import patient_stream
from sitrack.record import history, persons
from sitrack.record.faults import Fault
from sitrack.record.journal import load_stream
from sitrack.record.ledger import Ledger

_MENTIONS: Final = """
SELECT e.stream, e.seq, p.body FROM entry e
JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
WHERE e.kind = 'episode-opened' ORDER BY e.stream, e.seq
"""
_PAYERS: Final = f"""
SELECT p.key, p.payer FROM patient p WHERE p.payer IS NOT NULL OR EXISTS (
  SELECT 1 FROM entry e WHERE e.stream = 'patient/' || p.key AND e.kind = '{PAYER_SET}')
ORDER BY p.key
"""  # noqa: S608 - a word of ours
_MERGES: Final = f"""
SELECT p.key, p.merged_into FROM patient p WHERE p.merged_into IS NOT NULL OR EXISTS (
  SELECT 1 FROM entry e WHERE e.stream = 'patient/' || p.key AND e.kind = '{MERGED}')
ORDER BY p.key
"""  # noqa: S608 - a word of ours
_KNOWN: Final = "SELECT 1 FROM entry WHERE stream = :stream AND seq = 1"
_PIECES: Final = {"yield_per": 500}


def mention_faults(connection: Connection, broken: Collection[str]) -> Iterator[Fault]:
    """Episodes that a patient's stream mentions, and that have no stream.

    Args:
        connection: an open transaction.
        broken: streams in which an entry is bad; they are not looked at.
    """
    rows = connection.execute(text(_MENTIONS), execution_options=_PIECES)
    for stream, seq, body in rows:
        if stream in broken:
            continue
        try:
            name = f"episode/{json.loads(body)['episode']}"
        except (ValueError, LookupError, TypeError, RecursionError):
            seen = "what it says of an episode cannot be read"
            yield Fault("INTEGRITY", str(stream), seq, seen)
            continue
        if connection.execute(text(_KNOWN), {"stream": name}).first() is None:
            seen = f"the stream of {name.removeprefix('episode/')} is gone"
            yield Fault("STREAM_MISSING", str(stream), seq, seen)


def payer_faults(
    connection: Connection, ledger: Ledger, broken: Collection[str]
) -> Iterator[Fault]:
    """Patients whose payer is not whom their entries name last."""
    for key, payer in connection.execute(text(_PAYERS), execution_options=_PIECES):
        stream = patient_stream(str(key))
        if stream in broken:
            continue
        try:
            entries = load_stream(connection, stream)
            said = history.payer_told(entries, ledger.zone, dt.date.max)
        except Exception:  # noqa: BLE001 - whatever it is, the entries gave rise to it
            yield Fault("INTEGRITY", stream, None, "its entries cannot be read")
            continue
        if payer != said:
            seen = "the payer does not follow from them"
            yield Fault("STANDING", stream, None, seen)


def merge_faults(connection: Connection, broken: Collection[str]) -> Iterator[Fault]:
    """Patients who are not under the key that their entries say they were merged into."""
    for key, into in connection.execute(text(_MERGES), execution_options=_PIECES):
        stream = patient_stream(str(key))
        if stream in broken:
            continue
        try:
            said = persons.owner_told(connection, str(key))
        except Exception:  # noqa: BLE001 - whatever it is, the entries gave rise to it
            yield Fault("INTEGRITY", stream, None, "its entries cannot be read")
            continue
        if (into or key) != said:
            seen = "whom the patient is merged into does not follow from them"
            yield Fault("STANDING", stream, None, seen)
