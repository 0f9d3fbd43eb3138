"""Puts figures into tables in Markdown, for the screen and for RESULTS.md."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Sequence

from benchmarks.measure import ROOT, Figure
from benchmarks.peers.answer import versions

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
_HEADS = ("what", "ours", "against", "theirs", "ratio", "budget", "")
_OURS = ("SQLAlchemy", "click", "transitions", "psycopg")
_NOT_COMPARABLE = """\
## What is not comparable

- No peer does what ours does in the same transaction: hash and chain each entry, bind
  its content to it, keep two times, refuse a second writer of the same number, judge
  every requirement of a protocol file and write the findings down, queue for the seal.
- `eventsourcing` keeps events and nothing else: who needs somebody today is not known
  there without reading all of them.
- Bare statements judge nothing, hash nothing and know no values: the time to find them
  is not in it. A bare `import sqlalchemy` opens no database.
- PostgreSQL runs on the same cores as its clients.
- Everything else that a row cannot say stands in the docstring of its program under
  `benchmarks/peers/`, and in `README.md`.
"""


def section(title: str, figures: Sequence[Figure]) -> list[str]:
    """Return the figures of one benchmark as a table with its notes."""
    notes = [note for figure in figures for note in figure.notes]
    below = [line for note in notes for line in ("", note)]
    return [f"## {title}", "", *table(figures), *below, ""]


def table(figures: Sequence[Figure]) -> list[str]:
    """Return the figures as a table in Markdown."""
    rows = [_HEADS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, _line(["-" * width for width in widths], widths))
    return lines


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "≥" if figure.at_least else "≤"
    return (
        figure.what,
        _spread(figure.ours, figure.unit),
        figure.peer or "-",
        _spread(figure.theirs, figure.unit) if figure.theirs else "-",
        f"{figure.ratio:.2f} x" if figure.ratio is not None else "-",
        f"{sign} {figure.budget} x" if figure.budget is not None else "-",
        figure.verdict,
    )


def _spread(times: Sequence[float], unit: str) -> str:
    """Return `median (least-greatest) unit`."""
    median = statistics.median(times)
    digits = 0 if median >= 100 else 1 if median >= 10 else 2
    low, high = min(times), max(times)
    return f"{median:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f}) {unit}"


def write(sections: Iterable[str], figures: Sequence[Figure]) -> None:
    """Write RESULTS.md: on what it was measured, every table, and what they leave out."""
    lines = [*_preface(figures), *sections]
    RESULTS.write_text("\n".join(lines) + "\n" + _NOT_COMPARABLE, encoding="utf-8")


def _preface(figures: Sequence[Figure]) -> list[str]:
    cores = os.cpu_count() or 1
    machine = (
        f"{platform.system()} on {platform.machine()}, {cores} "
        f"core{'s' if cores > 1 else ''}, shared with other work: read the ratios"
    )
    budgeted = [figure.verdict for figure in figures if figure.verdict]
    met = budgeted.count("met")
    return [
        "# Results",
        "",
        "Written by `python -m benchmarks --write`; `README.md` says what each line means.",
        "",
        f"Measured on {dt.datetime.now(dt.UTC).date()}: {machine}.",
        f"{', '.join(_versions(figures))}.",
        "Times are the median (least-greatest) of interleaved runs; a ratio of `≤` is time",
        "over time, one of `≥` is speed over speed.",
        f"Of {len(budgeted)} rows with a budget, {met} met it; what was tried for the",
        "others stands in `README.md`.",
        "",
    ]


def _versions(figures: Sequence[Figure]) -> list[str]:
    """Name everything that was measured, ours first."""
    peers = {name: told for each in figures for name, told in each.versions.items()}
    ours = versions(_OURS)
    return [
        f"{platform.python_implementation()} {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {told}" for name, told in {**ours, **peers}.items()),
    ]
