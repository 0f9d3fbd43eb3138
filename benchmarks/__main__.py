"""`python -m benchmarks [NAME ...] [--episodes N] [--runs N] [--write]`."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import importlib.metadata
import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Sequence

from benchmarks.measure import ROOT, Figure

NAMES = ("start_up", "advance", "as_of", "reminders")
_RESULTS = ROOT / "benchmarks" / "RESULTS.md"
_HEADS = ("what", "ours", "against", "theirs", "ratio", "budget", "")


def main() -> None:
    """Run what was asked for, and print or write the table."""
    asked = _arguments()
    figures: list[Figure] = []
    for name in asked.names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"{name} …", file=sys.stderr, flush=True)
        figures += module.run(runs=asked.runs, episodes=asked.episodes)
    lines = table(figures)
    print("\n".join(lines))
    if asked.write:
        _RESULTS.write_text("\n".join([*_preface(), *lines]) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--episodes", type=int, default=0, help="how large the clinic is"
    )
    parser.add_argument(
        "--runs", type=int, default=0, help="how often each is measured"
    )
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return asked


def table(figures: Sequence[Figure]) -> list[str]:
    """Return the figures as a table in Markdown, and their notes below it."""
    rows = [_HEADS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, _line(["-" * width for width in widths], widths))
    notes = [note for figure in figures for note in figure.notes]
    return [*lines, *([""] if notes else []), *notes]


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


def _preface() -> list[str]:
    """Say on what it was measured, and when."""
    versions = [f"{platform.python_implementation()} {platform.python_version()}"]
    versions += [f"SQLite {sqlite3.sqlite_version}"]
    versions += [
        f"{name} {importlib.metadata.version(name)}"
        for name in ("SQLAlchemy", "click", "transitions")
    ]
    cores = os.cpu_count() or 1
    machine = (
        f"{platform.system()} on {platform.machine()}, {cores} "
        f"core{'s' if cores > 1 else ''}, shared with other work: read the ratios"
    )
    return [
        "# Results",
        "",
        "Written by `python -m benchmarks --write`; `README.md` says what each line means.",
        "",
        f"Measured on {dt.datetime.now(dt.UTC).date()}: {machine}.",
        f"{', '.join(versions)}.",
        "Times are the median (least-greatest) of interleaved runs.",
        "",
    ]


if __name__ == "__main__":
    main()
