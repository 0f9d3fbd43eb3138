"""Journeys as XES (IEEE 1849): a trace for each episode, an event for each step.

The effective history only: what was corrected or retracted shows as it stands now. A
day without a time stands at noon, and says so (`sitrack:precision`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from xml.sax.saxutils import quoteattr

from sitrack.clock import start_of
from sitrack.exchange.leaving import Journey
from sitrack.exchange.pseudonyms import Names
from sitrack.exchange.steps import Step, steps
from sitrack.legible import shown

_EXTENSIONS: Final = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
    ("Identity", "identity", "http://www.xes-standard.org/identity.xesext"),
)
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<log xes.version="1.0" xes.features="" xmlns="http://www.xes-standard.org/">',
)
_GLOBAL: Final = (
    '  <global scope="trace">',
    '    <string key="concept:name" value=""/>',
    "  </global>",
    '  <global scope="event">',
    '    <string key="concept:name" value=""/>',
    '    <date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>',
    '    <string key="lifecycle:transition" value="complete"/>',
    "  </global>",
    '  <classifier name="Step" keys="concept:name"/>',
)

Value = str | int | dt.datetime | None


def lines(
    found: Iterable[Journey],
    names: Names,
    roles: Mapping[str, str],
    as_known: dt.datetime | None,
) -> Iterator[str]:
    """Return the log, line by line.

    Args:
        found: the journeys.
        names: what they are called.
        roles: the role of each member of staff, by what the export calls them.
        as_known: by what was written until then; None where nothing was.
    """
    yield from _HEAD
    for name, prefix, uri in _EXTENSIONS:
        yield f'  <extension name="{name}" prefix="{prefix}" uri="{uri}"/>'
    yield from _GLOBAL
    yield from _attributes(
        "  ", {"concept:name": "sitrack", "sitrack:as_known": as_known}
    )
    for journey in found:
        yield "  <trace>"
        episode = journey.episode
        yield from _attributes(
            "    ",
            {
                "concept:name": journey.name,
                "sitrack:patient": names.patient(episode.key.patient),
                "sitrack:side": episode.key.side.value,
                "sitrack:protocol": journey.protocol.id,
                "sitrack:status": episode.status.value,
            },
        )
        for step in steps(journey, names):
            yield from _event(step, roles)
        yield "  </trace>"
    yield "</log>"


def _event(step: Step, roles: Mapping[str, str]) -> Iterator[str]:
    written = step.recorded
    if not isinstance(written, dt.datetime):
        written = start_of(written, dt.UTC)
    yield "    <event>"
    yield from _attributes(
        "      ",
        {
            "concept:name": step.name,
            "time:timestamp": step.at,
            "lifecycle:transition": "complete",
            "org:resource": step.who,
            "org:role": roles.get(step.who or ""),
        },
    )
    yield f'      <id key="identity:id" value="{step.id}"/>'
    yield from _attributes(
        "      ",
        {
            "sitrack:from": step.left,
            "sitrack:to": step.entered,
            "sitrack:recorded": written,
            "sitrack:seq": step.number,
            "sitrack:precision": "time" if step.exact else "day",
            "sitrack:evidence": len(step.rests_on),
            "sitrack:said": step.said,
        },
    )
    yield "    </event>"


def _attributes(indent: str, values: Mapping[str, Value]) -> Iterator[str]:
    for key, value in values.items():
        if value is None:
            continue
        kind, text = "string", str(value)
        if isinstance(value, dt.datetime):
            kind, text = "date", value.isoformat(timespec="milliseconds")
        elif isinstance(value, int):
            kind = "int"
        told = quoteattr(shown(text))
        yield f"{indent}<{kind} key={quoteattr(key)} value={told}/>"
