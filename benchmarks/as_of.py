"""What was true on a day: one episode, and everybody, in a small record and a large.

python -m benchmarks as_of                             some 5,000,000 entries
python -m benchmarks as_of --ledger country.db        a ledger that `country` kept
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import itertools
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, literal, select

from benchmarks import clinic, databases
from benchmarks.measure import Figure, in_turn, milliseconds
from sitrack.errors import NotFound
from sitrack.journey.episode import Episode
from sitrack.journey.patient import read_episode_key
from sitrack.record import history, tables, verify, whereabouts
from sitrack.record.ledger import Ledger, reading

SMALL = 5_000
"""Episodes of the small record: some 50,000 entries."""
LARGE = 470_000
"""Some 5,000,000 entries."""
_AT_ONCE = 300

_COPY = """
INSERT INTO entry (stream, seq, entry_id, kind, stage_from, stage_to, occurred,
  recorded, performer, recorder, source, protocol, corrects, batch, commitment,
  previous, hash)
SELECT stream || ':' || ?1, seq, ?1 || entry_id, kind, stage_from, stage_to, occurred,
  recorded, performer, recorder, source, protocol, corrects, ?1 || batch, commitment,
  previous, hash FROM entry WHERE stream NOT LIKE '%:%'
"""
_COPY_STREAMS = """
INSERT INTO stream SELECT stream || ':' || ?1, seq, hash FROM stream
WHERE stream NOT LIKE '%:%'
"""
_COPY_SPANS = """
INSERT INTO stage_span SELECT episode || ':' || ?1, visit, stage, entered, left_on
FROM stage_span WHERE episode NOT LIKE '%:%'
"""
_CENSUS = """
SELECT stage, count(*) FROM stage_span
WHERE entered <= '{day}' AND (left_on IS NULL OR left_on > '{day}') GROUP BY stage
"""


def run(runs: int = 0, episodes: int = 0, ledger: str = "") -> list[Figure]:
    """Return the figures of one episode on a day, and of a census.

    Args:
        runs: how often each is measured.
        episodes: how large the large record is.
        ledger: the URL of one to ask instead.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = min(SMALL, episodes or SMALL)
        with (
            closing(clinic.make(folder, clinic.Mix(size), "small")) as small,
            closing(_large(folder, episodes, ledger)) as large,
        ):
            return questions(large, small, runs)


def questions(large: Ledger, small: Ledger, runs: int = 0) -> list[Figure]:
    """Ask a ledger, and beside it a small one of the same kind.

    Raises:
        AssertionError: its census is not that of the bare SQL.
    """
    return [*_one(small, large, runs or 20), _census(large, runs or 9)]


def _large(folder: Path, episodes: int, url: str) -> Ledger:
    if url:
        return clinic.opened(url)
    episodes = episodes or LARGE
    size = min(SMALL, episodes)
    made = clinic.make(folder, clinic.Mix(size), "large")
    _grow(folder, episodes // size)
    return made


def _grow(folder: Path, copies: int) -> None:
    """Make the large record that many times as large.

    The copies have streams of their own and the hashes of the first: nothing here reads
    hashes, and chaining millions of entries would take an hour.
    """
    with closing(sqlite3.connect(folder / "large.db", isolation_level=None)) as run:
        run.execute("PRAGMA synchronous = OFF")
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in run.execute(query).fetchall():
            run.execute(f"DROP TRIGGER {name}")
        for number in range(1, copies):
            run.execute("BEGIN")
            for statement in (_COPY, _COPY_STREAMS, _COPY_SPANS):
                run.execute(statement, (number,))
            run.execute("COMMIT")
        run.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _one(small: Ledger, large: Ledger, runs: int) -> list[Figure]:
    with reading(small) as few, reading(large) as many:
        floor = select(literal(1))
        ours, smaller, nothing = in_turn(
            runs,
            _asked(many, large, whereabouts.whereabouts),
            _asked(few, small, whereabouts.whereabouts),
            _each(itertools.repeat(lambda: many.execute(floor).scalar())),
        )
        [folded] = in_turn(runs, _asked(many, large, _folded))
        fewer = verify.count_entries(few)
    what = f"where one episode was on a day, {clinic.size_of(large)}"
    return [
        Figure(what, f"the same in {fewer:,} entries", ours, smaller, budget=1.3),
        Figure(what, "`SELECT 1` through Core", ours, nothing, budget=3),
        Figure(f"{what}: all that was so of it, folded", "", folded),
    ]


def _folded(
    connection: Connection, ledger: Ledger, stream: str, *, as_of: dt.date
) -> Episode | None:
    key = read_episode_key(stream.removeprefix("episode/").partition(":")[0])
    with contextlib.suppress(NotFound):  # not open yet: it was read all the same
        return history.episode_at(connection, ledger, key, as_of=as_of)
    return None


def _asked(
    connection: Connection, ledger: Ledger, ask: Callable[..., object]
) -> Callable[[], float]:
    """Return an act: ask of episodes and days all over the record; ms for one."""
    streams = select(tables.stream.c.stream).where(
        tables.stream.c.stream.startswith("episode/")
    )
    names = list(connection.execute(streams).scalars())
    random.Random(1).shuffle(names)
    days = [clinic.TODAY - dt.timedelta(days=n) for n in range(0, 300, 7)]
    asked = itertools.cycle(zip(names, itertools.cycle(days), strict=False))
    acts = (
        functools.partial(ask, connection, ledger, stream, as_of=day)
        for stream, day in asked
    )
    return _each(acts)


def _each(acts: Iterator[Callable[[], object]]) -> Callable[[], float]:
    """Return an act: some hundreds of them, in ms for one."""

    def timed() -> float:
        todo = list(itertools.islice(acts, _AT_ONCE))
        before = time.perf_counter()
        for act in todo:
            act()
        return (time.perf_counter() - before) * 1000 / _AT_ONCE

    return timed


def _census(large: Ledger, runs: int) -> Figure:
    day = clinic.TODAY - dt.timedelta(days=60)
    query = _CENSUS.format(day=day)
    with reading(large) as connection, databases.bare(large) as bare:
        found = whereabouts.census(connection, large, day)
        assert found == dict(bare(query))
        ours, theirs = in_turn(
            runs,
            milliseconds(lambda: whereabouts.census(connection, large, day)),
            milliseconds(lambda: list(bare(query))),
        )
    episodes = f"{sum(found.values()):,} episodes"
    what = f"census of {episodes} on a day, {clinic.size_of(large)}"
    peer = "the bare SQL over the same index"
    return Figure(what, peer, ours, theirs, budget=1.5)
