"""What is due, and how each date came about: anchor, rule, calendar, holds, result."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sitrack.cli.output import counted
from sitrack.cli.screens import quiet
from sitrack.cli.screens.worklist import when
from sitrack.coordination.questions import Card
from sitrack.journey.agenda import Due
from sitrack.journey.counting import Reckoning, reckon
from sitrack.journey.episode import Hold
from sitrack.pathway.calendar import Calendar, Duration
from sitrack.pathway.follow_ups import FollowUp

_ANCHORS = {
    "entry": "stage entered",
    "positive-block": "first positive block",
    "opinion": "reply",
    "medication": "drug started",
    "belt": "belt put on",
    "booking": "booked day",
    "authorisation-request": "authorisation requested",
    "authorisation-expiry": "approval valid until",
    "hold": "review of the hold",
}
"""What a rule counts from, in words; a procedure says it itself."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A line that is due, the rule behind it, and its arithmetic."""

    line: Due
    rule: FollowUp
    found: Reckoning


def explained(card: Card) -> list[Explained]:
    """Return every open line of an episode with how its date came about."""
    rules = {rule.id: rule for rule in card.protocol.follow_ups}
    return [
        Explained(
            line,
            rules[line.rule],
            reckon(card.episode, card.protocol.calendar, line.anchor, line.offset),
        )
        for line in card.due
    ]


def row(each: Explained, card: Card, zone: str) -> dict[str, Any]:
    """Return the JSON twin of one line."""
    line, rule, found = each.line, each.rule, each.found
    return {
        "rule": line.rule,
        "due": line.due,
        "days": (line.due - card.day).days,
        "title": line.title,
        "waits_for": line.waits_for,
        "recipient": line.recipient,
        "show_from": line.show_from,
        "anchor": line.anchor,
        "anchor_is": rule.anchor,
        "anchor_entry": line.counted_from,
        "offset": line.offset.count,
        "unit": line.offset.unit,
        "calendar": _calendar(card.protocol.calendar, found),
        "closed": [{"day": day, "name": name} for day, name in found.closed],
        "weekend_days": found.weekends,
        "listed_until": found.beyond,
        "holds": sum(days for _, days in found.held),
        "held": [
            {
                "hold": hold.seq,
                "reason": hold.reason,
                "since": hold.since,
                "until": hold.until,
                "review": hold.review,
                "days": days,
            }
            for hold, days in found.held
        ],
        "zone": zone,
        "sources": list(rule.citations),
        "resolved_by": line.resolved_by,
    }


def lines(
    card: Card, rows: list[Explained], zone: str, width: int, *, explain: bool
) -> list[str]:
    """Return what is due, and the arithmetic under each line if it is asked for."""
    key = card.episode.key
    who = f"{key}  {card.patient.initials}  {key.side.value} SI joint"
    told = [f"{who}  as of {card.day}", *quiet.lines(card.episode, card.day, width)]
    for each in rows:
        line = each.line
        told.append(f"  {when(line.due, card.day):<18}{line.title:<26}{line.rule}")
        if explain:
            for label, text in _arithmetic(each, card, zone):
                told += _labelled(label, text, width)
    return told if rows else [*told, "  Nothing is due."]


def _labelled(label: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=f"      {label:<10}",
        subsequent_indent=" " * 16,
        break_on_hyphens=False,
    )


def _arithmetic(each: Explained, card: Card, zone: str) -> Iterator[tuple[str, str]]:
    line, rule, found = each.line, each.rule, each.found
    named = _ANCHORS.get(rule.anchor, rule.anchor)
    yield "anchor", f"{named} {line.anchor}, #{line.counted_from}"
    again = ""
    if rule.every:
        again = f", number {line.occurrence} of those every {_length(rule.every)}"
    cited = ", ".join(rule.citations)
    yield "rule", f"{card.protocol.id}: {_distance(line.offset)}{again} [{cited}]"
    yield "calendar", _passed_over(card.protocol.calendar, found)
    yield "holds", "; ".join(_held(*held) for held in found.held) or "none"
    yield "result", f"{line.due:%a %Y-%m-%d} in {zone}, shown from {line.show_from}"
    yield (
        "answered",
        (
            f"by {line.resolved_by}; waits for the {line.waits_for}, "
            f"goes to the {line.recipient}"
        ),
    )


def _distance(length: Duration) -> str:
    if length.count == 0:
        return "on that day"
    side = "after" if length.count > 0 else "before"
    return f"{_length(length)} {side} it"


def _length(length: Duration) -> str:
    noun = "business day" if length.unit == "bd" else "day"
    return counted(abs(length.count), noun, f"{noun}s")


def _calendar(calendar: Calendar, found: Reckoning) -> str:
    if found.length.unit == "d":
        return "every day"
    return f"business days of {calendar.place}" if calendar.place else "business days"


def _passed_over(calendar: Calendar, found: Reckoning) -> str:
    named = _calendar(calendar, found)
    if found.length.unit == "d":
        return f"{named} counts"
    days = [counted(found.weekends, "weekend day", "weekend days")]
    days = days if found.weekends else []
    days += [f"{_day(day)} {name}" for day, name in found.closed]
    without = f"; passed over: {', '.join(days)}" if days else ""
    end = f"; no holidays are listed after {found.beyond}" if found.beyond else ""
    return f"{named}{without}{end}"


def _held(hold: Hold, days: int) -> str:
    until = f"{hold.until}" if hold.until else f"its review {hold.review}"
    return f"#{hold.seq} {hold.reason}, {hold.since} to {until}: {counted(days, 'day', 'days')} left out"


def _day(day: dt.date) -> str:
    return f"{day:%a %Y-%m-%d}"
