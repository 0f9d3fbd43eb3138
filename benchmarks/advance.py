"""One `advance`, through the library and as its bare SQL statements.

The same episodes are moved on in two copies of one ledger: in the one by the library
(load, check, entry, payload, chain, standing, agenda, reminders, commit), in the other
by the statements that the library sent, with their values, through `sqlite3` alone.
A third copy is where those statements are written down, off the clock.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks import clinic
from benchmarks.measure import Figure, in_turn, milliseconds
from sitrack.clock import start_of, stopped_clock
from sitrack.coordination.episodes import Step, advance
from sitrack.journey.patient import EpisodeKey, read_episode_key
from sitrack.record import worklist
from sitrack.record.journal import Ledger, open_ledger, reading

Statement = tuple[str, Any]
_WARM_UP = 5
_PRAGMAS = (
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "trusted_schema=OFF",
    "journal_mode=WAL",
    "synchronous=FULL",
)


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figure of one advance from injection to re-evaluation."""
    runs, episodes = runs or 300, episodes or 1_000
    episodes = max(episodes, runs + _WARM_UP)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clinic.make(folder, clinic.Mix(episodes, walk="failed"), "noted").close()
        for copy in ("ours", "bare"):
            _copy(folder / "noted.db", folder / f"{copy}.db")
        noted = _noted(folder, runs + _WARM_UP)
        return [_figure(folder, noted, runs)]


def _copy(source: Path, target: Path) -> None:
    shutil.copy(source, target)
    target.chmod(0o600)


def _opened(folder: Path, name: str) -> Ledger:
    ledger = open_ledger(clinic.url_of(folder, name))
    morning = start_of(clinic.TODAY, ledger.zone, clinic.MORNING)
    ledger.use_clock(stopped_clock(morning))
    return ledger


def _move_on(ledger: Ledger, key: EpisodeKey) -> None:
    advance(ledger, clinic.AUTHOR, key, Step("re-evaluation"))


def _noted(folder: Path, number: int) -> dict[EpisodeKey, list[Statement]]:
    """Move episodes on, and write down every statement that it took."""
    ledger = _opened(folder, "noted")
    with reading(ledger) as connection:
        standings = worklist.standings(connection)[:number]
    noted: dict[EpisodeKey, list[Statement]] = {}
    for standing in standings:
        key = read_episode_key(standing.episode)
        noted[key] = kept = []
        stop = _listening(ledger, kept)
        _move_on(ledger, key)
        stop()
    ledger.close()
    return noted


def _listening(ledger: Ledger, kept: list[Statement]) -> Callable[[], None]:
    engine = ledger.engine(write=True)

    def keep(
        _c: Any, _cursor: Any, text: str, values: Any, _x: Any, many: bool
    ) -> None:
        rows = values if many else [values]
        kept.extend((text, row) for row in rows)

    def commit(_connection: Any) -> None:
        kept.append(("COMMIT", ()))

    event.listen(engine, "before_cursor_execute", keep)
    event.listen(engine, "commit", commit)

    def stop() -> None:
        event.remove(engine, "before_cursor_execute", keep)
        event.remove(engine, "commit", commit)

    return stop


def _figure(
    folder: Path, noted: dict[EpisodeKey, list[Statement]], runs: int
) -> Figure:
    ledger = _opened(folder, "ours")
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in _PRAGMAS:
        bare.execute(f"PRAGMA {pragma}")
    keys, scripts = iter(noted), iter(noted.values())
    try:
        ours, theirs = in_turn(
            runs,
            milliseconds(lambda: _move_on(ledger, next(keys))),
            milliseconds(lambda: _replay(bare, next(scripts))),
            warm_up=_WARM_UP,
        )
    finally:
        bare.close()
        ledger.close()
    return Figure(
        "one `advance`, SQLite, full synchronisation",
        "its SQL statements through `sqlite3`",
        ours,
        theirs,
        budget=0.35,
        at_least=True,
        notes=_notes(noted),
    )


def _replay(bare: sqlite3.Connection, script: list[Statement]) -> None:
    for text, values in script:
        bare.execute(text, values).fetchall()


def _notes(noted: dict[EpisodeKey, list[Statement]]) -> list[str]:
    """Say how many statements one advance takes, and of which kinds."""
    scripts = list(noted.values())
    number = statistics.median(len(script) for script in scripts)
    verbs = Counter(text.split()[0] for text, _ in scripts[-1])
    kinds = ", ".join(f"{count} {verb}" for verb, count in verbs.items())
    return [f"One advance sends {number:.0f} statements: {kinds}."]
