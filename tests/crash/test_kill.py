"""Killed at any point of a round: nothing is lost, and repeats can be recognised."""

import json
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import update

from sitrack import settings
from sitrack.record import tables
from sitrack.record.journal import load_stream, writing
from sitrack.record.ledger import reading, real_instant
from sitrack.reminders.channels.email import EmailChannel
from sitrack.reminders.round import run_round
from tests.clinic import Clinic, codes_of
from tests.reminders.post_office import HOST, Authority, PostOffice, listening
from tests.reminders.rounds.outbox import lines_of, rows_of

ROOT = Path(__file__).parents[2]
DUE = 16
"""How many reminders the round has to send."""

# Where it dies, at which time it gets there, and how many of them then arrive twice.
POINTS = [
    ("before make_row commits", 1, 0),
    ("after make_row commits", 1, 0),
    ("before claim commits", 1, 0),
    ("after claim commits", 1, 0),
    ("before send", 8, 0),
    ("after send", 8, 1),
    ("before acknowledge commits", 8, 1),
    ("after acknowledge commits", 8, 0),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def office(authority):
    """A mail server that insists on a secured line."""
    office = PostOffice()
    with listening(office, tls_context=authority.context(), require_starttls=True):
        yield office


@pytest.fixture
def flags(authority, office):
    return {
        "clinic.address": "desk@clinic.example",
        "reminders.lease": 1,
        "reminders.digest": False,
        "reminders.most_per_person": 1000,
        "smtp.host": HOST,
        "smtp.port": office.port,
        "smtp.sender": "reminders@clinic.example",
        "smtp.ca_file": str(authority.ca_file),
    }


@pytest.fixture
def clinic_with_due(ledger):
    """A clinic on the morning on which sixteen reminders are due."""
    clinic = Clinic(ledger)
    for _ in range(DUE):
        clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    return clinic


def killed_round(ledger, flags, tmp_path, point, times):
    """Run a round in a process of its own that dies at the point."""
    (tmp_path / "nothing.toml").touch()
    told = {
        "url": ledger.url.render_as_string(hide_password=False),
        "now": ledger.clock().isoformat(),
        "settings": flags,
        "config": str(tmp_path / "nothing.toml"),
        "point": point,
        "times": times,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.crash.dying_round"],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGKILL, "")


@contextmanager
def somebody_writing(clinic):
    """Record scores of another episode all the while; none may be lost."""
    key, over, written = clinic.opened(), Event(), []

    def write():
        while not over.wait(0.01):
            written.append(clinic.record(key, "score", nrs="5").entry.seq)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            yield
        finally:
            over.set()
        writer.result()
    assert len(written) > 1
    with reading(clinic.ledger) as connection:
        stream = load_stream(connection, f"episode/{key}")
    assert set(written) <= {entry.seq for entry in stream}


def let_the_leases_run_out(ledger):
    """Wait in no time: a lease is held for as long as the longest send."""
    table = tables.reminder
    with writing(ledger) as work:
        just_now = real_instant(work.connection)
        work.connection.execute(
            update(table)
            .where(table.c.leased_until.is_not(None))
            .values(leased_until=just_now)
        )


def next_round(ledger, flags, tmp_path):
    """Run another round, once the leases of the dead one have run out."""
    let_the_leases_run_out(ledger)
    values = settings.load(flags, {}, str(tmp_path / "nothing.toml"))
    channel = EmailChannel(values)
    try:
        return run_round(ledger, values, channel)
    finally:
        channel.close()


@pytest.mark.parametrize(("point", "times", "twice"), POINTS)
def test_a_round_that_is_killed_loses_nothing(
    clinic_with_due, flags, office, tmp_path, point, times, twice
):
    ledger = clinic_with_due.ledger
    with somebody_writing(clinic_with_due):
        killed_round(ledger, flags, tmp_path, point, times)
    next_round(ledger, flags, tmp_path)

    rows = rows_of(ledger)
    assert [row.status for row in rows] == ["done"] * DUE
    for row in rows:
        events = Counter(event for _, event, _ in lines_of(ledger, row.id))
        assert events["sent"] == 1
        assert events["claimed"] == row.attempts
    by_name = Counter(mail["Message-ID"] for _, _, mail in office.mails)
    assert sorted(by_name.values()) == [1] * (DUE - twice) + [2] * twice
    said = {lines_of(ledger, row.id)[-1][2] for row in rows}
    assert said == set(by_name)
    assert codes_of(ledger) == set()

    # And whatever happened, it is over now.
    assert next_round(ledger, flags, tmp_path).happenings == []
    assert len(office.mails) == DUE + twice


def test_the_lease_of_a_dead_round_is_respected(
    clinic_with_due, flags, office, tmp_path
):
    """Whoever comes at once takes nothing: the dead might only be slow."""
    ledger = clinic_with_due.ledger
    slow = {**flags, "reminders.lease": 3600}
    killed_round(ledger, slow, tmp_path, "after claim commits", 1)
    values = settings.load(slow, {}, str(tmp_path / "nothing.toml"))
    channel = EmailChannel(values)
    assert run_round(ledger, values, channel).happenings == []
    channel.close()
    assert office.mails == []
    assert {row.status for row in rows_of(ledger)} == {"open"}
