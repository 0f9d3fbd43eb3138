"""A morning's questions to a large clinic, on both databases: the list, and reports.

    python -m benchmarks morning --episodes 100000 --runs 40      a long while

They are asked through the library, without the start of a process (`start_up` has that)
and with the screen that a terminal would get. Half of the answers come within the
median; what matters to who waits is the slowest of twenty, which stands below.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks import clinic, databases
from benchmarks.measure import Figure, in_turn, milliseconds
from sitrack.cli.screens import worklist as screens
from sitrack.coordination.reports import funnel, time_in_stage, trend
from sitrack.coordination.reports.asked import Asked
from sitrack.record.filters import Asker, read_filter
from sitrack.record.ledger import Ledger
from sitrack.record.worklist import Wish, who_waits

EPISODES = 10_000
_RUNS = 20
_LONG = 3
"""How often at most what reads every episode again, month by month, is asked."""
_WIDTH = 80


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of one clinic on each kind of database."""
    runs, episodes = max(2, runs or _RUNS), episodes or EPISODES
    with databases.sqlite_files() as fresh:
        figures = _morning("SQLite", fresh(), episodes, runs)
    if why_not := databases.why_no_server():
        figures[-1].notes.append(f"A morning on PostgreSQL: not run, {why_not}.")
        return figures
    with databases.postgres() as fresh:
        return figures + _morning("PostgreSQL", fresh(), episodes, runs)


def _morning(kind: str, url: str, episodes: int, runs: int) -> list[Figure]:
    ledger = clinic.make_at(url, clinic.Mix(episodes))
    asker = Asker(clinic.COORDINATORS[0], clinic.TODAY)
    mine = Wish(owner=asker.name)
    late = Wish(fits=read_filter(["stage:rfa", "overdue:3d+"], asker))
    acts: dict[str, Callable[[], object]] = {
        "`worklist`": lambda: _screen(ledger, Wish()),
        "`worklist --mine`": lambda: _screen(ledger, mine),
        "`worklist stage:rfa overdue:3d+`": lambda: _screen(ledger, late),
        "`report time-in-stage`": lambda: time_in_stage.time_in_stage(ledger, Asked()),
        "`report funnel`": lambda: funnel.funnel(ledger, Asked()),
        "`report trend`": lambda: trend.trend(ledger, Asked(), 12, lambda _: None),
    }
    *short, long = map(milliseconds, acts.values())
    times = in_turn(runs, *short, warm_up=1)
    times += in_turn(min(runs, _LONG), long, warm_up=0)
    ledger.close()
    figures = [
        Figure(f"{what}, {episodes:,} open episodes, {kind}", "", each)
        for what, each in zip(acts, times, strict=True)
    ]
    slowest = (
        f"{what} {_slow(each):.0f}" for what, each in zip(acts, times, strict=True)
    )
    note = f"95 of 100 answers, {kind}, within so many ms: {'; '.join(slowest)}."
    figures[-1].notes.append(note)
    return figures


def _screen(ledger: Ledger, wish: Wish) -> list[str]:
    found = who_waits(ledger, wish)
    return screens.lines(found, ledger.zone.key, _WIDTH)


def _slow(times: Sequence[float]) -> float:
    """Return what 95 of 100 stay within, of the runs that there were."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1]
