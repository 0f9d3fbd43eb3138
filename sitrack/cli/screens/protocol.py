"""A protocol on a screen: its moves, its numbers, its calendar, and what differs."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sitrack.pathway.calendar import WEEKDAYS, Duration
from sitrack.pathway.difference import Difference, value_in_words
from sitrack.pathway.loading import document_of
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import title_of

_PARTS = {
    "initial": "the first stage",
    "numbers": "numbers",
    "settings": "settings",
    "windows": "windows",
    "steps": "steps of a reminder",
    "follow_ups": "follow-ups",
    "stages": "stages",
    "moves": "moves",
    "status_moves": "changes of status",
    "calendar": "calendar",
}


def whole(protocol: Protocol, width: int) -> list[str]:
    """Return the moves with their requirements, the numbers, and the calendar."""
    lines = [f"{protocol.title}  ({protocol.hash[:16]})"]
    if protocol.derived is not None:
        base = protocol.derived
        lines.append(f"derived from {base.protocol}  ({base.hash[:16]})")
    for move in protocol.moves:
        ways = ", ".join(title_of(source) for source in move.sources)
        if move.command == "episode finish":
            ways = "any open stage"
        heading = f"{move.title}: {ways} → {title_of(move.target or '')}"
        lines += ["", *textwrap.wrap(heading, width, subsequent_indent="  ")]
        texts = [_requirement(rule) for rule in move.requirements]
        if move.reasons:
            texts.append(f"reasons: {', '.join(move.reasons)}")
        for text in texts:
            lines += indented(text, width)
    document = document_of(protocol.text)
    for part, heading in _VALUES.items():
        lines += ["", heading, *_values(protocol, part, document[part], width)]
    lines += ["", "Follow-ups", *_follow_ups(protocol, width)]
    return [*lines, "", *indented(f"Calendar: {_calendar(protocol)}", width, "")]


def indented(text: str, width: int, by: str = "  ") -> list[str]:
    """Return a text as lines, the first one indented, the others more."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=by,
        subsequent_indent=f"{by}    ",
        break_on_hyphens=False,
    )


def _requirement(rule: Requirement) -> str:
    values = " ".join(
        f"{name}={','.join(value) if isinstance(value, tuple) else value}"
        for name, value in rule.parameters.items()
    )
    hard = " (hard)" if rule.hard else ""
    return f"{rule.id}{hard} {values}{_cited(rule.sources)}".rstrip()


def _cited(sources: Iterable[str]) -> str:
    keys = ", ".join(sources)
    return f" [{keys}]" if keys else ""


_VALUES = {
    "numbers": "Numbers",
    "settings": "Settings",
    "windows": "How long an anaesthetic is read",
    "steps": "Steps of a reminder, after the due date",
}


def _values(
    protocol: Protocol, part: str, rows: Mapping[str, Any], width: int
) -> list[str]:
    lines = []
    for name, row in rows.items():
        mine = mark(protocol, f"{part}.{name}")
        told = f"{name}  {value_in_words(row)}{mine}{_cited(row['sources'])}"
        lines += indented(told, width)
    return lines


def _follow_ups(protocol: Protocol, width: int) -> list[str]:
    lines = []
    for rule in protocol.follow_ups:
        again = f", then every {rule.every}" if rule.every else ""
        sign = "-" if rule.offset.count < 0 else "+"
        length = Duration(abs(rule.offset.count), rule.offset.unit)
        told = f"{rule.id}  {rule.title}: {rule.anchor} {sign} {length}{again}"
        mine = mark(protocol, f"follow_ups.{rule.id}")
        lines += indented(f"{told}{mine}{_cited(rule.citations)}", width)
    return lines


def mark(protocol: Protocol, place: str) -> str:
    """Return a mark for what a derived protocol does not have from its base."""
    changed = protocol.derived.changed if protocol.derived else frozenset()
    return " (the clinic's own)" if place in changed else ""


def _calendar(protocol: Protocol) -> str:
    calendar = protocol.calendar
    weekend = ", ".join(WEEKDAYS[number] for number in sorted(calendar.weekend))
    parts = [f"closed on {weekend}" if weekend else "open every day of the week"]
    if calendar.years:
        first, last = calendar.years
        listed = f"{len(calendar.holidays)} holidays of {calendar.place}"
        parts.append(f"{listed}, {first} to {last}")
    if calendar.closed:
        parts.append(f"{len(calendar.closed)} closing days")
    if calendar.yearly:
        parts.append(f"{len(calendar.yearly)} more in every year")
    return "; ".join(parts)


def compared(
    first: Protocol, second: Protocol, found: Sequence[Difference], width: int
) -> list[str]:
    """Return what differs between two protocols, part by part."""
    lines = [
        f"{each.id}  {each.hash[:16]}  {sign}"
        for each, sign in ((first, "was"), (second, "is"))
    ]
    if not found:
        return [*lines, "Nothing that counts differs."]
    for part, group in itertools.groupby(found, key=lambda each: each.part):
        lines += ["", _PARTS[part]]
        for each in group:
            lines += indented(_difference(each), width)
    return lines


def _difference(each: Difference) -> str:
    name = "  ".join(word for word in (each.name, each.what) if word)
    if each.was is None:
        return f"{name}  added: {each.now}".lstrip()
    if each.now is None:
        return f"{name}  removed, was: {each.was}".lstrip()
    return f"{name}  {each.was} → {each.now}".lstrip()
