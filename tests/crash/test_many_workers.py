"""Many workers, and hosts whose clocks do not agree: nothing is taken twice, or early."""

import datetime as dt
import threading
from collections import Counter
from contextlib import closing

import pytest
from sqlalchemy import func, insert, select, update

from sitrack.record import dispatch, tables
from sitrack.record import ledger as opened
from sitrack.record.dispatch import Claim
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger, reading, real_instant
from sitrack.reminders.round import run_round
from tests.clinic import Clinic, settings_of
from tests.reminders.conftest import Memory, outbox

WORKERS, DUE = 8, 10_000
TEN_MINUTES = dt.timedelta(minutes=10)


def with_rows(ledger, number):
    """That many open reminders about one episode, due now."""
    clinic = Clinic(ledger)
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    row = {
        "episode": str(key),
        "visit": 1,
        "rule": "INJ-DIARY",
        "step": "notice",
        "recipient": "rivera",
        "channel": "file",
        "due": dt.date(2025, 1, 7),
        "status": "open",
        "attempts": 0,
        "alone": 1,
    }
    with writing(ledger) as work:
        rows = [{**row, "occurrence": n, "next_at": work.now} for n in range(number)]
        work.connection.execute(insert(tables.reminder), rows)


def asked(work, real_now, worker, limit):
    return Claim(
        channel="file",
        due_by=work.now,
        now=work.now,
        today=work.today,
        real_now=real_now,
        lease=dt.timedelta(hours=1),
        worker=worker,
        limit=limit,
    )


@pytest.mark.complaint(8)
def test_of_ten_thousand_due_eight_workers_claim_none_twice(ledger):
    with_rows(ledger, DUE)
    url = ledger.url.render_as_string(hide_password=False)
    start, claimed, faults = threading.Barrier(WORKERS), [], []

    def work_through(name):
        try:
            with closing(open_ledger(url)) as mine:
                mine.use_clock(ledger.clock)
                start.wait()
                while True:
                    with writing(mine) as work:
                        now = real_instant(work.connection)
                        wanted = asked(work, now, name, 200)
                        rows = dispatch.claim_alone(work.connection, wanted)
                    if not rows:
                        return
                    claimed.extend((row.id, name) for row in rows)
        except BaseException as error:  # noqa: BLE001 - shown by the main thread
            faults.append(error)

    threads = [
        threading.Thread(target=work_through, args=(f"worker-{n}",))
        for n in range(WORKERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    times = Counter(row for row, _ in claimed)
    # Some may be locked by a slower worker at the moment at which the others give up.
    assert max(times.values()) == 1
    assert len(times) == DUE
    with reading(ledger) as connection:
        table, lines = tables.reminder, tables.delivery
        attempts = select(func.max(table.c.attempts), func.count(table.c.worker))
        assert connection.execute(attempts).one() == (1, DUE)
        count = connection.execute(select(func.count()).select_from(lines)).scalar()
        assert count == DUE
    owners = {row.id: row.worker for row in outbox(ledger)}
    assert all(owners[row] == name for row, name in claimed)


# --- two hosts whose clocks are ten minutes apart, on one server


@pytest.fixture
def hosts(postgresql_ledger, monkeypatch):
    """Do something on a host whose own clock is off; the server's is right."""
    with_rows(postgresql_ledger, 3)
    url = postgresql_ledger.url.render_as_string(hide_password=False)
    right = opened.machine_clock

    def on_host(off_by, act):
        monkeypatch.setattr(opened, "machine_clock", lambda: right() + off_by)
        with closing(open_ledger(url)) as ledger:
            return act(ledger)

    return on_host


def take(ledger, worker, lease=dt.timedelta(minutes=5)):
    with writing(ledger) as work:
        now = real_instant(work.connection)
        wanted = asked(work, now, worker, 10)
        wanted = Claim(**{**_fields(wanted), "lease": lease})
        return dispatch.claim_alone(work.connection, wanted)


def _fields(claim):
    return {name: getattr(claim, name) for name in Claim.__slots__}


@pytest.mark.parametrize("ahead", [TEN_MINUTES, -TEN_MINUTES])
def test_a_host_that_is_wrong_steals_no_lease(hosts, ahead):
    taken = hosts(-ahead, lambda ledger: take(ledger, "one"))
    assert len(taken) == 3
    assert hosts(ahead, lambda ledger: take(ledger, "two")) == []


@pytest.mark.parametrize("ahead", [TEN_MINUTES, -TEN_MINUTES])
def test_a_host_that_is_wrong_keeps_no_lease_beyond_its_end(hosts, ahead):
    lease = dt.timedelta(microseconds=1)
    assert len(hosts(ahead, lambda ledger: take(ledger, "one", lease))) == 3
    assert len(hosts(-ahead, lambda ledger: take(ledger, "two"))) == 3


def test_a_host_that_is_ahead_sends_nothing_early(hosts, tmp_path):
    always = settings_of(
        tmp_path,
        **{
            "reminders.digest": False,
            "reminders.from_time": "00:00",
            "reminders.until_time": "00:00",
            "reminders.days": "mon,tue,wed,thu,fri,sat,sun",
        },
    )

    def in_five_minutes(ledger):
        with writing(ledger) as work:
            later = real_instant(work.connection) + TEN_MINUTES / 2
            rows = tables.reminder
            work.connection.execute(update(rows).values(next_at=later))

    def send(ledger):
        channel = Memory()
        run_round(ledger, always, channel)
        return [each for each in channel.sent if "2025-01-07" in each.subject]

    hosts(dt.timedelta(0), in_five_minutes)
    others = len(hosts(TEN_MINUTES, send))
    with_next_at_past = len(hosts(TEN_MINUTES, send))
    assert with_next_at_past == 0
    assert others <= 1  # the diary's own row, which was due in January
