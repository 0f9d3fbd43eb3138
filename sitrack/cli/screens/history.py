"""A history as a screen: what happened, when, by whom, and how late it was written."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from sitrack.cli.output import table
from sitrack.cli.screens.entries import what
from sitrack.journey.entries import CORRECTED, RETRACTED
from sitrack.legible import shown
from sitrack.record.history import Line
from sitrack.record.registry import Patient

_MOST_SAID = 4
_HEADS = ("   #", "HAPPENED", "WHAT", "BY", "WRITTEN")


def lines(
    patient: Patient,
    title: str,
    times: str,
    history: Sequence[Line],
    chain: str,
    width: int,
) -> list[str]:
    """Return the screen.

    Args:
        patient: whose it is.
        title: the episode and its side.
        times: which of the two times the answer is limited by.
        history: the entries.
        chain: the sentence about the chain.
        width: columns of the terminal.
    """
    head = f"{title.replace('{}', patient.initials)}"
    rows: list[str] = []
    fixed = [4, 10, 0, 10, 8]
    fixed[2] = max(20, width - sum(fixed) - 8)
    for line in history:
        rows += _row(line, fixed)
    counts = [
        _counted(len(history), "entry", "entries"),
        _counted(sum(x.entry.corrects is not None for x in history), "correction"),
        _counted(sum(bool(_variance(x)) for x in history), "variance"),
        f"{sum(x.is_late for x in history)} late",
    ]
    total = f"{', '.join(counts)}. {chain}"
    return [
        f"{head:<46}{times:>{max(0, width - 46)}}".rstrip(),
        *table(_HEADS, [], fixed),
        *rows,
        total,
    ]


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _variance(line: Line) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (line.entry.payload or {}).get("variance") or {}
    return found


def amendment_of(line: Line) -> str:
    """Return how an entry and its amendment point at each other, or nothing."""
    entry = line.entry
    if entry.corrects is not None:
        verb = {CORRECTED: "corrects", RETRACTED: "retracts"}.get(entry.kind, "anew")
        return f"{verb} #{entry.corrects}"
    if line.amended_by is None:
        return ""
    return f"{'retracted' if line.retracted else 'corrected'} by #{line.amended_by}"


def _row(line: Line, widths: Sequence[int]) -> list[str]:
    entry = line.entry
    mark = amendment_of(line)
    text = textwrap.wrap(shown(what(entry)), widths[2], break_on_hyphens=False)
    if mark and len(text[0]) + 2 + len(mark) <= widths[2]:
        text[0] = f"{text[0]}{mark:>{widths[2] - len(text[0])}}"
    elif mark:
        text.insert(1, mark)
    cells = (
        str(entry.seq).rjust(4),
        str(line.day),
        text[0],
        entry.provenance.performer or entry.provenance.recorder,
        written(line.written_after),
    )
    rows = table(cells, [], widths)
    rows += [" " * (widths[0] + widths[1] + 4) + f"  {more}" for more in text[1:]]
    payload = entry.payload or {}
    words = _variance(line).get("text") or payload.get("text")
    if entry.corrects is not None:
        reason = "undo" if "undoes" in payload else payload.get("reason", "")
        rows.append(f"        reason: {shown(str(reason))}")
    return rows + (_said(str(words), sum(widths) + 8) if words else [])


def _said(words: str, width: int) -> list[str]:
    """The words of an entry, under it; of a long text the beginning."""
    rows = [
        row
        for line in words.splitlines()
        for row in textwrap.wrap(shown(line), width - 14)
    ]
    if len(rows) > _MOST_SAID:
        rows = [*rows[:_MOST_SAID], "… (whole with --json)"]
    heads = ["says: ", *[" " * 6] * len(rows)]
    return [f"        {head}{row}" for head, row in zip(heads, rows, strict=False)]


def written(days: int) -> str:
    """Return how long after it happened an entry was written: `same day`, `+3 d`."""
    return "same day" if days <= 0 else f"+{days} d"


def times_asked(as_of: dt.date | None, as_known: dt.datetime | None) -> str:
    """Return the two times of a question, in words."""
    known = f"as known {as_known:%Y-%m-%d %H:%M}" if as_known else "as known now"
    return f"as of {as_of}, {known}" if as_of else known
