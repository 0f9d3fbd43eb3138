"""Reports as pictures: the numbers as they may leave the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from sitrack.coordination.reports.asked import FEW
from sitrack.coordination.reports.funnel import Step
from sitrack.coordination.reports.time_in_stage import Wait
from sitrack.coordination.reports.trend import Month
from sitrack.exchange.charts import (
    Bars,
    Chart,
    Lines,
    Ranges,
    Series,
    count_of,
    said,
    share_of,
)
from sitrack.journey.reach import RETURN_WITHIN, Reach
from sitrack.pathway.stages import Stage, title_of

_ROUNDED: Final = (
    "Counts are rounded to fives, shares to five in a hundred; "
    "<5 and - stand for fewer than five."
)


def census(day: dt.date, found: Mapping[str, int], about: Sequence[str]) -> Chart:
    """Return how many episodes were in each stage."""
    stages = [title_of(each) for each in Stage]
    counts = count_of("episodes", [found.get(each, 0) for each in Stage])
    return Chart(
        title=f"Episodes in each stage, {day}",
        panels=[Bars(stages, [counts], "episodes")],
        heads=("stage", "episodes"),
        rows=_rows(stages, [counts]),
        notes=[*about, _ROUNDED],
    )


def time_in_stage(day: dt.date, found: Sequence[Wait], about: Sequence[str]) -> Chart:
    """Return how long people wait, where enough have left to say so."""
    waits = [each for each in found if each.stays]
    stages = [title_of(each.stage) for each in waits]
    low, middle, high = (
        [None if each.left < FEW else getattr(each, name) for each in waits]
        for name in ("quarter", "median", "three_quarters")
    )
    labels = [
        f"{_days(days)}, {said(each.stays)} stays"
        for each, days in zip(waits, middle, strict=True)
    ]
    counts = [
        count_of(name, [getattr(each, name) for each in waits])
        for name in ("stays", "left", "lost", "still")
    ]
    quartiles = [
        Series(name, values, [_days(each) for each in values])
        for name, values in (("quarter", low), ("median", middle), ("3/4", high))
    ]
    return Chart(
        title=f"Days in each stage, {day}",
        panels=[Ranges(stages, low, middle, high, labels, "calendar days")],
        heads=("stage", *(each.name for each in (*counts, *quartiles))),
        rows=_rows(stages, [*counts, *quartiles]),
        notes=[
            "Bar: from when a quarter had left until three quarters had; diamond: half.",
            "A bar up to the edge: so many never had. On the right: the diamond.",
            "Who still waits, or was lost, counts for as long as they were seen.",
            *about,
            _ROUNDED,
        ],
    )


def funnel(day: dt.date, found: Sequence[Step], about: Sequence[str]) -> Chart:
    """Return what became of the stays in each stage."""
    steps = [each for each in found if each.entered]
    stages = [title_of(each.stage) for each in steps]
    fates = [
        count_of(name.replace("_", " "), [getattr(each, name) for each in steps])
        for name in ("moved_on", "finished", "declined", "lost", "still")
    ]
    entered = count_of("entered", [each.entered for each in steps])
    return Chart(
        title=f"What became of the stays in each stage, {day}",
        panels=[Bars(stages, fates, "stays")],
        heads=("stage", "entered", *(each.name for each in fates)),
        rows=_rows(stages, [entered, *fates]),
        notes=["Still: the stay lasts. Lost: to follow-up.", *about, _ROUNDED],
    )


def reach(first: dt.date, last: dt.date, found: Reach) -> Chart:
    """Return what came of reminders and calls, by what they have in common."""
    names = [" ".join(row.name) for row in found.rows]
    fates = [
        count_of("came back", [row.returned for row in found.rows]),
        count_of("did not", [row.decided - row.returned for row in found.rows]),
        count_of("may still", [row.waiting for row in found.rows]),
    ]
    tries = count_of("tries", [row.tries for row in found.rows])
    share = share_of(
        "share",
        [row.returned for row in found.rows],
        [row.decided for row in found.rows],
    )
    return Chart(
        title=f"Who came back after a reminder or a call, {first} to {last}",
        panels=[Bars(names, fates, "tries")],
        heads=("try", "tries", *(each.name for each in fates), "share"),
        rows=_rows(names, [tries, *fates, share]),
        notes=[f"Came back: within {RETURN_WITHIN} days.", _ROUNDED],
    )


def trend(day: dt.date, found: Sequence[Month], about: Sequence[str]) -> Chart:
    """Return the months, and beneath them whether trials are reviewed in time."""
    months = [f"{each.first:%Y-%m}" for each in found]
    happened = [
        count_of(name, [getattr(each, name) for each in found])
        for name in ("opened", "moved", "lost", "returned", "finished")
    ]
    shares = [
        share_of(
            "reviewed in time",
            [each.in_time for each in found],
            [each.decided for each in found],
        ),
        share_of(
            "overdue at its end",
            [each.overdue for each in found],
            [each.running for each in found],
        ),
    ]
    return Chart(
        title=f"Month by month, up to {day}",
        panels=[
            Lines(months, happened, "episodes and moves"),
            Lines(months, shares, "trials, in a hundred", most=100),
        ],
        heads=("month", *(each.name for each in (*happened, *shares))),
        rows=_rows(months, [*happened, *shares]),
        notes=[
            "A trial is reviewed when its stage is left; in time: up to 14 business days.",
            *about,
            _ROUNDED,
        ],
    )


def _rows(names: Sequence[str], series: Sequence[Series]) -> list[tuple[str, ...]]:
    columns = [names, *(each.labels for each in series)]
    return list(zip(*columns, strict=True))


def _days(days: int | None) -> str:
    return "-" if days is None else f"{days} d"
