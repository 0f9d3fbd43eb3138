"""One move, beside what a user would write instead: SQLite and PostgreSQL.

`peers/__init__.py` says what every program does. They move episodes on in turn, a few
at a time, and all rows are counted at the end.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

from benchmarks import databases, flush
from benchmarks.measure import Figure, in_turn
from benchmarks.peers import move
from benchmarks.processes import Peer, Process, started

PEERS = (
    Peer("bare", "the same rows in the bare driver"),
    Peer(
        "django_fsm",
        "Django, django-fsm-2, django-simple-history",
        ("django", "django_fsm", "simple_history"),
    ),
    Peer(
        "orm_statemachine", "SQLAlchemy's ORM, python-statemachine", ("statemachine",)
    ),
    Peer(
        "transitions_continuum",
        "transitions, SQLAlchemy-Continuum",
        ("sqlalchemy_continuum",),
    ),
    Peer("eventsourced", "`eventsourcing` (events only)", ("eventsourcing",)),
)
BUDGETS = {"django_fsm": 2.0}
_AT_ONCE = 5
_WARM_UP = 2


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of one move on each database, and with a slower flush."""
    runs = runs or 30
    figures = []
    for milliseconds in (0, 1):
        if milliseconds and flush.why_not():
            note = f"One move with a slower flush: not run, {flush.why_not()}."
            figures[-1].notes.append(note)
            continue
        slow = flush.slowed(milliseconds)
        figures += _on("SQLite", milliseconds, runs, episodes, slow)
        if not databases.why_no_server():
            figures += _on("PostgreSQL", milliseconds, runs, episodes, slow)
    if databases.why_no_server():
        note = f"One move on PostgreSQL: not run, {databases.why_no_server()}."
        figures[-1].notes.append(note)
    return figures


def _on(
    kind: str, milliseconds: int, runs: int, episodes: int, slow: dict[str, str]
) -> list[Figure]:
    """Measure all of them on one kind of database."""
    moved = _AT_ONCE * (runs + _WARM_UP)
    episodes = max(episodes, moved)
    peers = [peer for peer in PEERS if not peer.why_not]
    on_file = kind == "SQLite"
    with contextlib.ExitStack() as stack:
        source = databases.sqlite_files() if on_file else databases.postgres(slow)
        fresh = stack.enter_context(source)
        running = [
            stack.enter_context(started(module, fresh(), slow if on_file else {}))
            for module in ("ours", *(peer.module for peer in peers))
        ]
        for each in running:
            each.ask("prepare", episodes)
        times = in_turn(runs, *map(_moving, running), warm_up=_WARM_UP)
        for each in running:
            _check(each, episodes, moved)
        about = [each.ask("about") for each in running]
    what = f"one move, {kind}" + (f", {milliseconds} ms flush" if milliseconds else "")
    figures = [
        Figure(
            what,
            peer.name,
            times[0],
            theirs,
            budget=BUDGETS.get(peer.module),
            at_least=True,
            notes=[],
            versions=told["versions"],
        )
        for peer, theirs, told in zip(peers, times[1:], about[1:], strict=True)
    ]
    if not milliseconds:
        figures[-1].notes.extend(_absent() if on_file else ())
        figures[-1].notes.append(_memory(kind, peers, [a["memory"] for a in about]))
    return figures


def _moving(process: Process) -> Callable[[], float]:
    """Return an act: the next few episodes, in ms for one."""
    firsts = itertools.count(0, _AT_ONCE)
    return lambda: float(process.ask("move", next(firsts), _AT_ONCE))


def _check(process: Process, episodes: int, moved: int) -> None:
    """Refuse a figure where something was not kept."""
    wanted, found = move.expected(episodes, moved), process.ask("rows")
    assert found == {name: wanted[name] for name in found}, (wanted, found)


def _absent() -> list[str]:
    return [f"Not run: {peer.name}: {peer.why_not}." for peer in PEERS if peer.why_not]


def _memory(kind: str, peers: list[Peer], most: list[float]) -> str:
    names = ("sitrack", *(peer.name for peer in peers))
    told = (f"{name} {mb:.0f}" for name, mb in zip(names, most, strict=True))
    return f"Memory of these processes on {kind}, at most, in MB: {'; '.join(told)}."
