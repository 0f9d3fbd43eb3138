"""The record as tables for a spreadsheet: where everybody is, what is due, every entry.

No cell can be taken for a formula. Contents of entries stand in them as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sitrack.exchange.leaving import Journey
from sitrack.journey.entries import Entry
from sitrack.legible import separated

_EPISODES: Final = (
    "episode",
    "patient",
    "side",
    "stage",
    "status",
    "since",
    "opened",
    "coordinator",
    "protocol",
    "version",
)
_DUE: Final = ("episode", "rule", "due", "show_from", "title", "waits_for", "tries")
_ENTRIES: Final = (
    "episode",
    "number",
    "kind",
    "stage_from",
    "stage_to",
    "occurred",
    "recorded",
    "performer",
    "recorder",
    "source",
    "corrects",
    "batch",
    "hash",
    "content",
)


def tables(found: Iterable[Journey]) -> Mapping[str, str]:
    """Return the text of each file, by its name."""
    every = list(found)
    return {
        "episodes.csv": separated(_EPISODES, map(_episode, every), "csv"),
        "due.csv": separated(_DUE, _due(every), "csv"),
        "entries.csv": separated(_ENTRIES, _entries(every), "csv"),
    }


def _episode(journey: Journey) -> dict[str, Any]:
    episode = journey.episode
    return {
        "episode": journey.name,
        "patient": episode.key.patient,
        "side": episode.key.side.value,
        "stage": episode.stage,
        "status": episode.status.value,
        "since": episode.visit.entered,
        "opened": episode.opened,
        "coordinator": episode.coordinator,
        "protocol": journey.protocol.id,
        "version": episode.version,
    }


def _due(found: Iterable[Journey]) -> Iterator[dict[str, Any]]:
    for journey in found:
        for line in journey.due:
            yield {
                "episode": journey.name,
                "rule": line.rule,
                "due": line.due,
                "show_from": line.show_from,
                "title": line.title,
                "waits_for": line.waits_for,
                "tries": line.tries,
            }


def _entries(found: Iterable[Journey]) -> Iterator[dict[str, Any]]:
    for journey in found:
        for entry in journey.entries:
            yield {"episode": journey.name, **_entry(entry)}


def _entry(entry: Entry) -> dict[str, Any]:
    who = entry.provenance
    return {
        "number": entry.seq,
        "kind": entry.kind,
        "stage_from": entry.stage_from,
        "stage_to": entry.stage_to,
        "occurred": entry.occurred,
        "recorded": entry.recorded,
        "performer": who.performer,
        "recorder": who.recorder,
        "source": who.source,
        "corrects": entry.corrects,
        "batch": entry.batch,
        "hash": entry.hash,
        "content": None
        if entry.payload is None
        else json.dumps(entry.payload, sort_keys=True, ensure_ascii=False),
    }
