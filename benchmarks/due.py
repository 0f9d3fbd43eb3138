"""What is due, delivered: a round of ours, and what a user would run instead.

    python -m benchmarks due                      10,000 due, up to 1,000,000 parked
    python -m benchmarks due --episodes 10000     1,000 due, up to 10,000 parked

Each program gets the same number of reminders that are due, beside none, many, or ten
times as many that are parked for later, in a database of its own; each delivers them to
a file, and the lines are counted (`peers/due_*.py`). Every run is on a fresh copy. Of
those that are parked a thousand are written in the library's own way, and the rest are
copies of them in SQL (`peers/copies.py`).

Ours are delivered several times, for they are compared with one another; the others once:
a backlog of ten thousand is many measurements, and theirs are far from ours.
"""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import databases, flush
from benchmarks.measure import Figure
from benchmarks.processes import Peer, started

DUE = 10_000
"""The most that are due; of fewer that are parked a tenth."""
PARKED = 1_000_000
_OURS = "due_ours"
ON_FILE = (
    Peer(_OURS, "sitrack, SQLite"),
    Peer("due_apscheduler", "APScheduler, one job per patient", ("apscheduler",)),
    Peer("due_huey", "huey, SQLite", ("huey",)),
)
ON_SERVER = (
    Peer(_OURS, "sitrack, PostgreSQL"),
    Peer("due_procrastinate", "procrastinate", ("procrastinate",)),
    Peer("due_dbos", "DBOS", ("dbos",)),
)
_BUDGETS = {"due_procrastinate": 5.0, "due_apscheduler": 1.0}
_RUNS = 3
_UNCHANGED = 0.77
"""Speed beside many parked, over the speed beside none: not slower than 1.3 times."""


@dataclass(frozen=True)
class _Load:
    """What is measured at once.

    Attributes:
        kind: of database.
        due: how many reminders are due.
        parked: how many are not, in each of the cases.
        runs: how often ours are delivered; the others are once.
        slow: what the surroundings of a slower flush are; empty for the machine's own.
    """

    kind: str
    due: int
    parked: tuple[int, ...]
    runs: int
    slow: dict[str, str] = field(default_factory=dict)

    def said(self, parked: int) -> str:
        """Say what one case is."""
        flushed = ", 1 ms flush" if self.slow else ""
        return f"{self.due:,} due, {parked:,} parked, {self.kind}{flushed}"


@dataclass
class _Delivered:
    """What one program did of one case: how many a second, of what, in how many MB."""

    speeds: list[float] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    memory: float = 0.0


_Found = dict[tuple[str, int], _Delivered]
"""By the program, and how many were parked."""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of a backlog, on a file and on a server.

    Args:
        runs: how often ours are delivered; the others are once.
        episodes: how many are parked; of fewer than 100,000 a tenth is due.
    """
    parked, runs = episodes or PARKED, min(runs or _RUNS, _RUNS)
    due = min(max(1, parked // 10), DUE)
    levels = tuple(sorted({0, parked // 10, parked}))
    kinds = {"SQLite": ON_FILE, "PostgreSQL": ON_SERVER}
    lacking = {}
    if why_not := databases.why_no_server():
        lacking["PostgreSQL"] = why_not
        del kinds["PostgreSQL"]
    figures = []
    for kind, peers in kinds.items():
        figures += _on(peers, _Load(kind, due, levels, runs))
    if why_not := flush.why_not():
        lacking["a 1 ms flush"] = why_not
        kinds = {}
    for kind, peers in kinds.items():
        figures += _on(peers, _Load(kind, due, (0,), 1, flush.slowed(1)))
    for what, why in lacking.items():
        figures[-1].notes.append(f"What is due, {what}: not run, {why}.")
    return figures


def _on(peers: tuple[Peer, ...], load: _Load) -> list[Figure]:
    here = [peer for peer in peers if not peer.why_not]
    cases = {(peer.module, parked) for peer in here for parked in load.parked}
    found = {case: _Delivered() for case in cases}
    with contextlib.ExitStack() as stack:
        on_file = load.kind == "SQLite"
        source = databases.sqlite_files() if on_file else databases.postgres(load.slow)
        fresh = stack.enter_context(source)
        made = {case: _made(fresh(), *case, load.due) for case in sorted(cases)}
        for turn in range(load.runs):
            for (module, parked), url in made.items():
                if turn == 0 or module == _OURS:
                    _deliver(fresh(copy_of=url), module, load, found[module, parked])
    figures = []
    for parked in load.parked:
        if parked:
            figures.append(_unchanged(load, parked, found))
        figures += [_beside(peer, load, parked, found) for peer in here[1:]]
    if not load.slow:
        figures[-1].notes.append(_memory(load, here, found))
        absent = [peer for peer in peers if peer.why_not]
        figures[-1].notes.extend(f"Not run: {e.name}: {e.why_not}." for e in absent)
    return figures


def _made(url: str, module: str, parked: int, due: int) -> str:
    """Let a program fill a new database; return its URL."""
    with started(module, url) as process:
        process.ask("prepare", due, parked)
    return url


def _deliver(url: str, module: str, load: _Load, kept: _Delivered) -> None:
    """Let a program deliver everything that is due, and keep what it says."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "delivered"
        with started(module, url, load.slow) as process:
            sent, seconds = process.ask("deliver", load.due, out)
            about = process.ask("about")
    kept.speeds.append(float(sent / seconds))
    kept.versions = about["versions"]
    kept.memory = max(kept.memory, about["memory"])


def _beside(peer: Peer, load: _Load, parked: int, found: _Found) -> Figure:
    return Figure(
        load.said(parked),
        peer.name,
        found[_OURS, parked].speeds,
        found[peer.module, parked].speeds,
        unit="/s",
        budget=_BUDGETS.get(peer.module),
        at_least=True,
        versions=found[peer.module, parked].versions,
    )


def _unchanged(load: _Load, parked: int, found: _Found) -> Figure:
    """Return ours beside many that are parked, against ours beside none."""
    return Figure(
        load.said(parked),
        "the same, none parked",
        found[_OURS, parked].speeds,
        found[_OURS, 0].speeds,
        unit="/s",
        budget=_UNCHANGED,
        at_least=True,
    )


def _memory(load: _Load, here: list[Peer], found: _Found) -> str:
    most = load.parked[-1]
    told = (f"{peer.name} {found[peer.module, most].memory:.0f}" for peer in here)
    return f"Memory of these processes, {load.said(most)}, in MB: {'; '.join(told)}."
