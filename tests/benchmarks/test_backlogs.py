"""Every program that is measured has as many due, and parked, as the table says."""

import sqlite3

import pytest

from benchmarks.due import ON_FILE, ON_SERVER
from benchmarks.processes import started

DUE, PARKED = 50, 3_000
HELD = {
    "due_ours": "SELECT count(*) FROM episode",
    "due_apscheduler": "SELECT count(*) FROM apscheduler_jobs",
    "due_huey": "SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM schedule)",
    "due_procrastinate": "SELECT count(*) FROM procrastinate_jobs",
    "due_dbos": "SELECT count(*) FROM dbos.workflow_status",
}


def prepared(peer, url):
    if peer.why_not:
        pytest.skip(peer.why_not)
    with started(peer.module, url) as process:
        process.ask("prepare", DUE, PARKED)


@pytest.mark.parametrize("peer", ON_FILE, ids=lambda peer: peer.module)
def test_a_backlog_in_a_file_is_as_long_as_it_is_said_to_be(peer, sqlite_url):
    prepared(peer, sqlite_url)
    path = sqlite_url.removeprefix("sqlite:///")
    [found] = sqlite3.connect(path).execute(HELD[peer.module]).fetchone()
    assert found == DUE + PARKED


@pytest.mark.parametrize("peer", ON_SERVER, ids=lambda peer: peer.module)
def test_a_backlog_on_a_server_is_as_long_as_it_is_said_to_be(peer, postgresql_url):
    import psycopg

    prepared(peer, postgresql_url)
    with psycopg.connect(postgresql_url) as connection:
        [found] = connection.execute(HELD[peer.module]).fetchone()
    assert found == DUE + PARKED
