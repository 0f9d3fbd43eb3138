"""The worklist as a screen: who, where, by when, and the next step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sitrack.cli.output import fitted, table
from sitrack.pathway.stages import title_of
from sitrack.record.worklist import Waiting

_HEADS = ("EPISODE", "B", "PATIENT", "STAGE", "DUE", "NEXT STEP")


def lines(
    today: dt.date, zone: str, rows: Sequence[Waiting], hidden: int, width: int
) -> list[str]:
    """Return the screen.

    Args:
        today: the day it speaks of.
        zone: the clinic's zone.
        rows: one for each episode, by due date.
        hidden: how many open episodes have nothing to show yet.
        width: columns of the terminal.
    """
    title = [f"{today:%a %Y-%m-%d}, {zone}"]
    if not rows:
        return [*title, "Nobody needs anything today.", _footer(0, 0, hidden)]
    days = [when(row.due, today) if row.due else "now" for row in rows]
    keys = max(9, *(len(row.episode) for row in rows))
    widths = [keys, 1, 7, 17, max(14, *(len(day) for day in days))]
    rest = max(10, width - sum(widths) - 2 * len(widths))
    cells = [
        (
            row.episode,
            "!" if row.alert else "",
            row.initials,
            title_of(row.stage),
            day,
            _step(row, rest),
        )
        for row, day in zip(rows, days, strict=True)
    ]
    overdue = sum(row.due is not None and row.due < today for row in rows)
    return [
        *title,
        *table(_HEADS, cells, [*widths, rest]),
        _footer(len(rows), overdue, hidden),
    ]


def _step(row: Waiting, width: int) -> str:
    """The next step; where it is too long, its words are cut and not the count."""
    more = f" (+{row.more})" if row.more else ""
    return fitted(row.title, min(len(row.title), width - len(more))) + more


def _footer(shown: int, overdue: int, hidden: int) -> str:
    return f"{shown} shown, {overdue} overdue | hidden: {hidden} not due yet"


def when(due: dt.date, today: dt.date) -> str:
    """Return a due date as people read it: `today`, `Wed 06-11 -5d`."""
    days = (due - today).days
    if days == 0:
        return "today"
    name = f"{due:%a %m-%d}" if abs(days) < 300 else f"{due}"
    return f"{name} {days:+d}d"
