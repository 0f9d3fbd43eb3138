"""What an amendment changes, before it is kept: entries, stage, what is due, alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sitrack.cli.output import fitted
from sitrack.cli.screens.entries import what
from sitrack.cli.screens.written import receipt
from sitrack.cli.why import broken_json
from sitrack.coordination.page import Amended
from sitrack.journey.agenda import Due
from sitrack.journey.alerts import alert_of
from sitrack.journey.entries import Entry
from sitrack.journey.episode import Episode
from sitrack.pathway.stages import title_of

_NAME = 11


def lines(done: Sequence[Amended], width: int) -> list[str]:
    """Return the screen: for each episode what is written, and every effect."""
    found: list[str] = []
    for each in done:
        key = each.after.key
        found.append(f"{key}  {each.patient.initials}  {key.side.value} SI joint")
        found += [
            _fit(name, text, width)
            for entry in each.written
            for name, text in _writing(each, entry)
        ]
        found += [_fit(name, text, width) for name, text in _effects(each)]
    return found


def _fit(name: str, text: str, width: int) -> str:
    return f"  {name:<{_NAME}}{fitted(text, min(len(text), width - _NAME - 2))}"


def _writing(each: Amended, entry: Entry) -> Iterator[tuple[str, str]]:
    """What is written, under what it takes the place of."""
    before = each.amended.get(entry.corrects or 0)
    if before is None:
        yield "new", what(entry)
        return
    yield f"#{before.seq} was", what(before)
    yield "becomes", what(entry)


def _effects(each: Amended) -> Iterator[tuple[str, str]]:
    yield "stage", _stage(each.before, each.after)
    for text in due_changes(each.due_before, each.due):
        yield "due", text
    for broken in each.after.broken:
        if broken not in each.before.broken:
            lacks = ", ".join(broken.codes)
            yield "! alert", f"move #{broken.seq} of {broken.day} lacks {lacks}"
    after = {broken.seq for broken in each.after.broken}
    for broken in each.before.broken:
        if broken.seq not in after:
            yield "alert", f"move #{broken.seq} holds again"
    if each.cancelled:
        yield "reminders", f"{each.cancelled} not yet sent will be cancelled"


def _stage(before: Episode, after: Episode) -> str:
    was = f"{title_of(before.stage)}, {before.status}"
    now = f"{title_of(after.stage)}, {after.status}"
    return f"{now}, unchanged" if was == now else f"{was} → {now}"


def due_changes(before: Sequence[Due], after: Sequence[Due]) -> list[str]:
    """Return what changes on the agenda: `+` new, `-` gone, `>` another day."""
    was = {(line.visit, line.rule, line.occurrence): line.due for line in before}
    now = {(line.visit, line.rule, line.occurrence): line.due for line in after}
    gone = [f"- {name[1]} {day}" for name, day in was.items() if name not in now]
    new = [f"+ {name[1]} {day}" for name, day in now.items() if name not in was]
    moved = [
        f"> {name[1]} {was[name]} to {day}"
        for name, day in now.items()
        if name in was and was[name] != day
    ]
    return gone + moved + new or ["unchanged"]


def receipts(done: Sequence[Amended]) -> list[str]:
    """Return the receipt of every entry that was written."""
    return [
        f"recorded {receipt(entry, str(each.after.key))}"
        for each in done
        for entry in each.written
    ]


def next_step(done: Sequence[Amended]) -> str:
    """Return what to do next: what lost its ground comes first."""
    for each in done:
        if each.after.broken:
            return f"sitrack why {each.after.key}"
    return f"sitrack show {done[-1].after.key}"


def as_json(
    done: Sequence[Amended], today: dt.date, *, dry_run: bool
) -> dict[str, Any]:
    """Return the JSON twin of the screen."""
    return {
        "schema": "sitrack.amended/1",
        "as_of": today,
        "dry_run": dry_run,
        "rows": [_row(each, dry_run=dry_run) for each in done],
        "next": next_step(done),
    }


def _row(each: Amended, *, dry_run: bool) -> dict[str, Any]:
    key = each.after.key
    return {
        "episode": str(key),
        "stage": each.after.stage,
        "status": each.after.status.value,
        "stage_before": each.before.stage,
        "status_before": each.before.status.value,
        "version": each.after.version,
        "alert": alert_of(each.after),
        "broken": broken_json(each.after),
        "entries": [
            {
                "entry": f"{key}#{entry.seq}",
                "kind": entry.kind,
                "corrects": entry.corrects,
                "receipt": None if dry_run else entry.hash[:16],
            }
            for entry in each.written
        ],
        "due": [{"rule": line.rule, "due": line.due} for line in each.due],
        "due_before": [
            {"rule": line.rule, "due": line.due} for line in each.due_before
        ],
        "reminders_cancelled": each.cancelled,
    }
