"""What is lost, and what is sent twice, when a sender is killed while it sends.

Each program delivers a backlog through a channel that takes its time, is killed by
SIGKILL after a few deliveries, and started again, several times over; the last start
may run until nothing moves any more. Nobody rescues anything by hand: a library whose
users have to write that themselves is shown as it comes. `benchmarks.chaos` does worse
to ours, for longer.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks import databases
from benchmarks.databases import Fresh
from benchmarks.due import ON_FILE, ON_SERVER
from benchmarks.measure import Figure
from benchmarks.processes import Peer, started

_DUE = 100
_KILLS = 4
_PAUSE_MS = 10
_QUIET = 8.0
"""Seconds without a delivery after which nothing more is to come."""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return what each program lost and repeated, as figures."""
    del episodes
    kills = min(runs or _KILLS, _KILLS)
    with databases.sqlite_files() as fresh:
        figures = _on(ON_FILE, fresh, kills)
    if why_not := databases.why_no_server():
        figures[-1].notes.append(f"Losses on PostgreSQL: not run, {why_not}.")
        return figures
    with databases.postgres() as fresh:
        return figures + _on(ON_SERVER, fresh, kills)


def _on(peers: tuple[Peer, ...], fresh: Fresh, kills: int) -> list[Figure]:
    here = [peer for peer in peers if not peer.why_not]
    (lost, again), *others = [_stormed(peer.module, fresh, kills) for peer in here]
    what = f"{_DUE:,} due, {kills} kills"
    return [
        Figure(f"{what}, {peers[0].name}: {name}", peer.name, [mine], [its], unit="")
        for peer, theirs in zip(here[1:], others, strict=True)
        for name, mine, its in zip(
            ("lost", "sent again"), (lost, again), theirs, strict=True
        )
    ]


def _stormed(module: str, fresh: Fresh, kills: int) -> tuple[int, int]:
    """Kill a program again and again; return how many it lost, and sent again."""
    chance = random.Random(module)
    made = fresh()
    with started(module, made) as process:
        process.ask("prepare", _DUE, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with started(module, fresh(copy_of=made)) as process:
            wanted, _ = process.ask("deliver", _DUE, folder / "whole")
        out, url = folder / "killed", fresh(copy_of=made)
        for _ in range(kills):
            _some(module, url, out, chance.randint(3, 8))
        _some(module, url, out, wanted, until=wanted)
        found = _delivered(out)
    return wanted - len(found), found.total() - len(found)


def _some(module: str, url: str, out: Path, more: int, until: int = 1_000_000) -> None:
    """Let it deliver so many more, or until all went or nothing moves; and kill it."""
    act = "carry_on" if module == "due_ours" else "deliver"
    surroundings = {"PAUSE_MS": str(_PAUSE_MS)}
    with contextlib.suppress(RuntimeError), started(module, url, surroundings) as it:
        it.tell(act, _DUE, out)
        before = seen = _delivered(out).total()
        moved = time.monotonic()
        while seen < before + more and time.monotonic() < moved + _QUIET:
            time.sleep(0.002)
            found = _delivered(out)
            if found.total() > seen:
                seen, moved = found.total(), time.monotonic()
            if len(found) >= until:
                break
        it.kill()


def _delivered(out: Path) -> Counter[str]:
    """Return how often each reminder arrived, by its name or by its key."""
    lines = out.read_text().splitlines() if out.exists() else []
    return Counter(_name(line) for line in lines)


def _name(line: str) -> str:
    return str(json.loads(line)["key"]) if line.startswith("{") else line
