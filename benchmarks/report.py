"""Puts figures into tables in Markdown, for the screen and for RESULTS.md.

What was measured against several peers stands once, with a row for each of them below.
"""

from __future__ import annotations

import itertools
import statistics
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.measure import Figure

_HEADS = ("what", "median (least-greatest)", "ratio", "budget", "")
_WIDTH = 88


def section(title: str, figures: Sequence[Figure]) -> list[str]:
    """Return the figures of one benchmark as a table with its notes."""
    notes = [note for figure in figures for note in figure.notes]
    below = [line for note in notes for line in ("", *wrapped(note))]
    return [title, "", *table(_HEADS, _rows(figures)), *below, ""]


def wrapped(text: str) -> list[str]:
    """Return a paragraph as lines that a terminal shows whole."""
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as a table in Markdown, that can be read as text too."""
    whole = [heads, *rows]
    widths = [max(3, *map(len, column)) for column in zip(*whole, strict=True)]
    lines = [_line(row, widths) for row in whole]
    lines.insert(1, _line(["-" * width for width in widths], widths))
    return lines


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _rows(figures: Sequence[Figure]) -> Iterator[tuple[str, ...]]:
    """Give a row for what was measured, and one for each peer that it is beside."""
    same = itertools.groupby(figures, lambda each: (each.what, list(each.ours)))
    for (what, ours), beside in same:
        group = list(beside)
        yield what, spread(ours, group[0].unit), "", "", ""
        for each in group:
            if each.theirs:
                its = spread(each.theirs, each.unit)
                yield f"- {each.peer}", its, *judged(each)


def judged(figure: Figure) -> tuple[str, str, str]:
    """Return the ratio, its bound and the verdict, as cells."""
    sign = "≥" if figure.at_least else "≤"
    return (
        f"{figure.ratio:.2f} x" if figure.ratio is not None else "-",
        f"{sign} {figure.budget:g} x" if figure.budget is not None else "-",
        figure.verdict,
    )


def spread(times: Sequence[float], unit: str) -> str:
    """Return `median (least-greatest) unit`, or one value alone."""
    median = statistics.median(times)
    digits = 0 if median >= 100 or not unit else 1 if median >= 10 else 2
    low, high = min(times), max(times)
    around = f" ({low:,.{digits}f}-{high:,.{digits}f})" if len(times) > 1 else ""
    return f"{median:,.{digits}f}{around} {unit}".rstrip()
