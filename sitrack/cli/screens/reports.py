"""Reports as screens: numbers under their heads, and below what they rest on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sitrack.cli.output import counted, table
from sitrack.coordination.reports.funnel import Step
from sitrack.coordination.reports.time_in_stage import Wait
from sitrack.coordination.reports.trend import Month
from sitrack.pathway.stages import Stage, title_of

_STAGE = 18


def census(
    day: dt.date, found: Mapping[str, int], still_open: int, limits: Sequence[str]
) -> list[str]:
    """Return the screen of a census."""
    cells = [(title_of(each), f"{found.get(each, 0):>8}") for each in Stage]
    return [
        f"{day:%a %Y-%m-%d}",
        *limits,
        *table(("STAGE", "EPISODES"), cells, (20, 8)),
        f"{counted(still_open, 'episode', 'episodes')} open",
    ]


def time_in_stage(
    day: dt.date, found: Sequence[Wait], limits: Sequence[str]
) -> list[str]:
    """Return the screen of the waits; stages that nobody entered are left out."""
    heads = ("STAYS", "LEFT", "LOST", "STILL", "1/4", "MEDIAN", "3/4", "LONGEST")
    rows = [
        (
            title_of(each.stage),
            each.stays,
            each.left,
            each.lost,
            each.still,
            each.quarter,
            _marked(each.median, few=each.few),
            each.three_quarters,
            each.longest,
        )
        for each in found
        if each.stays
    ]
    few = any(each.few and each.median is not None for each in found)
    return [
        f"Calendar days in a stage, {day:%a %Y-%m-%d}",
        *limits,
        *_numbers(("STAGE", *heads), rows),
        "1/4, MEDIAN, 3/4: days until so many had left. LONGEST: of those still there.",
        *(["* fewer than five left"] if few else []),
    ]


def funnel(day: dt.date, found: Sequence[Step], limits: Sequence[str]) -> list[str]:
    """Return the screen of the funnel; stages that nobody entered are left out."""
    heads = ("ENTERED", "MOVED ON", "FINISHED", "DECLINED", "LOST", "STILL")
    rows = [
        (
            title_of(each.stage),
            each.entered,
            each.moved_on,
            each.finished,
            each.declined,
            each.lost,
            each.still,
        )
        for each in found
        if each.entered
    ]
    lost, back = sum(e.lost for e in found), sum(e.came_back for e in found)
    return [
        f"What became of the stays, {day:%a %Y-%m-%d}",
        *limits,
        *_numbers(("STAGE", *heads), rows),
        f"{counted(lost, 'loss', 'losses')} to follow-up, {back} came back",
    ]


def trend(day: dt.date, found: Sequence[Month], limits: Sequence[str]) -> list[str]:
    """Return the screen of the months; the one that is not over is marked."""
    heads = (
        *("OPENED", "MOVED", "LOST", "BACK", "FINISHED"),
        *("TRIALS", "IN TIME", "OVERDUE"),
    )
    rows = [
        (
            f"{each.first:%Y-%m}{'+' if each.last == day else ''}",
            each.opened,
            each.moved,
            each.lost,
            each.returned,
            each.finished,
            each.decided,
            _share(each.in_time_share),
            _share(each.overdue_share),
        )
        for each in found
    ]
    decided, in_time = sum(e.decided for e in found), sum(e.in_time for e in found)
    trials = counted(decided, "trial", "trials")
    return [
        f"Month by month, up to {day:%a %Y-%m-%d}",
        *limits,
        *_numbers(("MONTH", *heads), rows, first=8),
        f"{in_time} of {trials} reviewed in time. OVERDUE: of those at the month's end.",
    ]


def _share(value: int | None) -> str:
    return "-" if value is None else f"{value} %"


def _marked(value: int | None, *, few: bool) -> str:
    return "-" if value is None else f"{value}*" if few else f"{value}"


def _numbers(
    heads: Sequence[str], rows: Sequence[Sequence[object]], first: int = _STAGE
) -> list[str]:
    """A table whose columns are numbers, but the first."""
    if not rows:
        return ["Nothing yet."]
    widths = [max(5, len(head)) for head in heads[1:]]

    def cells(row: Sequence[object]) -> list[str]:
        texts = ["-" if each is None else f"{each}" for each in row[1:]]
        right = [f"{text:>{width}}" for text, width in zip(texts, widths, strict=True)]
        return [f"{row[0]}", *right]

    return table(cells(heads), [cells(row) for row in rows], (first, *widths))
