"""Reminders as screens and rows: what went or would go, what waits, and what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sitrack.cli.output import table
from sitrack.record.backlog import Line, Row
from sitrack.reminders.happening import Happening, RoundReport
from sitrack.reminders.health import Health

COLUMNS = (
    "episode",
    "rule",
    "step",
    "due",
    "recipient",
    "channel",
    "outcome",
    "at",
    "reason",
)
ROW_COLUMNS = (
    "reminder",
    "episode",
    "rule",
    "step",
    "due",
    "recipient",
    "channel",
    "status",
    "next_at",
    "attempts",
    "reason",
)


def row_of(each: Happening) -> dict[str, Any]:
    """Return a happening as a row."""
    return {name: getattr(each, name) for name in COLUMNS}


def counts_of(report: RoundReport) -> dict[str, int]:
    """Return how many reminders ended how."""
    return {
        "fired": report.count("fired"),
        "sent": report.count("sent"),
        "suppressed": report.count("suppressed"),
        "failed": report.count("failed", "dead"),
    }


def summary(counts: Mapping[str, int]) -> str:
    """Return these numbers in one line."""
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def last_words(found: Iterable[Happening]) -> list[Happening]:
    """Leave out that a reminder was made where the round says what came of it."""
    rows = list(found)
    ended = {_name_of(each) for each in rows if each.outcome != "fired"}
    return [
        each for each in rows if each.outcome != "fired" or _name_of(each) not in ended
    ]


def _name_of(each: Happening) -> tuple[str, ...]:
    return each.episode, each.rule, each.step, each.recipient, each.channel


def happenings(found: Sequence[Happening], zone: dt.tzinfo, channel: str) -> list[str]:
    """Return the screen of a round or a plan."""
    if not found:
        return []
    cells = [
        (
            each.outcome,
            each.episode,
            each.rule,
            each.step,
            f"{each.due:%y-%m-%d}",
            each.recipient,
            _moment(each.at, zone),
        )
        for each in found
    ]
    heads = ("OUTCOME", "EPISODE", "RULE", "STEP", "DUE", "TO", "AT")
    head, *lines = table(heads, cells, (10, 9, 11, 9, 8, 6, 15))
    noted = [head]
    for line, each in zip(lines, found, strict=True):
        noted += [line, *(f"{'':10}  {note}" for note in _notes(each, channel))]
    return noted


def _moment(at: dt.datetime, zone: dt.tzinfo) -> str:
    return f"{at.astimezone(zone):%a %m-%d %H:%M}"


def _notes(each: Happening, channel: str) -> list[str]:
    """Return what somebody has to know of a reminder besides its line."""
    notes = [f"reason: {each.reason}"] if each.reason else []
    if each.outcome == "planned" and each.channel != channel:
        notes.append(f"leaves by: {each.channel}")
    return notes


def full(report: RoundReport, zone: dt.tzinfo) -> list[str]:
    """Say that the channel has sent all that it may in an hour."""
    if report.full_until is None:
        return []
    until = _moment(report.full_until, zone)
    return [f"the channel's hour is full; the rest goes from {until} on"]


# --- the outbox


def outbox_row(row: Row) -> dict[str, Any]:
    """Return a row of the outbox."""
    return {
        "reminder": row.id,
        "episode": row.episode,
        "rule": row.rule,
        "step": row.step,
        "due": row.due,
        "recipient": row.recipient,
        "channel": row.channel,
        "status": row.status,
        "next_at": row.next_at if row.status == "open" else None,
        "attempts": row.attempts,
        "reason": row.last_error,
    }


def line_row(line: Line) -> dict[str, Any]:
    """Return a line of the ledger of deliveries."""
    return {
        "attempt": line.attempt,
        "event": line.event,
        "at": line.at,
        "worker": line.worker,
        "detail": line.detail,
    }


def outbox(rows: Sequence[Row], zone: dt.tzinfo) -> list[str]:
    """Return the screen of some rows."""
    if not rows:
        return []
    cells = [
        (
            row.status,
            row.episode,
            row.rule,
            row.step,
            f"{row.due:%y-%m-%d}",
            row.recipient,
            _when(row, zone),
        )
        for row in rows
    ]
    heads = ("STATUS", "EPISODE", "RULE", "STEP", "DUE", "TO", "NEXT, OR WHY")
    return table(heads, cells, (9, 9, 11, 9, 8, 7, 15))


def _when(row: Row, zone: dt.tzinfo) -> str:
    if row.status == "open":
        return _moment(row.next_at, zone)
    return row.last_error or ""


def ledger(
    key: str, found: Sequence[tuple[Row, Sequence[Line]]], zone: dt.tzinfo
) -> list[str]:
    """Return the screen of everything that was said about an episode's reminders."""
    if not found:
        return [f"No reminder about {key} was made."]
    lines = [key]
    for row, said in found:
        why = f" ({row.last_error})" if row.last_error else ""
        what = f"{row.rule} {row.step}, due {row.due}"
        lines.append(
            f"  {what}, to {row.recipient} by {row.channel}: {row.status}{why}"
        )
        lines += [f"    {_said(line, zone)}" for line in said]
    return lines


def _said(line: Line, zone: dt.tzinfo) -> str:
    at = dt.datetime.fromisoformat(line.at).astimezone(zone)
    detail = f"  {line.detail}" if line.detail and line.event != "sent" else ""
    return f"{line.attempt:>3}  {line.event:<11}{at:%Y-%m-%d %H:%M:%S}{detail}"


# --- health


def numbers_of(found: Health) -> dict[str, Any]:
    """Return the numbers of a health line."""
    seen = found.pulse
    return {
        "healthy": found.is_well,
        "open": seen.open,
        "due": seen.due,
        "oldest_due": seen.oldest_due,
        "unmade": seen.unmade,
        "dead": seen.dead,
        "last_round": seen.last_round,
        "sent_last_hour": seen.sent_last_hour,
        "full": list(found.full),
    }


def status(found: Health, zone: dt.tzinfo) -> list[str]:
    """Return the screen of a health line."""
    seen = found.pulse
    last = _moment(seen.last_round, zone) if seen.last_round else "never"
    sent = ", ".join(f"{n} by {name}" for name, n in seen.sent_last_hour.items())
    return [
        "All is well." if found.is_well else "Something is wrong:",
        *(f"  {what}; see: {command}" for _, what, command in found.problems),
        f"open        {seen.open}, of which {seen.due} due, {seen.unmade} not made yet",
        f"dead        {seen.dead}",
        f"last round  {last}",
        f"last hour   {sent or 'nothing sent'}",
    ]
