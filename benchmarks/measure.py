"""Takes times in turn, and keeps them as figures with a budget."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the package; processes are started in it."""


class NotRun(Exception):
    """This machine cannot run a benchmark; the message says why."""


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        what: what was done.
        peer: what it was measured against; empty for none.
        ours: each run, in `unit`.
        theirs: each run of the peer, in `unit`.
        unit: `ms`, or `/s` where more is better.
        budget: the bound of the ratio; None for none.
        at_least: the ratio is speed over speed, and the bound is its least value;
            else it is time over time, and the bound is its greatest.
        notes: lines that stand below the table.
        versions: the distributions that the peer is made of.
    """

    what: str
    peer: str
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    unit: str = "ms"
    budget: float | None = None
    at_least: bool = False
    notes: list[str] = field(default_factory=list)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Median over median: time ours / theirs, or speed where `at_least`."""
        if not self.theirs:
            return None
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        if not ours or not theirs:
            return None
        # Of times, more speed is less; of so many a second, it is more.
        speeds = self.unit == "/s"
        return theirs / ours if self.at_least != speeds else ours / theirs

    @property
    def verdict(self) -> str:
        """`met` or `missed`; empty where there is no budget."""
        if self.ratio is None or self.budget is None:
            return ""
        kept = self.ratio >= self.budget if self.at_least else self.ratio <= self.budget
        return "met" if kept else "missed"


def in_turn(
    runs: int, *acts: Callable[[], float], warm_up: int = 2
) -> list[list[float]]:
    """Return the times of each act, which run A B A B after a warm-up."""
    for _ in range(warm_up):
        for act in acts:
            act()
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(runs):
        for kept, act in zip(times, acts, strict=True):
            kept.append(act())
    return times


def process(*arguments: str, **environment: str) -> Callable[[], float]:
    """Return an act: one whole run of this Python, output to a pipe, in ms.

    Args:
        arguments: of Python.
        environment: what it sees besides our own.
    """

    def act() -> float:
        before = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            check=True,
        )
        return (time.perf_counter() - before) * 1000

    return act


def milliseconds(act: Callable[[], object]) -> Callable[[], float]:
    """Return the act as one that says how long it took, in ms."""

    def timed() -> float:
        before = time.perf_counter()
        act()
        return (time.perf_counter() - before) * 1000

    return timed
