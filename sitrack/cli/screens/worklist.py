"""The worklist as a screen: who, where, by when, and the next step."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sitrack.cli.output import fitted, table
from sitrack.pathway.stages import title_of
from sitrack.record.worklist import Listing, Waiting

_HEADS = ("EPISODE", "B", "PATIENT", "STAGE", "DUE", "NEXT STEP", "TRY")
_WHOSE = "WHOSE"
_WIDE = 100
"""Columns from which on there is room for who answers."""
_SHOWN = {"!": "act first", "D": "due", "O": "overdue", "S": "soon", "L": "lapsed"}
_HIDDEN = {"not_due": "not due yet"}


def lines(
    found: Listing, place: str, width: int, *, narrowed: bool = False
) -> list[str]:
    """Return the screen.

    Args:
        found: the list of a day.
        place: the clinic's zone, and when what is shown was known.
        width: columns of the terminal.
        narrowed: it was asked for a part of the list only.
    """
    title = [f"{found.day:%a %Y-%m-%d}, {place}"]
    if not found.rows:
        return [*title, nothing(found, narrowed=narrowed), _footer(found)]
    days = [due(row) for row in found.rows]
    keys = max(8, *(len(row.episode) for row in found.rows))
    widths = [keys, 1, 7, 17, max(9, *(len(day) for day in days))]
    last = [_WHOSE] if width >= _WIDE else []
    ends = [3, *(max(len(_WHOSE), *map(len, map(whose, found.rows))) for _ in last)]
    heads = (*_HEADS, *last)
    rest = max(10, width - sum(widths) - sum(ends) - 2 * (len(heads) - 1))
    cells = [
        (
            row.episode,
            "-" if row.hidden == "not_due" else row.band,
            row.initials,
            title_of(row.stage),
            day,
            _step(row, rest),
            f"{row.tries:>3}",
            *(whose(row) for _ in last),
        )
        for row, day in zip(found.rows, days, strict=True)
    ]
    return [*title, *table(heads, cells, [*widths, rest, *ends]), _footer(found)]


def nothing(found: Listing, *, narrowed: bool) -> str:
    """Return what an empty list says: of a part of it, nothing about the rest.

    Who waits for so long that they are looked at once a week still needs somebody.
    """
    if found.hidden["lapsed"]:
        who = "Of these nobody" if narrowed else "Nobody"
        return f"{who} is due today; who lapsed long ago: sitrack worklist --lapsed"
    if narrowed:
        return "Nothing matches; the whole list: sitrack worklist"
    return "Nobody needs anything today."


def whose(row: Waiting) -> str:
    """Return who answers today, or in which queue it waits."""
    return row.owner or (f"team {row.team}" if row.team else "nobody")


def _step(row: Waiting, width: int) -> str:
    """The next step; where it is too long, its words are cut and not the count.

    Why it is hidden stands before it, or in its place where there is no room for both.
    """
    if aside := _aside(row):
        both = f"{aside}: {row.title}" if row.title else aside
        return both if len(both) <= width else fitted(aside, min(len(aside), width))
    more = f" (+{row.more})" if row.more else ""
    return fitted(row.title, min(len(row.title), width - len(more))) + more


def _aside(row: Waiting) -> str:
    """Why a row that is shown all the same waits for a day, and for which."""
    if row.hidden == "snoozed":
        return f"put off to {row.snoozed_until:%m-%d}"
    return "on hold" if row.hidden == "held" else ""


def _footer(found: Listing) -> str:
    quiet = sum(row.hidden == "not_due" for row in found.rows)
    bands = Counter(row.band for row in found.rows if row.hidden != "not_due")
    shown = _counted(
        {_SHOWN[band]: bands[band] for band in _SHOWN} | {_HIDDEN["not_due"]: quiet}
    )
    hidden = {_HIDDEN.get(why, why): n for why, n in found.hidden.items()}
    return f"{len(found.rows)} shown{shown and ': '}{shown} | hidden: " + (
        _counted(hidden) or "none"
    )


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{n} {what}" for what, n in numbers.items() if n)


def due(row: Waiting) -> str:
    """Return a due day by business days: `today`, `Wed -3bd`; far ones by date."""
    if row.due is None or row.days is None:
        return "now" if row.alert else "-"
    if row.days == 0:
        return "today"
    name = f"{row.due:%a}" if abs(row.days) <= 5 else f"{row.due:%m-%d}"
    name = name if abs(row.days) < 200 else f"{row.due}"
    return f"{name} {row.days:+d}bd"


def when(day: dt.date, today: dt.date) -> str:
    """Return a due date by calendar days: `today`, `Wed 06-11 -5d`."""
    days = (day - today).days
    if days == 0:
        return "today"
    name = f"{day:%a %m-%d}" if abs(days) < 300 else f"{day}"
    return f"{name} {days:+d}d"
