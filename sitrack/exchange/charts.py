"""What a picture shows, before it is drawn: panels, and the same as a table.

The table is the text alternative: whoever cannot see the picture, or sees it in grey,
reads the same numbers. A picture is made to be handed on, and small numbers point at
people: counts leave the house rounded to fives, and fewer than five as `<5`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STEP: Final = 5
"""Counts and shares that leave the house are rounded to so many."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one for each row or column; None where there is none.

    Fewer than five are drawn alike, however many they are.

    Attributes:
        name: what they are.
        values: where they are drawn.
        labels: how they are written.
    """

    name: str
    values: Sequence[float | None]
    labels: Sequence[str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw; the table says so."""
        return not any(self.values)


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars from left to right, one for each row; several series are stacked."""

    rows: Sequence[str]
    series: Sequence[Series]
    unit: str


@dataclass(frozen=True, slots=True)
class Ranges:
    """A line for each row from a low to a high value, with a mark between."""

    rows: Sequence[str]
    low: Sequence[float | None]
    middle: Sequence[float | None]
    high: Sequence[float | None]
    labels: Sequence[str]
    unit: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines over columns, each with a mark of its own; gaps where there is no value."""

    columns: Sequence[str]
    series: Sequence[Series]
    unit: str
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of days in a row; `until` is the day on which it ended.

    Attributes:
        row: the row, from 0.
        since: its first day.
        until: the day on which it ended, or the last day that is shown.
        held: it is a part that was on hold.
        lasts: it goes on beyond what is shown.
    """

    row: int
    since: dt.date
    until: dt.date
    held: bool = False
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Stretches:
    """Bars over days, in rows."""

    rows: Sequence[str]
    bars: Sequence[Bar]
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Dots:
    """Values on days, each series with a mark of its own; and what was done when.

    Attributes:
        series: name, and the values by day.
        events: day, and what was done.
        unit: of the values.
        most: the end of their scale.
        first: the first day that is shown.
        last: the last.
    """

    series: Sequence[tuple[str, Sequence[tuple[dt.date, float]]]]
    events: Sequence[tuple[dt.date, str]]
    unit: str
    most: float
    first: dt.date
    last: dt.date


Panel = Bars | Ranges | Lines | Stretches | Dots


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of a report.

    Attributes:
        title: what it is about, and of which day.
        panels: from top to bottom.
        heads: of the table that says the same.
        rows: of that table, as text.
        notes: how to read it, one sentence each.
    """

    title: str
    panels: Sequence[Panel]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]

    @property
    def told(self) -> str:
        """The table in one breath: what a screen reader says instead of the picture."""
        lines = [
            ", ".join(
                f"{head} {cell}"
                for head, cell in zip(self.heads[1:], row[1:], strict=True)
            )
            for row in self.rows
        ]
        rows = [f"{row[0]}: {line}" for row, line in zip(self.rows, lines, strict=True)]
        return ". ".join([*rows, *(note.rstrip(".") for note in self.notes)]) + "."


def rounded(count: int) -> int:
    """Return a count as it may leave the house: to the nearest five, halves upwards."""
    return STEP * ((count + STEP // 2) // STEP)


def count_of(name: str, counts: Sequence[int]) -> Series:
    """Return a series of counts as they may leave the house."""
    values = [STEP / 2 if 0 < each < STEP else rounded(each) for each in counts]
    return Series(name, values, [*map(said, counts)])


def said(count: int) -> str:
    """Return a count as it may be written where it leaves the house."""
    return f"<{STEP}" if 0 < count < STEP else f"{rounded(count)}"


def share_of(name: str, parts: Sequence[int], wholes: Sequence[int]) -> Series:
    """Return a series of shares in a hundred; none where it rests on fewer than five."""
    values = [
        rounded(round(100 * part / whole)) if whole >= STEP else None
        for part, whole in zip(parts, wholes, strict=True)
    ]
    return Series(name, values, ["-" if v is None else f"{v} %" for v in values])
