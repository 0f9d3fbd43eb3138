"""Ledgers for tests: a fresh one for each test, on SQLite and on a real PostgreSQL.

A test that asks for `ledger_url` or `ledger` runs once on each database. The migrations
take most of the time of making a ledger: they run once for each kind of database, and
a test gets a copy of what they made.
"""

import datetime as dt
import fcntl
import itertools
import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from benchmarks.databases import server_in
from sitrack.clock import start_of, stopped_clock, zone_named
from sitrack.record import upgrade
from sitrack.record.connection import read_url
from sitrack.record.ledger import open_ledger

# No test is timed: a busy machine is no fault.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ZONE = "Europe/London"
FIRST_DAY = "2025-01-06"
"""The day on which a test's ledger is made; a Monday."""

# Ends the server should this process die before it could: its input closes then.
_GUARD = """
cat > /dev/null
[ -e "$1/postmaster.pid" ] && kill -QUIT "$(head -n 1 "$1/postmaster.pid")"
rm -rf "$2"
"""


class Postgres:
    """A server of this test process alone, on a socket in a temporary folder."""

    def __init__(self, server):
        self._server = server
        self._numbers = itertools.count(1)
        self._execute(*(f"ALTER SYSTEM SET {name} = off" for name in _OFF))
        self._execute("SELECT pg_reload_conf()")

    @property
    def log(self):
        """The file into which the server writes its log."""
        return self._server.log

    def _execute(self, *statements):
        import psycopg

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def fresh(self, template="template1"):
        """Give the URL of a new database; drop it in the end.

        It is empty, or a copy of another one that nobody is connected to.
        """
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield self._server.get_uri(name)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")


_OFF = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
"""What guards against a crash of the machine, which no test brings about; and what would
change the plan of a statement in the middle of a test."""


@contextmanager
def _one_at_a_time(folder):
    with (folder / "postgres.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _in_memory():
    """A folder in memory, where there is room; None for the usual one.

    Most of what a fresh database takes is the making and removing of its 300 files.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM
    return memory if roomy and os.access(memory, os.W_OK) else None


_ROOM = 2**31
"""Bytes: many times what the servers of all test processes take at once."""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server, started when the first test of this process asks for it."""
    folder = Path(tempfile.mkdtemp(prefix="sitrack-pg-", dir=_in_memory()))
    data = folder / "data"
    command = ["sh", "-c", _GUARD, "guard", str(data), str(folder)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    # Workers of one run share the parent of their temporary folders.
    with _one_at_a_time(tmp_path_factory.getbasetemp().parent):
        server = server_in(data)
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        guard.communicate()


@pytest.fixture
def postgresql_url(postgres):
    """The URL of a fresh, empty database on PostgreSQL."""
    with postgres.fresh() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request):
    """The URL of a fresh, empty database, on each kind in turn."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="session")
def made_file(tmp_path_factory):
    """A SQLite ledger to copy: nobody writes to it."""
    file = tmp_path_factory.mktemp("made") / "ledger.db"
    new_ledger(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def made_database(postgres):
    """The name of a database with a ledger to copy: nobody is connected to it."""
    with postgres.fresh() as url:
        new_ledger(url).close()
        yield read_url(url).database


@pytest.fixture
def sqlite_ledger(made_file, sqlite_url):
    """A new synthetic ledger on SQLite; its clock stands at nine on `FIRST_DAY`."""
    with copied_file(made_file, sqlite_url) as made:
        yield made


@pytest.fixture
def postgresql_ledger(postgres, made_database):
    """A new synthetic ledger on PostgreSQL, its clock as on SQLite."""
    with postgres.fresh(made_database) as url, opened(url) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request):
    """A new synthetic ledger, on each kind of database in turn."""
    return request.getfixturevalue(f"{request.param}_ledger")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_ledger(request, tmp_path_factory):
    """A synthetic ledger of a whole module, for tests that leave it as it was."""
    made = request.getfixturevalue(_MADE[request.param])
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'ledger.db'}"
            yield stack.enter_context(copied_file(made, url))
        else:
            fresh = request.getfixturevalue("postgres").fresh(made)
            yield stack.enter_context(opened(stack.enter_context(fresh)))


_MADE = {"sqlite": "made_file", "postgresql": "made_database"}


@pytest.fixture
def copied(request, tmp_path):
    """Open a copy of a ledger that nobody is connected to, by its URL and its clock."""
    with ExitStack() as stack:

        def copied(url, clock):
            if url.get_backend_name() == "sqlite":
                place = f"sqlite:///{tmp_path / 'copied.db'}"
                made = stack.enter_context(copied_file(url.database, place))
            else:
                postgres = request.getfixturevalue("postgres")
                place = stack.enter_context(postgres.fresh(url.database))
                made = stack.enter_context(opened(place))
            made.use_clock(clock)
            return made

        yield copied


@contextmanager
def copied_file(made, url):
    """Open a copy of a ledger's file at that URL."""
    shutil.copy(made, read_url(url).database)
    with opened(url) as ledger:
        yield ledger


@contextmanager
def opened(url):
    """Open a ledger, its clock at nine on `FIRST_DAY`."""
    ledger = open_ledger(url)
    ledger.use_clock(clock_at(FIRST_DAY))
    try:
        yield ledger
    finally:
        ledger.close()


@pytest.fixture
def at(ledger):
    """Set the ledger's clock: `at('2025-02-03')` is nine in the clinic's morning."""

    def set_clock(day, time="09:00"):
        ledger.use_clock(clock_at(day, time))

    return set_clock


def clock_at(day, time="09:00", zone=ZONE):
    """A clock that stands at a wall time of the clinic."""
    date, wall = dt.date.fromisoformat(day), dt.time.fromisoformat(time)
    return stopped_clock(start_of(date, zone_named(zone), wall))


def new_ledger(url, day=FIRST_DAY, zone=ZONE):
    """Make a synthetic ledger; whoever asks for it closes it."""
    clock = clock_at(day, zone=zone)
    return upgrade.create(url, zone=zone, synthetic=True, recorder="tests", now=clock)
