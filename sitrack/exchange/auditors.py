"""A folder of entries for auditors: of all streams, or of some patients and episodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sitrack.errors import NotFound
from sitrack.exchange import audit_pages, entries
from sitrack.exchange.entries import Manifest
from sitrack.journey.patient import (
    is_patient_key,
    patient_stream,
    read_episode_key,
    read_patient_key,
)
from sitrack.record import registry, trail, worklist
from sitrack.record.ledger import Ledger, Reader, reading
from sitrack.record.trail import Wanted


def folder_for_auditors(
    ledger: Ledger,
    path: Path,
    keys: Sequence[str],
    form: str,
    *,
    contents: bool,
) -> Manifest:
    """Write the folder; without keys, of the whole record.

    Raises:
        NotFound: there is no such patient or episode.
        Unavailable: the folder is there already, or cannot be written.
    """
    with reading(ledger) as connection:
        streams = _streams(connection, keys) if keys else None
        rows = [
            row
            for row in trail.trail(connection, Wanted())
            if streams is None or row["stream"] in streams
        ]
        rows.sort(key=lambda row: (row["stream"], row["seq"]))
        return entries.write_entries(
            connection,
            ledger,
            path,
            streams=streams,
            contents=contents,
            more=audit_pages.files(form, f"Entries of {ledger.ledger_id}", rows),
        )


def _streams(connection: Reader, keys: Sequence[str]) -> list[str]:
    found: list[str] = []
    for typed in keys:
        if is_patient_key(typed):
            key = registry.registered(connection, read_patient_key(typed)).key
            found.append(patient_stream(key))
            found += [
                f"episode/{name}" for name, _ in worklist.keys_of(connection, key)
            ]
        else:
            episode = read_episode_key(typed)
            known = [name for name, _ in worklist.keys_of(connection, episode.patient)]
            if str(episode) not in known:
                raise NotFound(f"there is no episode {episode}", "sitrack episode list")
            found.append(episode.stream)
    return sorted(set(found))
