"""Counts days from an anchor: calendar or business days, days on hold left out. Pure.

A hold holds the step from one day to the next, so that without weekends and closed
days ten business days are ten calendar days, whatever was held in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sitrack.journey.episode import Episode, Hold
from sitrack.pathway.calendar import Calendar, Duration

_DAY = dt.timedelta(days=1)


def day_after(
    episode: Episode, calendar: Calendar, anchor: dt.date, length: Duration
) -> dt.date:
    """Return the day that lies `length` after `anchor`, days on hold left out.

    An open hold is taken to last until its review.
    """
    if length.unit == "d":
        return episode.day_after(anchor, length.count)
    if length.count <= 0 or not episode.holds:
        return calendar.day_after(anchor, length)
    day, left = anchor, length.count
    while left:
        if _holding(episode.holds, day) is None:
            left -= calendar.is_open(day + _DAY)
        day += _DAY
    return day


def day_before(episode: Episode, due: dt.date, days: int) -> dt.date:
    """Return the first day from which at most `days` lead to `due`, holds left out."""
    day = due - dt.timedelta(days=days)
    while episode.active_days(day - _DAY, due) <= days:
        day -= _DAY
    return day


def _holding(holds: Sequence[Hold], day: dt.date) -> Hold | None:
    """The first hold that holds the step from `day` to the next, or None."""
    return next((h for h in holds if h.since <= day < (h.until or h.review)), None)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How a due date came about.

    Attributes:
        anchor: the day it counts from.
        length: what is counted.
        due: the day it leads to.
        weekends: how many days of a weekend were passed over.
        closed: the other closed days that were passed over, each with its name.
        held: the holds that fall in between, each with the days it left out.
        beyond: the last year whose holidays the calendar lists, where the count
            goes on after it; else None.
    """

    anchor: dt.date
    length: Duration
    due: dt.date
    weekends: int
    closed: tuple[tuple[dt.date, str], ...]
    held: tuple[tuple[Hold, int], ...]
    beyond: int | None


def reckon(
    episode: Episode, calendar: Calendar, anchor: dt.date, length: Duration
) -> Reckoning:
    """Return the arithmetic behind `day_after`, day by day."""
    due = day_after(episode, calendar, anchor, length)
    held: dict[int, int] = {}
    passed: list[dt.date] = []
    day = anchor
    while day < due and length.count > 0:
        hold = _holding(episode.holds, day)
        day += _DAY
        if hold is not None:
            held[hold.seq] = held.get(hold.seq, 0) + 1
        elif length.unit == "bd" and not calendar.is_open(day):
            passed.append(day)
    named = [each for each in passed if each.weekday() not in calendar.weekend]
    listed = calendar.years[1] if calendar.years and length.unit == "bd" else None
    return Reckoning(
        anchor=anchor,
        length=length,
        due=due,
        weekends=len(passed) - len(named),
        closed=tuple((each, calendar.why_closed(each) or "") for each in named),
        held=tuple(
            (hold, held[hold.seq]) for hold in episode.holds if hold.seq in held
        ),
        beyond=listed if listed is not None and due.year > listed else None,
    )
