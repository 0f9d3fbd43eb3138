"""How cost grows with the clinic: the same acts at three sizes, and the fitted slope.

A slope is the exponent that fits best: 0 where the size does not matter, 1 where twice
the clinic takes twice as long. The worklist may grow with what it shows; nothing else
may grow at all.
"""

from __future__ import annotations

import itertools
import math
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import clinic
from benchmarks.measure import Figure, in_turn, milliseconds
from benchmarks.reminders import round_settings
from sitrack.coordination.episodes import Step, advance
from sitrack.record import worklist
from sitrack.record.history import episode_at
from sitrack.record.ledger import Ledger, reading
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round

_GROWS = 4
"""Each size is so many times the one before it."""
_BUDGET = 1.3
_WARM_UP = 2

Act = Callable[[Ledger], object]


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of the largest clinic against the smallest."""
    runs, smallest = runs or 30, max(50, (episodes or 8_000) // _GROWS**2)
    sizes = [smallest * _GROWS**power for power in range(3)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixes = [clinic.Mix(size, walk="failed", due=0) for size in sizes]
        ledgers = [clinic.make(folder, mix, str(mix.episodes)) for mix in mixes]
        acts: tuple[tuple[str, float | None, Act], ...] = (
            ("a round with nothing due", _BUDGET, _idle(folder)),
            ("the state of one episode", _BUDGET, _state(smallest)),
            ("one advance", _BUDGET, _advanced()),
            ("the worklist, which shows more", None, worklist.who_waits),
        )
        figures = [
            _figure(what, budget, sizes, in_turn(runs, *_timed(act, ledgers)))
            for what, budget, act in acts
        ]
        for ledger in ledgers:
            ledger.close()
    return figures


def _timed(act: Act, ledgers: list[Ledger]) -> list[Callable[[], float]]:
    return [milliseconds(lambda ledger=ledger: act(ledger)) for ledger in ledgers]


def _figure(
    what: str, budget: float | None, sizes: list[int], times: list[list[float]]
) -> Figure:
    medians = [statistics.median(each) for each in times]
    logs = ([math.log(each) for each in kind] for kind in (sizes, medians))
    slope = statistics.linear_regression(*logs).slope
    told = ", ".join(
        f"{median:.2f} ms at {size:,}"
        for size, median in zip(sizes, medians, strict=True)
    )
    return Figure(
        f"{what}, {sizes[-1]:,} episodes",
        f"the same with {sizes[0]:,}",
        times[-1],
        times[0],
        budget=budget,
        notes=[f"{what[0].upper()}{what[1:]}: {told}; slope {slope:+.2f}."],
    )


def _idle(folder: Path) -> Act:
    told, channel = round_settings(folder), FileChannel(folder / "idle.jsonl")

    def act(ledger: Ledger) -> None:
        assert not run_round(ledger, told, channel).happenings

    return act


def _state(episodes: int) -> Act:
    """Ask of another episode each time, of those that every size has."""
    numbers = itertools.cycle(range(1, episodes + 1))

    def act(ledger: Ledger) -> None:
        with reading(ledger) as connection:
            key = clinic.key_of(next(numbers))
            episode_at(connection, ledger, key, as_of=clinic.TODAY)

    return act


def _advanced() -> Act:
    """Move another episode on each time; each ledger counts for itself."""
    numbers: dict[str, itertools.count[int]] = {}

    def act(ledger: Ledger) -> None:
        number = next(numbers.setdefault(str(ledger.url), itertools.count(1)))
        advance(ledger, clinic.AUTHOR, clinic.key_of(number), Step("re-evaluation"))

    return act
