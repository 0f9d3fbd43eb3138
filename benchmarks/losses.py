"""What is lost, and what is sent twice: after kills, a rename, and a step of the clock.

    python -m benchmarks losses --runs 100         a hundred kills of each program

Each program delivers a backlog through a channel that takes its time.

- **Kills.** It is killed by SIGKILL after a few deliveries, and started again, several
  times over; the last start may run until nothing moves any more.
- **A rename.** Between scheduling and running, what is called was given another name, as
  by a release in which a function moved (`peers.due.target`).
- **A step of the clock.** What was due at nine is run by a machine, and a server, whose
  clock says eight, or ten (`clock.py`).

Nobody rescues anything by hand: a library whose users have to write that themselves is
shown as it comes. `benchmarks.chaos` does worse to ours, for longer.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import clinic, clock, databases
from benchmarks.clock import Stepped
from benchmarks.databases import Fresh
from benchmarks.due import ON_FILE, ON_SERVER
from benchmarks.measure import Figure
from benchmarks.processes import Peer, started

_DUE = 100
_KILLS = 4
_MOST = 8
"""Deliveries from one kill to the next."""
_PAUSE_MS = 10
_QUIET = 8.0
"""Seconds without a delivery after which nothing more is to come."""
_HOUR = 3600


class Lost(NamedTuple):
    """What became of a backlog."""

    lost: int
    again: int


class _Place(NamedTuple):
    """Where programs are tried.

    Attributes:
        kind: of database.
        fresh: gives new ones.
        clock: the one that the server, if there is one, goes by; None for the machine's.
    """

    kind: str
    fresh: Fresh
    clock: Stepped | None = None


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return what each program lost and repeated, as figures.

    Args:
        runs: how often each is killed.
        episodes: not looked at.
    """
    del episodes
    figures = _on("SQLite", ON_FILE, runs or _KILLS)
    if why_not := databases.why_no_server():
        figures[-1].notes.append(f"Losses on PostgreSQL: not run, {why_not}.")
        return figures
    return figures + _on("PostgreSQL", ON_SERVER, runs or _KILLS)


def _on(kind: str, peers: Sequence[Peer], kills: int) -> list[Figure]:
    here = [peer for peer in peers if not peer.why_not]
    due = max(_DUE, kills * _MOST)
    with _place(kind) as place:
        figures = [
            *_figures(
                place, here, f"{due:,} due, SIGKILL {kills} times", _killed(due, kills)
            ),
            *_figures(place, here, f"{_DUE} due, the target renamed", _renamed),
        ]
    if why_not := clock.why_not():
        figures[-1].notes.append(f"A step of the clock: not run, {why_not}.")
        return figures
    with _place(kind, Stepped(clinic.present())) as place:
        for what, step in (("back", -_HOUR), ("forward", _HOUR)):
            said = f"{_DUE} due, the clock an hour {what}"
            figures += _figures(place, here, said, _stepped(step))
    note = f"{kind}: what a clock that is behind holds back goes an hour late."
    absent = [f"Not run: {e.name}: {e.why_not}." for e in peers if e.why_not]
    figures[-1].notes.extend([note, *absent])
    return figures


@contextlib.contextmanager
def _place(kind: str, stepped: Stepped | None = None) -> Iterator[_Place]:
    source = (
        databases.sqlite_files()
        if kind == "SQLite"
        else databases.postgres(stepped.environment if stepped else None)
    )
    with source as fresh:
        yield _Place(kind, fresh, stepped)


_Storm = Callable[[str, _Place], Lost]


def _figures(
    place: _Place, here: Sequence[Peer], what: str, storm: _Storm
) -> list[Figure]:
    ours, *others = [storm(peer.module, place) for peer in here]
    # Where no peer is installed, ours stands alone.
    beside = [*zip([peer.name for peer in here[1:]], others, strict=True)] or [
        ("", None)
    ]
    return [
        Figure(
            f"{what}, {place.kind}: {name}",
            peer,
            [getattr(ours, kept)],
            [getattr(theirs, kept)] if theirs else [],
            unit="",
        )
        for name, kept in (("not sent", "lost"), ("sent again", "again"))
        for peer, theirs in beside
    ]


# --- what happens to them


def _killed(due: int, kills: int) -> _Storm:
    def storm(module: str, place: _Place) -> Lost:
        """Kill a program again and again."""
        chance = random.Random(module)
        made = _made(module, place, due)
        with tempfile.TemporaryDirectory() as name:
            wanted = _whole(module, place, made, due, Path(name))
            out, url = Path(name) / "killed", place.fresh(copy_of=made)
            for _ in range(kills):
                _some(module, url, out, wanted, more=chance.randint(3, _MOST))
            _some(module, url, out, wanted)
            return _lost(out, wanted)

    return storm


def _renamed(module: str, place: _Place) -> Lost:
    """Run what was scheduled under another name."""
    made = _made(module, place, _DUE)
    with tempfile.TemporaryDirectory() as name:
        wanted = _whole(module, place, made, _DUE, Path(name))
        out, url = Path(name) / "renamed", place.fresh(copy_of=made)
        _some(module, url, out, wanted, surroundings={"RENAMED": "1"})
        return _lost(out, wanted)


def _stepped(seconds: int) -> _Storm:
    def storm(module: str, place: _Place) -> Lost:
        """Let the clock say something else when that is run which it made due."""
        assert place.clock is not None
        place.clock.step(0)
        seen = place.clock.environment
        made = _made(module, place, _DUE, timed=1, surroundings=seen)
        with tempfile.TemporaryDirectory() as name:
            wanted = _whole(module, place, made, _DUE, Path(name), surroundings=seen)
            out, url = Path(name) / "stepped", place.fresh(copy_of=made)
            place.clock.step(seconds)
            _some(module, url, out, wanted, surroundings=seen, timed=1)
            return _lost(out, wanted)

    return storm


def _made(
    module: str,
    place: _Place,
    due: int,
    *,
    timed: int = 0,
    surroundings: dict[str, str] | None = None,
) -> str:
    """Let a program schedule what is due; `timed`: at a time, and not at once."""
    url = place.fresh()
    with started(module, url, surroundings) as process:
        process.ask("prepare", due, 0, timed)
    return url


def _whole(
    module: str,
    place: _Place,
    made: str,
    due: int,
    folder: Path,
    surroundings: dict[str, str] | None = None,
) -> int:
    """Return how many a program delivers of a copy when nothing happens to it."""
    url = place.fresh(copy_of=made)
    with started(module, url, surroundings) as process:
        wanted, _ = process.ask("deliver", due, folder / "whole")
    return int(wanted)


def _some(
    module: str,
    url: str,
    out: Path,
    until: int,
    *,
    more: int = 1_000_000,
    surroundings: dict[str, str] | None = None,
    timed: int = 0,
) -> None:
    """Let it deliver so many more, or until so many went, or nothing moves; kill it."""
    is_ours = module == "due_ours"
    act = ("carry_on", until, out, timed) if is_ours else ("deliver", until, out)
    seen = {"PAUSE_MS": str(_PAUSE_MS), **(surroundings or {})}
    with contextlib.suppress(RuntimeError), started(module, url, seen) as it:
        it.tell(*act)
        before = arrived = _delivered(out).total()
        moved = time.monotonic()
        while arrived < before + more and time.monotonic() < moved + _QUIET:
            time.sleep(0.002)
            found = _delivered(out)
            if found.total() > arrived:
                arrived, moved = found.total(), time.monotonic()
            if len(found) >= until:
                break
        it.kill()


def _lost(out: Path, wanted: int) -> Lost:
    found = _delivered(out)
    return Lost(wanted - len(found), found.total() - len(found))


def _delivered(out: Path) -> Counter[str]:
    """Return how often each reminder arrived, by its name or by its key."""
    lines = out.read_text().splitlines() if out.exists() else []
    return Counter(_name(line) for line in lines)


def _name(line: str) -> str:
    return str(json.loads(line)["key"]) if line.startswith("{") else line
