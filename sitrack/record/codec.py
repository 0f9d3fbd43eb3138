"""Entries to rows and back; the header that is hashed is spelled here and only here."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sitrack.journey.entries import Draft, Entry, Occurred, Provenance

HEADER: Final = (
    "ledger_id",
    "stream",
    "seq",
    "entry_id",
    "kind",
    "stage_from",
    "stage_to",
    "occurred",
    "recorded",
    "performer",
    "recorder",
    "source",
    "protocol",
    "corrects",
    "batch",
    "commitment",
)
"""The fields of the hashed header, in their fixed order."""

DELIVERY: Final = ("reminder", "attempt", "event", "at", "worker", "detail")
"""The fields of a line of `delivery` that are hashed, in their fixed order."""


def instant_text(instant: dt.datetime) -> str:
    """Return an instant as the record keeps it: UTC, microseconds, a Z."""
    utc = instant.astimezone(dt.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def read_instant(text: str) -> dt.datetime:
    """Return the instant that the record keeps as `text`."""
    return dt.datetime.fromisoformat(text)


def occurred_text(occurred: Occurred) -> str:
    """Return a clinical day or an instant as the record keeps it."""
    if isinstance(occurred, dt.datetime):
        return instant_text(occurred)
    return occurred.isoformat()


def read_occurred(text: str) -> Occurred:
    """Return the clinical day or instant that the record keeps as `text`."""
    return read_instant(text) if "T" in text else dt.date.fromisoformat(text)


def header_of(ledger_id: str, row: Mapping[str, Any]) -> list[str | None]:
    """Return the fields that are hashed, as text, in their order."""
    return [ledger_id, *as_text([row[name] for name in HEADER[1:]])]


def as_text(values: Iterable[Any]) -> list[str | None]:
    """Return values as they are hashed: bytes as hex, numbers as digits."""
    return [
        value if value is None or type(value) is str else _as_text(value)
        for value in values
    ]


def _as_text(value: Any) -> str:
    return value.hex() if type(value) is bytes else str(value)


def delivery_of(row: Mapping[str, Any]) -> list[str | None]:
    """Return the fields of a line of `delivery` that are hashed, as text."""
    return as_text([row[name] for name in DELIVERY])


def row_of(draft: Draft, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an entry, without its hash.

    Args:
        draft: what is to be written.
        numbers: stream, seq, entry_id, recorded (text), batch, commitment, previous.
    """
    return {
        "kind": draft.kind,
        "stage_from": draft.stage_from,
        "stage_to": draft.stage_to,
        "occurred": occurred_text(draft.occurred),
        "performer": draft.provenance.performer,
        "recorder": draft.provenance.recorder,
        "source": draft.provenance.source,
        "protocol": draft.protocol,
        "corrects": draft.corrects,
        **numbers,
    }


def entry_of(row: Mapping[str, Any]) -> Entry:
    """Return the entry that a row (with `salt` and `body` of its payload) holds."""
    return Entry(
        stream=row["stream"],
        seq=row["seq"],
        entry_id=row["entry_id"],
        kind=row["kind"],
        stage_from=row["stage_from"],
        stage_to=row["stage_to"],
        occurred=read_occurred(row["occurred"]),
        recorded=read_instant(row["recorded"]),
        provenance=Provenance(row["performer"], row["recorder"], row["source"]),
        protocol=row["protocol"],
        corrects=row["corrects"],
        batch=row["batch"],
        commitment=bytes(row["commitment"]).hex(),
        previous=bytes(row["previous"]).hex(),
        hash=bytes(row["hash"]).hex(),
        payload=None if row["body"] is None else json.loads(row["body"]),
        salt=row["salt"],
    )
