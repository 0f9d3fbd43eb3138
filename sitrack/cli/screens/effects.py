"""What an amendment changes, before it is kept: entries, stage, what is due, alerts."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sitrack.cli.screens.alert import standstill, told
from sitrack.cli.screens.entries import hours, what
from sitrack.cli.screens.written import receipt
from sitrack.cli.why import broken_json
from sitrack.coordination.page import Amended
from sitrack.journey.agenda import Due
from sitrack.journey.alerts import alert_of
from sitrack.journey.entries import CORRECTED, RETRACTED, Entry
from sitrack.journey.episode import Episode
from sitrack.journey.forms import option_of
from sitrack.legible import shown
from sitrack.pathway.stages import Status, title_of

_NAME = 12


def lines(done: Sequence[Amended], width: int) -> list[str]:
    """Return the screen: for each episode what is written, and every effect."""
    found: list[str] = []
    for each in done:
        key = each.after.key
        found.append(f"{key}  {each.patient.initials}  {key.side.value} SI joint")
        for entry in each.written:
            found += _lines(_writing(each, entry), width)
        found += _lines(_effects(each), width)
    return found


def _lines(told: Iterator[tuple[str, str]], width: int) -> list[str]:
    """Whatever is told is told whole: somebody is to agree to it."""
    rows = []
    for name, text in told:
        wrapped = textwrap.wrap(
            shown(text), width - _NAME - 2, break_on_hyphens=False
        ) or [""]
        rows.append(f"  {name:<{_NAME}}{wrapped[0]}".rstrip())
        rows += [f"  {'':<{_NAME}}{more}" for more in wrapped[1:]]
    return rows


def _writing(each: Amended, entry: Entry) -> Iterator[tuple[str, str]]:
    """What is written, under what it takes the place of."""
    before = each.amended.get(entry.corrects or 0)
    if before is None:
        again = f"#{entry.corrects} again: " if entry.corrects else ""
        yield "new", f"{again}{_said(entry)}"
        return
    who = before.provenance.recorder
    by = f" (written by {who})" if who != entry.provenance.recorder else ""
    yield f"#{before.seq} was", f"{_said(before)}{by}"
    if entry.kind == RETRACTED:
        to = (entry.payload or {}).get("to")
        where = f"; it stands now as {to}" if to else ""
        yield "becomes", f"retracted: stays visible, and counts for nothing{where}"
        return
    if entry.kind == CORRECTED and before.kind == (entry.payload or {}).get("kind"):
        for name, old, new in changes(before, entry):
            yield "changes", f"{name}: {old or 'nothing'} → {new or 'nothing'}"


def _said(entry: Entry) -> str:
    day = entry.occurred
    return f"{day.date() if isinstance(day, dt.datetime) else day}  {what(entry)}"


def changes(before: Entry, after: Entry) -> list[tuple[str, str, str]]:
    """Return (field, what it was, what it becomes) of everything a correction changes.

    The fields are named as `--set` takes them.
    """
    was, now = _fields(before), _fields(after)
    return [
        (name, was.get(name, ""), now.get(name, ""))
        for name in dict.fromkeys([*was, *now])
        if was.get(name, "") != now.get(name, "")
    ]


def _fields(entry: Entry) -> dict[str, str]:
    payload: Mapping[str, Any] = entry.payload or {}
    found = {"on": f"{entry.occurred}"}
    if payload.get("about") is not None:
        found["for"] = f"#{payload['about']}"
    rows = payload.get("readings", ())
    if rows:
        told = (f"{hours(row['minutes'])}={row['score']}" for row in rows)
        found["reading"] = " ".join(told)
    for name, value in entry.values.items():
        found[option_of(name)] = _plain(value)
    if entry.provenance.performer is not None:
        found["performer"] = entry.provenance.performer
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _effects(each: Amended) -> Iterator[tuple[str, str]]:
    was, now = _place(each.before), _place(each.after)
    yield "stage", f"stays {now}" if was == now else f"{was} → {now}"
    for text in due_changes(each.due_before, each.due):
        yield "due", text
    known = {broken.seq for broken in each.before.broken}
    left = {broken.seq for broken in each.after.broken}
    for broken in each.after.broken:
        verb = "still does not hold" if broken.seq in known else "holds no more"
        yield "! alert", told(broken, verb)
    if left - known:
        yield "", standstill(each.after)
    for broken in each.before.broken:
        if broken.seq not in left:
            yield "alert over", f"#{broken.seq} of {broken.day} holds again"
    if each.cancelled:
        counted = "1 reminder" if each.cancelled == 1 else f"{each.cancelled} reminders"
        yield "reminders", f"{counted} not sent yet cancelled"


def _place(episode: Episode) -> str:
    words = {Status.ON_HOLD: ", on hold", Status.LOST: ", lost to follow-up"}
    return f"{title_of(episode.stage)}{words.get(episode.status, '')}"


def due_changes(before: Sequence[Due], after: Sequence[Due]) -> list[str]:
    """Return what changes on the agenda: what goes, what moves, what comes."""
    was = {(line.visit, line.rule, line.occurrence): line for line in before}
    now = {(line.visit, line.rule, line.occurrence): line for line in after}
    gone = [f"not any more: {_line(was[name])}" for name in was if name not in now]
    moved = [
        f"moves from {was[name].due} to {line.due}: {_named(line)}"
        for name, line in now.items()
        if name in was and was[name].due != line.due
    ]
    new = [f"from now on: {_line(now[name])}" for name in now if name not in was]
    return gone + moved + new or ["nothing changes"]


def _line(line: Due) -> str:
    return f"{line.due}  {_named(line)}"


def _named(line: Due) -> str:
    return f"{line.title} ({line.rule})"


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
