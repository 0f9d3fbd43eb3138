"""What was true on a day: one episode, and everybody, in a small record and a large."""

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

from benchmarks import clinic
from benchmarks.measure import Figure, in_turn, milliseconds
from sitrack.errors import NotFound
from sitrack.journey.episode import Episode
from sitrack.journey.patient import read_episode_key
from sitrack.record import history, tables, whereabouts
from sitrack.record.ledger import Ledger, reading

SMALL = 5_000
"""Episodes of the small record: some 50,000 entries."""
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
WHERE entered <= ?1 AND (left_on IS NULL OR left_on > ?1) GROUP BY stage
"""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of one episode on a day, and of a census."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledgers = [
            clinic.make(folder, clinic.Mix(SMALL), each) for each in ("small", "large")
        ]
        small, large = ledgers
        copies = max(1, (episodes or 100_000) // SMALL)
        entries = _grown(folder, copies)
        figures = [
            *_one(small, large, entries, runs or 20),
            _census(folder, large, entries, runs or 9),
        ]
        for ledger in ledgers:
            ledger.close()
        return figures


def _grown(folder: Path, copies: int) -> int:
    """Make the large record that many times as large; return its entries.

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
        return int(run.execute("SELECT count(*) FROM entry").fetchone()[0])


def _one(small: Ledger, large: Ledger, entries: int, runs: int) -> list[Figure]:
    with reading(small) as few, reading(large) as many:
        floor = select(literal(1))
        ours, smaller, nothing = in_turn(
            runs,
            _asked(many, large, whereabouts.whereabouts),
            _asked(few, small, whereabouts.whereabouts),
            _each(itertools.repeat(lambda: many.execute(floor).scalar())),
        )
        [folded] = in_turn(runs, _asked(many, large, _folded))
    what = f"where one episode was on a day, {entries:,} entries"
    return [
        Figure(what, f"the same in {SMALL:,} episodes", ours, smaller, budget=1.3),
        Figure(what, "`SELECT 1` through Core", ours, nothing, budget=3),
        Figure("all that was so of it on that day, folded", "", folded),
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


def _census(folder: Path, large: Ledger, entries: int, runs: int) -> Figure:
    day = clinic.TODAY - dt.timedelta(days=60)
    with (
        reading(large) as connection,
        closing(sqlite3.connect(folder / "large.db")) as bare,
    ):
        found = whereabouts.census(connection, large, day)
        assert found == dict(bare.execute(_CENSUS, (str(day),)))
        ours, theirs = in_turn(
            runs,
            milliseconds(lambda: whereabouts.census(connection, large, day)),
            milliseconds(lambda: bare.execute(_CENSUS, (str(day),)).fetchall()),
        )
    what = f"census of {sum(found.values()):,} episodes on a day, {entries:,} entries"
    peer = "the bare SQL over the same index"
    return Figure(what, peer, ours, theirs, budget=1.5)
