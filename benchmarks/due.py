"""What is due, delivered: a round of ours, and what a user would run instead.

Each program gets the same number of reminders that are due, beside none or many that
are parked for later, in a database of its own; each delivers them to a file, and the
lines are counted (`peers/due_*.py`). Every run is on a fresh copy.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from benchmarks import databases
from benchmarks.databases import Fresh
from benchmarks.measure import Figure
from benchmarks.processes import Peer, started

DUE = 1_000
PARKED = 9_000
ON_FILE = (
    Peer("due_ours", "sitrack, SQLite"),
    Peer("due_apscheduler", "APScheduler, one job per patient", ("apscheduler",)),
    Peer("due_huey", "huey, SQLite", ("huey",)),
)
ON_SERVER = (
    Peer("due_ours", "sitrack, PostgreSQL"),
    Peer("due_procrastinate", "procrastinate", ("procrastinate",)),
    Peer("due_dbos", "DBOS", ("dbos",)),
)
_BUDGETS = {"due_procrastinate": 5.0, "due_apscheduler": 1.0}
_UNCHANGED = 0.77
"""Speed beside many parked, over the speed beside none: not slower than 1.3 times."""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of a backlog, on a file and on a server."""
    runs = min(runs or 3, 3)
    due = min(episodes, DUE) or DUE
    parked = due * PARKED // DUE
    figures = _on(ON_FILE, "SQLite", runs, due, parked)
    if why_not := databases.why_no_server():
        figures[-1].notes.append(f"Due on PostgreSQL: not run, {why_not}.")
        return figures
    return figures + _on(ON_SERVER, "PostgreSQL", runs, due, parked)


def _on(
    peers: tuple[Peer, ...], kind: str, runs: int, due: int, parked: int
) -> list[Figure]:
    here = [peer for peer in peers if not peer.why_not]
    speeds: dict[tuple[str, int], list[float]] = {}
    versions: dict[str, dict[str, str]] = {}
    with contextlib.ExitStack() as stack:
        on_file = kind == "SQLite"
        source = databases.sqlite_files() if on_file else databases.postgres()
        fresh = stack.enter_context(source)
        made = {}
        for peer in here:
            for number in (0, parked):
                made[peer.module, number] = url = fresh()
                with started(peer.module, url) as process:
                    process.ask("prepare", due, number)
                    versions[peer.module] = process.ask("about")["versions"]
        for _ in range(runs):
            for (module, number), url in made.items():
                speed = _per_second(module, fresh, url, due)
                speeds.setdefault((module, number), []).append(speed)
    figures = [_unchanged(kind, due, parked, speeds)]
    figures += [
        Figure(
            f"{due:,} due, {number:,} parked, {kind}",
            peer.name,
            speeds["due_ours", number],
            speeds[peer.module, number],
            unit="/s",
            budget=_BUDGETS.get(peer.module),
            at_least=True,
            versions=versions[peer.module],
        )
        for peer in here[1:]
        for number in (0, parked)
    ]
    absent = [peer for peer in peers if peer.why_not]
    figures[-1].notes.extend(f"Not run: {e.name}: {e.why_not}." for e in absent)
    return figures


def _per_second(module: str, fresh: Fresh, made: str, due: int) -> float:
    """Let a program deliver from a copy of what was made; return how many a second."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "delivered"
        with started(module, fresh(copy_of=made)) as process:
            sent, seconds = process.ask("deliver", due, out)
        return float(sent / seconds)


def _unchanged(
    kind: str, due: int, parked: int, speeds: dict[tuple[str, int], list[float]]
) -> Figure:
    """Return ours beside many that are parked, against ours beside none."""
    return Figure(
        f"{due:,} due, {parked:,} parked, {kind}",
        "the same, none parked",
        speeds["due_ours", parked],
        speeds["due_ours", 0],
        unit="/s",
        budget=_UNCHANGED,
        at_least=True,
    )
