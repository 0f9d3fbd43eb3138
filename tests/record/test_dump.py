"""A record on PostgreSQL that is dumped and read in again is the same, rights and all."""

import os
import subprocess

import pytest
from psycopg import errors
from sqlalchemy import make_url, select

from sitrack.record import tables
from sitrack.record.ledger import open_ledger, reading
from tests.clinic import codes_of, driver, everything
from tests.conftest import clock_at
from tests.crash.servers import installed
from tests.logins import call, logged_in, logins_of, staffed


def run_tool(name, url, *words, stdin=None):
    """Run a program of the server's own on a database, in a language that is known."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(False)
    done = subprocess.run(
        [str(installed() / name), *words, "-d", plain],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def copied(postgres, postgresql_ledger):
    """A clinic in which everybody has a login, and what a dump of it becomes."""
    staffed(postgresql_ledger).walked()
    with logins_of(postgresql_ledger):
        dump = run_tool("pg_dump", url_of(postgresql_ledger))
        with postgres.fresh() as url:
            run_tool("psql", url, "-q", "-v", "ON_ERROR_STOP=1", stdin=dump)
            copy = open_ledger(url)
            copy.use_clock(clock_at("2025-01-30", "10:00"))
            yield postgresql_ledger, copy
            copy.close()


def url_of(ledger):
    return ledger.url.render_as_string(hide_password=False)


def heads(ledger):
    with reading(ledger) as connection:
        return sorted(connection.execute(select(tables.stream)).all())


def test_a_dump_brings_back_the_same_record(copied):
    ledger, copy = copied
    assert heads(copy) == heads(ledger)
    assert everything(copy) == everything(ledger)
    assert codes_of(copy) == set()


def test_it_brings_back_the_rights_too(copied):
    _, copy = copied
    with driver(copy) as run:
        groups = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'sitrack_')"
        for (group,) in run(groups):
            run(f'GRANT CONNECT ON DATABASE {copy.url.database} TO "{group}"')
    with logged_in(copy, "coordinator") as run:
        assert call(run)[0] == "rivera"
        with pytest.raises(errors.InsufficientPrivilege):
            run("UPDATE entry SET recorder = 'osei'")
