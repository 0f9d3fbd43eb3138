"""Writes RESULTS.md: each time a benchmark ends, so that what was measured is kept.

The file says what it was measured on, every budget with its ratio, why one was missed,
and which benchmarks were not run and how to run them.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import missed, report
from benchmarks.measure import ROOT, Figure
from benchmarks.peers.answer import versions
from benchmarks.subjects import NAMES, SUBJECTS

RESULTS = ROOT / "benchmarks" / "RESULTS.md"

Outcome = Sequence[Figure] | str
"""What a benchmark measured, or why it did not."""

_OURS = ("SQLAlchemy", "click", "transitions", "psycopg")
_ABOUT = """\
# Results

Written by `python -m benchmarks --write`; [`README.md`](README.md) says what each row
means. Ours stands first, and below it, with a dash, what it is measured beside: with the
median, the least and the greatest of runs in turn. The ratio is ours to theirs: time over
time where the budget is the most that it may be (≤), speed over speed where it is the
least (≥). On a busy machine single figures double, and ratios mostly hold.
"""
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
- A flush to the disk is unrealistically fast on a virtual machine: quote the rows that
  say "1 ms flush".
- Everything else that a row cannot say stands in the docstring of its program under
  `benchmarks/peers/`, and in `README.md`.
"""


def write(outcomes: Mapping[str, Outcome], path: Path = RESULTS) -> None:
    """Put what is known so far into the place of the file, whole or not at all."""
    new = path.with_suffix(".new")
    lines = (*_lines(outcomes), _NOT_COMPARABLE)
    new.write_text("\n".join(lines), encoding="utf-8")
    new.replace(path)


def section(name: str, outcome: Outcome, level: str = "##") -> list[str]:
    """Return one benchmark's table, or why there is none."""
    title = f"{level} {NAMES[name]}"
    if isinstance(outcome, str):
        return [title, "", f"Not run: {outcome}. Alone: `{_alone(name)}`.", ""]
    return report.section(title, outcome)


def _lines(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    measured = {
        name: outcome
        for name, outcome in outcomes.items()
        if not isinstance(outcome, str)
    }
    yield _ABOUT
    yield from _machine([each for found in measured.values() for each in found])
    yield from _budgets(measured)
    yield from _not_run(outcomes)
    for subject, names in SUBJECTS.items():
        yield from (f"## {subject}", "")
        for name in names:
            yield from section(name, outcomes.get(name, "its turn did not come"), "###")


def _machine(figures: Sequence[Figure]) -> Iterator[str]:
    yield from ("## The machine", "")
    told = (
        f"Measured on {dt.datetime.now(dt.UTC).date()}: {machine()}. "
        f"{', '.join(_versions(figures))}."
    )
    yield from (*report.wrapped(told), "")


def machine() -> str:
    """Say in words what this machine is, and nothing that would name it."""
    cores = os.cpu_count() or 1
    parts = [
        f"{platform.system()} on {platform.machine()}",
        f"{cores} core{'s' if cores > 1 else ''}",
    ]
    if hasattr(os, "sysconf"):
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        parts.append(f"{pages / 1e9:.0f} GB of memory")
    processor = Path("/proc/cpuinfo")
    if processor.exists() and "hypervisor" in processor.read_text():
        parts.append("a virtual machine")
    return ", ".join(parts)


def _versions(figures: Sequence[Figure]) -> list[str]:
    """Name everything that was measured, ours first."""
    peers = {name: told for each in figures for name, told in each.versions.items()}
    ours = versions(_OURS)
    return [
        f"{platform.python_implementation()} {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {told}" for name, told in {**ours, **peers}.items()),
    ]


def _budgets(measured: Mapping[str, Sequence[Figure]]) -> Iterator[str]:
    """Every row with a budget, and of those that missed it the reason."""
    judged = [
        (name, each)
        for name in NAMES
        for each in measured.get(name, ())
        if each.verdict
    ]
    rows = [(each.what, each.peer, *report.judged(each)) for _, each in judged]
    lost = [(name, each) for name, each in judged if each.verdict == "missed"]
    yield from ("## Every budget", "")
    yield f"{len(judged) - len(lost)} of {len(judged)} rows with a budget met it."
    yield ""
    yield from report.table(("what", "against", "ratio", "budget", ""), rows)
    yield ""
    if lost:
        yield from ("## Missed", "")
        yield from report.table(
            ("what", "ratio", "budget", "why"),
            [(*_short(each), missed.why(name, each)) for name, each in lost],
        )
        yield ""


def _short(figure: Figure) -> tuple[str, str, str]:
    """Return what was done, and beside whom in the words before a comma."""
    ratio, budget, _ = report.judged(figure)
    return f"{figure.what}; {figure.peer.partition(',')[0]}", ratio, budget


def _not_run(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    absent = [name for name in NAMES if isinstance(outcomes.get(name, ""), str)]
    if absent:
        yield from ("## Not run", "")
        yield from (f"- {NAMES[name]}: `{_alone(name)}`" for name in absent)
        yield ""


def _alone(name: str) -> str:
    return f"python -m benchmarks {name}"
