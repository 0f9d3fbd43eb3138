"""One `advance`, through the library and as its bare SQL statements.

The same episodes are moved on in two copies of one ledger: in the one by the library
(load, check, entry, payload, chain, standing, agenda, reminders, commit), in the other
by the statements that the library sent, with their values, through `sqlite3` or
`psycopg` alone (`peers/replay.py`). A third copy is where those statements are noted,
off the clock.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import databases, flush
from benchmarks.measure import Figure, in_turn
from benchmarks.processes import Process, started

_AT_ONCE = 5
_WARM_UP = 2
_BUDGETS = {0: 0.35, 1: 0.8}
"""By the milliseconds that a flush takes longer: speed over the statements' speed."""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of one advance from injection to re-evaluation."""
    runs = runs or 50
    server = databases.why_no_server()
    figures = [
        _figure(kind, milliseconds, runs, episodes)
        for milliseconds in ((0,) if flush.why_not() else (0, 1))
        for kind in (("SQLite",) if server else ("SQLite", "PostgreSQL"))
    ]
    for what, why in (("PostgreSQL", server), ("a 1 ms flush", flush.why_not())):
        if why:
            figures[-1].notes.append(f"One advance, {what}: not run, {why}.")
    return figures


def _figure(kind: str, milliseconds: int, runs: int, episodes: int) -> Figure:
    moved = _AT_ONCE * (runs + _WARM_UP)
    episodes = max(episodes, moved)
    slow = flush.slowed(milliseconds)
    on_file = kind == "SQLite"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = databases.sqlite_files() if on_file else databases.postgres(slow)
        fresh = stack.enter_context(source)
        made = fresh()
        _done(made, "prepare", episodes)
        notes = folder / "notes"
        copies = [fresh(copy_of=made) for _ in range(3)]
        kinds = _done(copies[0], "note", 0, moved, notes)
        ours, bare = (
            stack.enter_context(started(module, url, slow if on_file else {}))
            for module, url in zip(("ours", "replay"), copies[1:], strict=True)
        )
        bare.ask("learn", notes)
        times = in_turn(runs, _moving(ours), _moving(bare), warm_up=_WARM_UP)
        assert ours.ask("rows")["moved"] == moved
    return Figure(
        f"one `advance`, {kind}"
        + (f", {milliseconds} ms flush" if milliseconds else ""),
        "its SQL statements in the bare driver",
        *times,
        budget=_BUDGETS[milliseconds],
        at_least=True,
        notes=[] if milliseconds else [_told(kind, kinds)],
    )


def _done(url: str, *words: object) -> dict[str, int]:
    """Let a process of ours do one thing, and end."""
    with started("ours", url) as process:
        found: dict[str, int] = process.ask(*words)
        return found


def _moving(process: Process) -> Callable[[], float]:
    """Return an act: the next few episodes, in ms for one."""
    firsts = itertools.count(0, _AT_ONCE)
    return lambda: float(process.ask("move", next(firsts), _AT_ONCE))


def _told(kind: str, kinds: dict[str, int]) -> str:
    """Say how many statements one advance takes, and of which kinds."""
    each = ", ".join(f"{count} {verb}" for verb, count in kinds.items())
    return f"One advance on {kind} sends {sum(kinds.values())} statements: {each}."
