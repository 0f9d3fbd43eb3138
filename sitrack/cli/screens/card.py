"""One patient or one episode on one screen."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence

from sitrack.cli.output import fitted, table
from sitrack.cli.screens import alert, quiet
from sitrack.cli.screens.entries import what
from sitrack.cli.screens.history import amendment_of
from sitrack.cli.screens.why import needs_only_a_reason
from sitrack.cli.screens.worklist import when
from sitrack.coordination.questions import Card
from sitrack.journey.assessment import NOT_BUILT, Assessment
from sitrack.journey.episode import Episode
from sitrack.legible import shown
from sitrack.pathway.stages import title_of
from sitrack.record.consents import ContactPoint
from sitrack.record.history import Line
from sitrack.record.registry import Patient
from sitrack.record.worklist import Standing

_LAST = 6


def episode(card: Card, width: int, *, masked: bool = True) -> list[str]:
    """Return the screen of one episode; the name is shown only where asked for."""
    story = card.episode
    key, visit = story.key, story.visit
    days = (card.day - visit.entered).days
    who = card.patient.initials if masked else _in_full(card.patient)
    lead, count = _in_whose_hands(story), f"{len(card.lines)} entries"
    paid = f", payer {card.patient.payer}" if card.patient.payer else ""
    found = [
        f"{key}  {who}  {key.side.value} SI joint{paid}",
        f"{title_of(story.stage)} since {visit.entered} (day {days}), {story.status}",
        f"{card.protocol.id}, opened {story.opened}, coordinator {lead}, {count}",
        *quiet.lines(story, card.day, width),
        "",
        *([*alert.lines(story, width), ""] if story.broken else []),
        "DUE",
    ]
    found += [
        f"  {when(line.due, card.day):<18}{line.title:<26}{line.rule}"
        for line in card.due
    ] or ["  nothing"]
    found += ["", "MOVES"]
    found += [line for each in card.ways for line in _way(each, width)] or ["  none"]
    found += ["", "LAST ENTRIES"]
    found += [_entry(line, width) for line in card.lines[-_LAST:]]
    return [*found, "", f"Next: sitrack why {key}"]


def _in_whose_hands(story: Episode) -> str:
    lead = story.coordinator or "none"
    team = f" ({story.team})" if story.team else ""
    asked = f", offered to {story.offer.to}" if story.offer else ""
    return f"{lead}{team}{asked}"


def _entry(line: Line, width: int) -> str:
    """An entry in one line; whether it stands is never cut off."""
    mark = amendment_of(line)
    said = f"  {f'#{line.entry.seq}':>4}  {line.day}  {shown(what(line.entry))}"
    room = width - len(mark) - 2 if mark else width
    return f"{fitted(said, room).rstrip()}{f'  {mark}' if mark else ''}"


def _way(each: Assessment, width: int) -> list[str]:
    target = title_of(each.move.target or "")
    if each.allowed:
        text = "possible"
    elif any(finding.code == NOT_BUILT for finding in each.unmet):
        text = "not judged by this version yet"
    elif needs_only_a_reason(each):
        text = "possible with --reason CODE"
    else:
        text = ", ".join(finding.label() for finding in each.unmet)
    wrapped = textwrap.wrap(text, max(20, width - 21), break_on_hyphens=False)
    return [
        f"  {'' if place else target:<19}{line}" for place, line in enumerate(wrapped)
    ]


def patient(
    found: Patient,
    standings: Sequence[Standing],
    ways: Sequence[ContactPoint],
    today: dt.date,
    *,
    masked: bool,
    merged: Sequence[str] = (),
) -> list[str]:
    """Return the screen of one patient; the name is shown only where asked for."""
    also = [f"  also {', '.join(merged)}: the same person"] if merged else []
    paid = f", payer {found.payer}" if found.payer else ""
    name = f"{found.key}  {found.initials if masked else _in_full(found)}{paid}"
    head = [name, *also, *(_way_to(each, masked=masked) for each in ways)]
    rows = [
        (
            each.episode,
            f"{each.side}",
            title_of(each.stage),
            each.status,
            f"{each.since} (day {(today - each.since).days})",
        )
        for each in standings
    ]
    if not rows:
        hint = f"Next: sitrack episode open {found.key} --side left|right"
        return [*head, "No episode yet.", hint]
    heads = ("EPISODE", "SIDE", "STAGE", "STATUS", "SINCE")
    return [*head, *table(heads, rows, [11, 5, 18, 8, 22])]


def _way_to(way: ContactPoint, *, masked: bool) -> str:
    address = "" if masked else f"{shown(way.address)}, "
    return f"  {way.channel}: {address}consent {way.consent} on {way.since}"


def _in_full(found: Patient) -> str:
    person = found.person
    born = f", born {person.born}" if person.born else ""
    mrn = f", record {shown(person.mrn)}" if person.mrn else ""
    return f"{shown(person.given)} {shown(person.family)}{born}{mrn}"
