"""What became of a file: each fault with its place, or what was taken in."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator
from typing import Any

from sitrack.cli.output import View, counted
from sitrack.coordination.importing.tally import Near, Tally
from sitrack.journey.forms import KINDS
from sitrack.journey.intake.columns import CHANGES, EPISODE, MOVE, PATIENT
from sitrack.journey.intake.rows import Problem

_COLUMNS = ("row", "column", "code", "message", "hint")
_MOST_NEAR = 20


def check_view(found: Tally, today: dt.date) -> View:
    """Return every fault of a file, or what it would bring."""
    return View(
        schema="sitrack.import-check/1",
        as_of=today,
        columns=_COLUMNS,
        rows=[
            {name: getattr(each, name) for name in _COLUMNS} for each in found.problems
        ],
        screen=lambda width: [*check_lines(found, width)],
        extra={"sound": not found.problems, **_numbers(found), "near": _near(found)},
    )


def taken_json(done: Tally, today: dt.date) -> dict[str, Any]:
    """Return what was taken in, as JSON shows it."""
    return {
        "schema": "sitrack.imported/1",
        "as_of": today,
        **_numbers(done),
        "reminders_suppressed": done.hushed,
        "near": _near(done),
        "rows": [
            {name: getattr(each, name) for name in _COLUMNS} for each in done.problems
        ],
    }


def _numbers(tally: Tally) -> dict[str, Any]:
    written = tally.written
    return {
        "rows_read": tally.rows,
        "patients": written[PATIENT],
        "episodes": written[EPISODE],
        "facts": sum(written[kind] for kind in KINDS),
        "moves": written[MOVE],
        "status_changes": sum(written[kind] for kind in CHANGES),
        "variances": tally.variances,
        "attestations": written["attestation"],
        "known_before": tally.known,
        "not_judged": tally.unjudged,
    }


def _near(tally: Tally) -> list[dict[str, Any]]:
    return [
        {"row": each.row, "patient": each.patient, "like": each.like}
        for each in tally.near
    ]


def taken_lines(done: Tally) -> list[str]:
    """Return what was taken in, for a person."""
    lines = f"taken in: {_told(done)}".split("\n")
    if done.hushed:
        lines.append(f"{counted(done.hushed, 'reminder', 'reminders')} kept back")
    lines += _near_lines(done.near)
    return [*lines, "Next: sitrack worklist"]


def _told(tally: Tally) -> str:
    numbers = _numbers(tally)
    parts = [
        counted(numbers["patients"], "patient", "patients"),
        counted(numbers["episodes"], "episode", "episodes"),
        counted(numbers["facts"], "fact", "facts"),
        counted(numbers["moves"], "move", "moves"),
    ]
    if numbers["status_changes"]:
        parts.append(
            counted(numbers["status_changes"], "change of status", "changes of status")
        )
    lines = ", ".join(parts)
    proof = [
        f"{counted(numbers['variances'], 'variance', 'variances')}",
        f"{counted(numbers['attestations'], 'attestation', 'attestations')}",
        f"{counted(tally.known, 'row', 'rows')} known before",
    ]
    return f"{lines}\n  of these {', '.join(proof[:2])}; {proof[2]}"


def check_lines(found: Tally, width: int) -> Iterator[str]:
    """Yield every fault, or what the file would bring, for a person."""
    if not found.problems:
        yield from f"can be taken in: {_told(found)}".split("\n")
        yield from _near_lines(found.near)
        return
    yield f"{'ROW':>7}  {'COLUMN':<16}  WHAT"
    for each in found.problems:
        yield from _fault_lines(each, width)
    rows = len({each.row for each in found.problems} - {None})
    number = counted(len(found.problems), "fault", "faults")
    yield f"{number} in {counted(rows, 'row', 'rows')}" if rows else number
    if found.unjudged:
        yield f"{counted(found.unjudged, 'row', 'rows')} more rest on these"


def _fault_lines(each: Problem, width: int) -> Iterator[str]:
    refused = f"{each.code}: " if each.is_refusal else ""
    body = textwrap.wrap(f"{refused}{each.message}", width - 27)
    if each.hint:
        body += textwrap.wrap(each.hint, width - 27)
    row = f"{each.row:,}" if each.row is not None else ""
    yield f"{row:>7}  {each.column or '':<16}  {body[0]}"
    for line in body[1:]:
        yield f"{'':27}{line}"


def _near_lines(near: list[Near]) -> Iterator[str]:
    """Who looks like somebody else, and may be merged."""
    for each in near[:_MOST_NEAR]:
        who = each.patient or f"row {each.row}"
        yield f"look at: {who} may be the same person as {each.like}"
    if len(near) > _MOST_NEAR:
        yield f"  and {len(near) - _MOST_NEAR:,} more: --json names them all"
