"""One journey over time as a screen: stays as bars, procedures, and pain beneath them.

It is read without colour, and drawn in ASCII where the terminal has nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sitrack.journey.timeline import LOWEST, Stretch, Timeline
from sitrack.pathway.stages import title_of

_LABEL: Final = 17
_DAYS: Final = 6
_TICK: Final = 9
"""Columns that a month's name needs, with a gap."""
_STEP: Final = {"nrs": 1, "vas": 10}
"""What a row of a pain scale stands for."""
_LETTERS: Final = {"injection": "I", "block": "B", "rfa": "R", "fusion": "F"}
_NAMES: Final = {"rfa": "RFA"}


@dataclass(frozen=True, slots=True)
class Brush:
    """What a screen is drawn with.

    Attributes:
        stay: a day in a stage.
        held: a day of it on hold.
        lasts: the end of a stay that lasts.
        pain: a score, or the pain before a procedure.
        lowest: the lowest of a diary.
        tick: where a month begins.
    """

    stay: str
    held: str
    lasts: str
    pain: str
    lowest: str
    tick: str


FINE: Final = Brush("█", "░", "▶", "●", "▽", "│")
PLAIN: Final = Brush("#", "=", ">", "o", "v", "|")
"""For terminals that have ASCII alone."""


def lines(title: str, found: Timeline, width: int, brush: Brush) -> list[str]:
    """Return the screen.

    Args:
        title: whose it is.
        found: the journey.
        width: columns of the terminal.
        brush: what it is drawn with.
    """
    paper = _Paper(found, width - _LABEL - _DAYS - 2)
    return [
        f"{title}  {found.first} to {found.last} ({(found.last - found.first).days} d)",
        *paper.axis(brush),
        *_stays(found, paper, brush),
        "",
        *_procedures(found, paper),
        *_pain(found, paper, brush),
        *_legend(found, brush, width),
    ]


class _Paper:
    """Columns for days, from the first to the last."""

    def __init__(self, found: Timeline, columns: int) -> None:
        self.first, self.last = found.first, found.last
        self.columns = max(20, columns)

    def column(self, day: dt.date) -> int:
        """Return where a day lies."""
        span = max(1, (self.last - self.first).days)
        place = (day - self.first).days * (self.columns - 1) / span
        return max(0, min(self.columns - 1, round(place)))

    def axis(self, brush: Brush) -> Iterator[str]:
        """Name months as densely as there is room; beneath each name, its beginning."""
        names, ticks = [" "] * self.columns, [" "] * self.columns
        for day in self._months():
            place = self.column(day)
            ticks[place] = brush.tick
            name = f"{day:%Y-%m}"
            if place + len(name) <= self.columns:
                names[place : place + len(name)] = name
        if any(tick != " " for tick in ticks):
            yield _row("", names)
            yield _row("", ticks)

    def _months(self) -> Iterator[dt.date]:
        span = max(1, (self.last - self.first).days)
        step = next(
            (n for n in (1, 2, 3, 6) if self.columns * n * 30 / span >= _TICK), 12
        )
        day = self.first.replace(day=1)
        while day <= self.last:
            if day >= self.first and (day.month - 1) % step == 0:
                yield day
            day = (day + dt.timedelta(days=31)).replace(day=1)


def _row(label: str, cells: Sequence[str], end: str = "") -> str:
    return f"{label:<{_LABEL}} {''.join(cells)} {end}".rstrip()


# --- stays


def _stays(found: Timeline, paper: _Paper, brush: Brush) -> Iterator[str]:
    """A row for each stage, in the order in which they were entered first."""
    for stage in dict.fromkeys(stay.name for stay in found.stays):
        cells, days = [" "] * paper.columns, 0
        for stay in (each for each in found.stays if each.name == stage):
            _fill(cells, stay, paper, brush.stay)
            days += ((stay.until or paper.last) - stay.since).days
            for hold in found.holds:
                _fill(cells, _both(stay, hold, paper.last), paper, brush.held)
            if stay.until is None:
                cells[paper.columns - 1] = brush.lasts
        yield _row(title_of(stage), cells, f"{days:>4} d")


def _fill(cells: list[str], stretch: Stretch | None, paper: _Paper, char: str) -> None:
    """Draw a stretch; its last day is the first of what follows, and a short one shows."""
    if stretch is None:
        return
    begin = paper.column(stretch.since)
    end = paper.column(stretch.until or paper.last)
    for place in range(begin, max(begin + 1, end)):
        cells[place] = char


def _both(stay: Stretch, hold: Stretch, last: dt.date) -> Stretch | None:
    """The part of a stay that was on hold."""
    since = max(stay.since, hold.since)
    until = min(stay.until or last, hold.until or last)
    return Stretch(hold.name, hold.number, since, until) if since < until else None


# --- procedures and pain


def _procedures(found: Timeline, paper: _Paper) -> Iterator[str]:
    done = [fact for fact in found.facts if fact.is_procedure]
    if not done:
        return
    cells = [" "] * paper.columns
    for fact in done:
        place, letter = paper.column(fact.day), _LETTERS[fact.kind]
        cells[place] = letter if cells[place] in {" ", letter} else "+"
    yield _row("Procedures", cells)


def _pain(found: Timeline, paper: _Paper, brush: Brush) -> Iterator[str]:
    """A row for each step of the scale, from the worst that was told to the best."""
    scale = found.scale
    if scale is None:
        return
    told = [(day, _step(pain, scale), kind) for day, pain, kind in found.pain()]
    steps = [step for _, step, _ in told]
    for step in range(max(steps), min(steps) - 1, -1):
        cells = [" "] * paper.columns
        for day, at, kind in told:
            if at == step:
                cells[paper.column(day)] = (
                    brush.lowest if kind == LOWEST else brush.pain
                )
        name = f"Pain, {scale.upper()}" if step == max(steps) else ""
        yield _row(f"{name:<{_LABEL - 4}}{step * _STEP[scale]:>4}", cells)


def _step(pain: Decimal, scale: str) -> int:
    """The row of a score; half a step counts upwards."""
    return int((pain / _STEP[scale]).quantize(Decimal(1), ROUND_HALF_UP))


def _legend(found: Timeline, brush: Brush, width: int) -> Iterator[str]:
    said = [
        f"{letter} {_NAMES.get(kind, kind)}"
        for kind, letter in _LETTERS.items()
        if any(fact.kind == kind for fact in found.facts)
    ]
    kinds = {kind for _, _, kind in found.pain()}
    said += [f"{brush.pain} pain"] if kinds - {LOWEST} else []
    said += [f"{brush.lowest} lowest of a diary"] if LOWEST in kinds else []
    said += [f"{brush.held} on hold"] if found.holds else []
    if said:
        yield ""
        yield "  ".join(said)[:width]
