"""What a write says: what changed, where the episode stands, a receipt, what is next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sitrack.cli.output import NOT_KEPT
from sitrack.cli.screens.entries import what
from sitrack.coordination.episodes import Written
from sitrack.journey.advice import advice
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import ways_on
from sitrack.journey.entries import Entry
from sitrack.pathway.policy import payer_named
from sitrack.pathway.stages import title_of

LOOK_AT_THE_OTHER_SIDE = frozenset({"injection-sessions", "fusion-surgery"})
"""Kinds of requirements that need the patient's other episodes, unknown to a receipt."""


def lines(done: Written) -> list[str]:
    """Return the screen of a write to an episode."""
    if done.dry_run:
        return [*_echo(done), NOT_KEPT]
    return [*_echo(done), f"Next: {next_step(done)}"]


def lines_of_all(done: Sequence[Written]) -> list[str]:
    """Return the screen of a write to several episodes, as of a session on two sides."""
    echo = [line for each in done for line in _echo(each)]
    if done[0].dry_run:
        return [*echo, NOT_KEPT]
    soonest = min(done, key=_first_due)
    return [*echo, f"Next: {next_step(soonest)}"]


def _first_due(done: Written) -> dt.date:
    return done.due[0].due if done.due else dt.date.max


def _echo(done: Written) -> list[str]:
    """Whose it is, on which side, in which stage; what was written; the receipt."""
    key, stage = done.episode.key, title_of(done.episode.stage)
    who = f"{key}  {done.patient.initials}  {key.side.value} SI joint  {stage}"
    said = what(done.entry) + _when(done)
    warned = [f"warning: {each}" for each in advice(done.episode, done.entry.seq)]
    if done.dry_run:
        return [who, f"would record: {said}", *warned]
    return [who, said, *warned, f"recorded {receipt(done.entry, str(key))}"]


def _when(done: Written) -> str:
    """The day, where it is not today: a wrong year should be seen at once."""
    occurred = done.entry.occurred
    day = occurred.date() if isinstance(occurred, dt.datetime) else occurred
    return "" if day == done.today else f", on {day}"


def receipt(entry: Entry, name: str) -> str:
    """Return the receipt of an entry: its name, and the start of its hash."""
    head = entry.hash[:16]
    spaced = " ".join(head[i : i + 4] for i in range(0, 16, 4))
    return f"{name}#{entry.seq} {spaced}"


def next_step(done: Written) -> str:
    """Return the next thing to do: a move that is possible now, else what is due.

    Before that, whatever lost its ground wants to be mended. A move with limits per
    patient is left to `why`, which looks at both sides.
    """
    key = done.episode.key
    if done.episode.broken:
        return f"sitrack why {key}"
    payer = payer_named(done.patient.payer) if done.patient.payer else None
    case = Case(done.episode, done.protocol, done.today, payer=payer)
    for way in ways_on(case):
        alone = all(
            rule.kind not in LOOK_AT_THE_OTHER_SIDE for rule in way.move.requirements
        )
        if way.allowed and alone and way.move.command == "advance":
            return f"sitrack advance {key} {way.move.target}"
    if done.due:
        line = done.due[0]
        return f"{line.title}, due {line.due} (sitrack due {key})"
    return f"sitrack show {key}"


def as_json(done: Written) -> dict[str, Any]:
    """Return the JSON twin of the screen."""
    return {"schema": "sitrack.written/1", "as_of": done.today, **_row(done)}


def session_as_json(done: Sequence[Written]) -> dict[str, Any]:
    """Return the JSON twin of the screen of both sides: a row for each."""
    return {
        "schema": "sitrack.session/1",
        "as_of": done[0].today,
        "patient": done[0].patient.key,
        "rows": [_row(each) for each in done],
    }


def all_as_json(done: Sequence[Written]) -> dict[str, Any]:
    """Return the JSON twin of the screen of several episodes: a row for each."""
    return {
        "schema": "sitrack.all-written/1",
        "as_of": done[0].today,
        "rows": [_row(each) for each in done],
    }


def _row(done: Written) -> dict[str, Any]:
    return {
        "episode": str(done.episode.key),
        "entry": f"{done.episode.key}#{done.entry.seq}",
        "kind": done.entry.kind,
        "stage": done.episode.stage,
        "status": done.episode.status.value,
        "version": done.episode.version,
        "receipt": None if done.dry_run else done.entry.hash[:16],
        "dry_run": done.dry_run,
        "warnings": advice(done.episode, done.entry.seq),
        "due": [
            {"rule": line.rule, "due": line.due, "title": line.title}
            for line in done.due
        ],
        "next": next_step(done),
    }
