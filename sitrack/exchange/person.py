"""Everything that the record holds of one patient, for the patient: one JSON document."""

from __future__ import annotations

import json
from typing import Any

from sitrack.journey.entries import Entry
from sitrack.journey.patient import patient_stream
from sitrack.legible import plain
from sitrack.record import consents, persons, registry, worklist
from sitrack.record.journal import load_stream
from sitrack.record.ledger import Reader
from sitrack.record.sent import sendings


def document(connection: Reader, key: str) -> bytes:
    """Return the document; the same record gives the same bytes."""
    sent = sendings(connection)
    whole = {
        "schema": "sitrack.person/1",
        **_registered(connection, key),
        # Under which other keys the same person was registered.
        "merged": [
            _registered(connection, each) for each in persons.others(connection, key)
        ],
        "episodes": [
            {
                "episode": name,
                "status": status,
                "entries": _entries(connection, f"episode/{name}"),
                "reminders": [
                    {"at": each.at, "channel": each.channel, "due": each.due}
                    for each in sent.get(name, ())
                ],
            }
            for name, status in worklist.keys_of(connection, key)
        ],
    }
    text = json.dumps(whole, ensure_ascii=False, indent=1, default=plain)
    return f"{text}\n".encode()


def _registered(connection: Reader, key: str) -> dict[str, Any]:
    found = registry.registered(connection, key)
    person = found.person
    return {
        "patient": key,
        "given": person.given,
        "family": person.family,
        "born": person.born,
        "record_number": person.mrn,
        "payer": found.payer,
        "contact": [
            {
                "channel": point.channel,
                "address": point.address,
                "consent": point.consent,
                "since": point.since,
            }
            for point in consents.points_of(connection, key)
        ],
        "entries": _entries(connection, patient_stream(key)),
    }


def _entries(connection: Reader, stream: str) -> list[dict[str, Any]]:
    return [_entry(entry) for entry in load_stream(connection, stream)]


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.seq,
        "kind": entry.kind,
        "happened": entry.occurred,
        "recorded": entry.recorded,
        "performer": entry.provenance.performer,
        "recorder": entry.provenance.recorder,
        "source": entry.provenance.source,
        "stage_from": entry.stage_from,
        "stage_to": entry.stage_to,
        "corrects": entry.corrects,
        "content": entry.payload,
    }
