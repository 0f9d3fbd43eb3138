"""A bulk command as a screen: what would happen to each episode, and what did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sitrack.cli.output import counted, table
from sitrack.cli.screens.entries import what
from sitrack.coordination.bulk import Item, Outcome
from sitrack.legible import shown
from sitrack.pathway.stages import title_of

_HEADS = ("EPISODE", "PATIENT", "STAGE")
_WIDTHS = (11, 7, 17)


def plan(items: Sequence[Item], width: int | None) -> list[str]:
    """Return what would happen to each, refusals with their reasons.

    Args:
        items: each episode.
        width: columns of the terminal; None where nothing may be cut.
    """
    if not items:
        return ["The filter picks no episode."]
    rows = [
        (*_who(item), "would" if item.done else "no", _told(item)) for item in items
    ]
    lines = _table(rows, 5, width)
    possible = sum(item.done is not None for item in items)
    return [
        *lines,
        f"{counted(len(items), 'episode', 'episodes')}: {possible} possible",
    ]


def result(items: Sequence[Item], outcome: Outcome, width: int | None) -> list[str]:
    """Return what was done to each, and how to take it back; as wide as a plan."""
    if not items:
        return ["The filter picks no episode."]
    rows = [(*_who(item), _mark(item), _told(item)) for item in items]
    lines = _table(rows, 4, width)
    done = len(outcome.done)
    ended = [f"{done} done, {len(items) - done} refused."]
    if outcome.stopped is not None:
        ended.append("It was stopped before the rest; what is listed as done stands.")
    return [*lines, *ended, f"Next: sitrack undo {outcome.batch}"]


def _table(rows: Sequence[tuple[str, ...]], mark: int, width: int | None) -> list[str]:
    rest = max(20, *(len(shown(row[-1])) for row in rows))
    if width is not None:
        rest = min(rest, max(20, width - sum(_WIDTHS) - mark - 8))
    return table((*_HEADS, "", "WHAT"), rows, (*_WIDTHS, mark, rest))


def _mark(item: Item) -> str:
    return "done" if item.done else "no"


def _who(item: Item) -> tuple[str, str, str]:
    return item.row.episode, item.row.initials, title_of(item.row.stage)


def _told(item: Item) -> str:
    """What was written; or why not, by the codes of what is unmet."""
    if item.done is not None:
        return what(item.done.entry)
    codes = _codes(item)
    return ", ".join(codes) if codes else item.error.message if item.error else ""


def _codes(item: Item) -> list[str]:
    findings = getattr(item.error, "findings", ())
    return list(dict.fromkeys(finding.label() for finding in findings))


def as_json(
    items: Sequence[Item], outcome: Outcome | None, today: dt.date
) -> dict[str, Any]:
    """Return the JSON twin: of the plan, or of what was done."""
    done = sum(item.done is not None for item in items)
    return {
        "schema": "sitrack.bulk/1",
        "as_of": today,
        "dry_run": outcome is None,
        "batch": outcome.batch if outcome else None,
        "done": done,
        "refused": len(items) - done,
        "stopped": outcome is not None and outcome.stopped is not None,
        "rows": [_row(item, kept=outcome is not None) for item in items],
    }


def _row(item: Item, *, kept: bool) -> dict[str, Any]:
    done, error = item.done, item.error
    return {
        "episode": item.row.episode,
        "initials": item.row.initials,
        "stage": done.episode.stage if done else item.row.stage,
        "outcome": "refused" if done is None else "done" if kept else "would",
        "what": what(done.entry) if done else None,
        "entry": f"{item.row.episode}#{done.entry.seq}" if done else None,
        "receipt": done.entry.hash[:16] if done and kept else None,
        "code": error.code if error else None,
        "message": error.message if error else None,
        "findings": _codes(item),
    }
