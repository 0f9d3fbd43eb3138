"""Eight writers on one PostgreSQL, beside one: what is gained by more hands.

Nothing global is locked in the write path, so that writers of different patients wait
for the disk together: with a flush that takes time, a server writes several commits
down at once. On two cores, that is all that can be gained. A process each, through the
library, as eight coordinators at eight prompts would.
"""

from __future__ import annotations

import contextlib
import itertools
import time

from benchmarks import databases, flush
from benchmarks.measure import Figure, NotRun, in_turn
from benchmarks.processes import Process, started

_WRITERS = 8
_AT_ONCE = 8
_WARM_UP = 1
_BUDGETS = {0: None, 1: 2.0, 5: 3.0}
"""By the milliseconds that a flush takes longer: speed over the speed of one writer."""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of eight writers, for each speed of the disk.

    Raises:
        NotRun: there is no server to write to.
    """
    if why_not := databases.why_no_server():
        raise NotRun(why_not)
    runs = runs or 10
    slow = [] if flush.why_not() else [1, 5]
    figures = [_figure(each, runs, episodes) for each in (0, *slow)]
    if not slow:
        note = f"Eight writers with a slower flush: not run, {flush.why_not()}."
        figures[-1].notes.append(note)
    return figures


def _figure(milliseconds: int, runs: int, episodes: int) -> Figure:
    needed = (_WRITERS + 1) * _AT_ONCE * (runs + _WARM_UP)
    episodes = max(episodes, needed)
    with contextlib.ExitStack() as stack:
        slow = flush.slowed(milliseconds)
        url = stack.enter_context(databases.postgres(slow))()
        writers = [stack.enter_context(started("ours", url)) for _ in range(_WRITERS)]
        writers[0].ask("prepare", episodes)
        firsts = itertools.count(0, _AT_ONCE)
        eight, one = in_turn(
            runs,
            lambda: _per_second(writers, firsts),
            lambda: _per_second(writers[:1], firsts),
            warm_up=_WARM_UP,
        )
        moved = writers[0].ask("rows")["moved"]
        assert moved == needed, (moved, needed)
    flushed = f", {milliseconds} ms flush" if milliseconds else ""
    return Figure(
        f"{_WRITERS} writers, PostgreSQL{flushed}",
        "one writer",
        eight,
        one,
        unit="/s",
        budget=_BUDGETS[milliseconds],
        at_least=True,
    )


def _per_second(writers: list[Process], firsts: itertools.count[int]) -> float:
    """Let each of them move episodes on at once; return how many a second in all."""
    before = time.perf_counter()
    for writer in writers:
        writer.tell("move", next(firsts), _AT_ONCE)
    for writer in writers:
        writer.heard()
    return len(writers) * _AT_ONCE / (time.perf_counter() - before)
