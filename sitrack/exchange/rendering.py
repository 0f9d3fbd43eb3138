"""A packet as a page, as Markdown, and as JSON: the same bytes for the same packet.

Names and notes are somebody's typing. On the page every value passes `legible.shown` and
is then escaped by the template engine itself; Markdown is escaped here, character by
character; JSON keeps the text as it is, in ASCII.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sitrack.exchange.packet import Fact, Line, Packet, Part, State
from sitrack.exchange.pages import page
from sitrack.legible import shown

MARKS: Final = {
    State.MET: "✔ met",
    State.ATTACH: "✎ attach",
    State.STALE: "✘ stale",
    State.NOT_MET: "✘ not met",
    State.MISSING: "✘ missing",
}
"""A state as a reader sees it, in grey as in colour."""

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~&$@]|:(?=\S)|(?<=www)\.)", re.IGNORECASE)
"""What Markdown takes for a mark or a link within a line; ours never begins one."""


def rendered(packet: Packet, form: str) -> bytes:
    """Return the packet in a form that is a key of `FORMS`."""
    return FORMS[form](packet).encode("utf-8")


# --- the page


def as_page(packet: Packet) -> str:
    """Return one self-contained page: no script, nothing fetched, printable in grey."""
    return page(
        "packet.html",
        packet=packet,
        marks=MARKS,
        asked_by=_asked_by(packet),
        told=told(packet.counts()),
        known=_instant(packet.as_known),
    )


# --- Markdown


def as_markdown(packet: Packet) -> str:
    """Return headings and lists, which any reader of Markdown shows alike."""
    return "\n".join(_markdown(packet)) + "\n"


def _markdown(packet: Packet) -> Iterator[str]:
    who = packet.subject
    yield f"# Evidence packet: {_plain(packet.title)}"
    yield ""
    yield f"- Patient: {_plain(f'{who.given} {who.family}')}"
    yield f"- Born: {_plain(who.born or 'not on record')}"
    yield f"- Record number: {_plain(who.mrn or 'none')}"
    yield f"- Episode: {_plain(packet.episode)}, {_plain(packet.side)} side"
    yield f"- As of: {_plain(packet.as_of)}{_known(packet)}"
    yield f"- Asked by: {_plain(_asked_by(packet))}"
    yield f"- Filled from: entries up to {_entry(packet.last_entry)}, {packet.last_hash}"
    yield f"- {_plain(told(packet.counts()))}"
    if packet.not_asked:
        yield f"- Not asked: {_plain(', '.join(packet.not_asked))}"
    for line in packet.lines:
        yield ""
        yield f"## {line.number}. {_plain(line.asks)}: {MARKS[line.state]}"
        yield ""
        for part in line.parts:
            yield f"- {MARKS[part.state]}: **{_plain(part.asks)}**{_seen(part)}"
            yield from (f"  - {_cited(fact)}" for fact in part.facts)


def _plain(value: object) -> str:
    """Text that Markdown shows as it is, and on one line."""
    one_line = " ".join(shown(str(value)).split())
    return _SPECIAL.sub(r"\\\1", one_line)


def _entry(number: int) -> str:
    return f"\\#{number}"


def _known(packet: Packet) -> str:
    return (
        f", as known at {_plain(_instant(packet.as_known))}" if packet.as_known else ""
    )


def _seen(part: Part) -> str:
    seen = f": {_plain(part.seen)}" if part.seen else ""
    return f"{seen} ({_plain(f'needs {part.needs}')})" if part.needs else seen


def _cited(fact: Fact) -> str:
    late = f", written {fact.late_days} d later" if fact.late_days else ""
    changed = ", corrected since" if fact.corrected else ""
    place = f"{fact.day}, {fact.author}{late}{changed}"
    return f"{_entry(fact.entry)} of {_plain(place)}: {_plain(fact.said)}"


# --- words that every form uses


def _asked_by(packet: Packet) -> str:
    if packet.policy is None:
        return f"the clinic's protocol, {packet.protocol}"
    keys = ", ".join(packet.policy.sources)
    return f"{packet.policy.id}: {packet.policy.title} ({keys})"


def told(counts: Mapping[State, int]) -> str:
    """Return how many parts stand how: `21 met, 3 missing`."""
    words = {state: state.value.replace("-", " ") for state in State}
    words[State.ATTACH] = "to attach"
    return ", ".join(f"{n} {words[state]}" for state, n in counts.items() if n)


def _instant(instant: dt.datetime | None) -> str | None:
    if instant is None:
        return None
    utc = instant.astimezone(dt.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


# --- JSON


def as_json(packet: Packet) -> str:
    """Return the packet as one object, `sitrack.packet/1`."""
    policy = packet.policy
    body = {
        "schema": "sitrack.packet/1",
        "as_of": packet.as_of.isoformat(),
        "as_known": _instant(packet.as_known),
        "packet": packet.target,
        "title": packet.title,
        "episode": packet.episode,
        "side": packet.side,
        "patient": dataclasses.asdict(packet.subject),
        "protocol": packet.protocol,
        "protocol_hash": packet.protocol_hash,
        "policy": policy
        and {"policy": policy.id, "title": policy.title, "sources": policy.sources},
        "not_asked": packet.not_asked,
        "last_entry": packet.last_entry,
        "last_hash": packet.last_hash,
        "counts": packet.counts(),
        "rows": [_row(line) for line in packet.lines],
    }
    return json.dumps(body, indent=1, default=str) + "\n"


def _row(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "asks": line.asks,
        "state": line.state,
        "sources": line.sources,
        "parts": [
            {
                "asks": part.asks,
                "state": part.state,
                "seen": part.seen or None,
                "needs": part.needs or None,
                "facts": [dataclasses.asdict(fact) for fact in part.facts],
            }
            for part in line.parts
        ],
    }


FORMS: Final[Mapping[str, Callable[[Packet], str]]] = {
    "html": as_page,
    "md": as_markdown,
    "json": as_json,
}
"""The forms of a packet, by the ending of its file."""
