"""One kind of write, tried at its points: the database fails there, or the process dies.

After each, everything stands as it did at the last commit; in the end the same write
succeeds, once. A long run tries every point of every write in both ways, on both databases:

    python -m tests.crash.trial [WRITE...]
"""

import itertools
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event

from benchmarks.databases import server_in
from sitrack.errors import SitrackError, Unavailable, VerificationFailed
from sitrack.record import library, rebuilding, tables
from sitrack.record.journal import writing
from sitrack.record.ledger import reading
from tests.clinic import codes_of
from tests.conftest import Postgres

from . import ward as wards
from .points import COMMIT, POINTS, STATEMENT, counted, die, ended, failing
from .writes import WRITES

SHAPE = (
    "SELECT 'entry', stream, seq, kind FROM entry",
    "SELECT 'episode', key, stage, version FROM episode",
    "SELECT 'line', episode, rule, due FROM agenda",
    "SELECT 'reminder', episode, rule, status FROM reminder",
)
"""What is the same whenever a write is made anew: names, salts and times are not."""

GAPS = "SELECT stream FROM entry GROUP BY stream HAVING count(*) <> max(seq)"


@dataclass(frozen=True)
class Course:
    """How a write goes where nothing is in its way.

    Attributes:
        points: the name of each, in their order.
        shapes: what stands after so many commits; first, what stood before.
    """

    points: tuple
    shapes: tuple

    def commits(self, point):
        """How many of them lie before a point."""
        return self.points[: point - 1].count(COMMIT)

    def is_first(self, point):
        """Whether nothing was committed before that point."""
        return not self.commits(point)

    def numbers(self, *names):
        """The points of these names."""
        return [n for n, name in enumerate(self.points, 1) if name in names]


class Trial:
    """One write on copies of a ward: see `ward.original` for what they are made from."""

    def __init__(self, write, original, folder, postgres=None):
        self.write, self.folder, self.postgres = write, folder, postgres
        self.made, self.keys = original
        with self.copy() as url, self.at(url) as ward:
            before = _kinds(ward.ledger)
            self.course = self._course(ward)
            appended = (_kinds(ward.ledger) - before).elements()
            assert sorted(appended) == sorted(write.kinds)

    @contextmanager
    def copy(self):
        with wards.copied(self.made, self.folder, self.postgres) as url:
            if self.write.before:
                with self.at(url) as ward:
                    self.write.before(ward)
            yield url

    def at(self, url):
        return wards.opened(url, self.keys, self.folder)

    def _course(self, ward):
        points, shapes = [], [shape(ward.ledger)]
        engine = ward.ledger.engine(write=True)

        def committed(connection):
            shapes.append(_shape(connection))

        event.listen(engine, COMMIT, committed)
        with counted(ward.ledger, lambda _, name: points.append(name)):
            self.write.act(ward)
        event.remove(engine, COMMIT, committed)
        return Course(tuple(points), tuple(shapes))

    def tried(self, failures, deaths):
        """Let the database fail, and a process die, at these points; then at none."""
        at_first = self.course.is_first
        with self.copy() as url:
            with self.at(url) as ward:
                before = _everything(ward.ledger)
            for point in filter(at_first, deaths):
                self._dies(url, point)
                with self.at(url) as ward:
                    assert _everything(ward.ledger) == before, self._where(point)
        self._fails_at_first(list(filter(at_first, failures)))
        for point in itertools.filterfalse(at_first, failures):
            with self.copy() as url, self.at(url) as ward:
                self._fails(ward, point)
                self._goes_on(ward, point)
        for point in itertools.filterfalse(at_first, deaths):
            with self.copy() as url:
                self._dies(url, point)
                with self.at(url) as ward:
                    self._goes_on(ward, point)

    def _fails_at_first(self, left):
        """The same connections go on after each failure, as in a watch."""
        while left:
            with self.copy() as url, self.at(url) as ward:
                before = _everything(ward.ledger)
                while left and self._fails(ward, point := left.pop(0)):
                    assert _everything(ward.ledger) == before, self._where(point)
                if _everything(ward.ledger) == before:
                    self._once_more(ward)
                else:
                    self._is_done(ward)

    def _fails(self, ward, point):
        """Let the database fail there; say whether the write was refused, as it must be.

        One that checks the record besides may take a failure for a finding, or go on.
        """
        refusals = (Unavailable, *([VerificationFailed] if self.write.checks else []))
        refused = False
        _read_anew(ward.ledger)
        with failing(ward.ledger, point) as struck:
            try:
                self.write.act(ward)
            except refusals:
                refused = True
        assert struck == [point]
        assert refused or self.write.checks, self._where(point)
        return refused

    def _dies(self, url, point):
        assert ended(lambda: self._dying(url, point)) == "killed", self._where(point)

    def _dying(self, url, point):
        def reached(number, _name):
            if number == point:
                die()

        with self.at(url) as ward, counted(ward.ledger, reached):
            self.write.act(ward)

    # --- what must be so

    def _goes_on(self, ward, point):
        """What was committed stands, and what was not can still be done."""
        done = self.course.commits(point)
        assert shape(ward.ledger) == self.course.shapes[done], self._where(point)
        if done < len(self.course.shapes) - 1:
            self._once_more(ward)
            return
        with suppress(SitrackError):  # it was done: once more is refused, or new
            self.write.act(ward)
        self._stands(ward)

    def _once_more(self, ward):
        """What did not succeed does so now; what was done before is not done twice."""
        if self.write.again:
            self.write.again(ward)
        self.write.act(ward)
        self._is_done(ward)

    def _is_done(self, ward):
        """It was done, once, and everything fits together."""
        assert shape(ward.ledger) == self.course.shapes[-1], self.write.name
        self._stands(ward)

    def _stands(self, ward):
        """The record holds, no number is missing, and every copy follows from it."""
        assert codes_of(ward.ledger) == set(filter(None, [self.write.leaves]))
        with writing(ward.ledger, dry_run=True) as work:
            assert _rows(work.connection, GAPS) == []
            assert rebuilding.rebuild(work.connection) == []

    def _where(self, point):
        return f"{self.write.name}: point {point} of {len(self.course.points)}"


def _read_anew(ledger):
    """Let each try read the protocol, as the first one did: so it has the same points."""
    for write in (False, True):
        with ledger.engine(write=write).connect() as connection:
            library.read_anew(connection)


def _rows(connection, query):
    """The rows of a query; it is no statement of the write."""
    return connection.connection.driver_connection.execute(query).fetchall()


def _shape(connection):
    return sorted(str(row) for query in SHAPE for row in _rows(connection, query))


def shape(ledger):
    with reading(ledger) as connection:
        return _shape(connection)


def _everything(ledger):
    """Every row of every table, whatever it holds."""
    with reading(ledger) as connection:
        return {
            name: sorted(map(repr, _rows(connection, f"SELECT * FROM {name}")))
            for name in tables.metadata.tables
        }


def _kinds(ledger):
    with reading(ledger) as connection:
        rows = _rows(connection, "SELECT kind FROM entry")
    return Counter(kind for (kind,) in rows)


# --- the long run


def main(*names):
    """Try the writes of these names, or every one; the first that does not hold ends it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = server_in(folder / "data")
        stack.callback(server.cleanup)
        postgres = Postgres(server)
        for kind, place in (("sqlite", None), ("postgresql", postgres)):
            made = stack.enter_context(wards.original(folder, place))
            for write in map(WRITES.__getitem__, names or WRITES):
                if write.only in {None, kind}:
                    _whole(kind, Trial(write, made, folder, place))


def _whole(kind, trial):
    begun, course = time.monotonic(), trial.course
    trial.tried(course.numbers(STATEMENT, COMMIT), course.numbers(*POINTS))
    took = time.monotonic() - begun
    print(f"{kind:<12}{trial.write.name:<26}{len(course.points):>4}{took:>7.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
