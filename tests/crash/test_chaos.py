"""A minute of it: processes and servers die under load, and nothing is lost or doubled.

`python -m benchmarks.chaos` goes on for longer.
"""

import random
from contextlib import closing

import pytest

from sitrack.record import upgrade
from sitrack.record.journal import open_ledger
from tests.clinic import codes_of

from .chaos import storm
from .servers import room_for_servers, until


@pytest.fixture
def seed():
    """Printed, so that a storm that did harm can be had again."""
    found = random.SystemRandom().randrange(10**6)
    print(f"seed {found}")
    return found


def new_ledger(url):
    made = upgrade.create(
        url, zone="Europe/London", synthetic=True, recorder="tests", now=None
    )
    made.close()


def calm(url, found):
    print(found)
    assert found.faults == []
    assert found.kills > 3
    assert found.sent > 0
    assert found.repeats <= found.kills * 50
    with closing(open_ledger(url)) as ledger:
        assert codes_of(ledger) == set()


def test_on_sqlite_nothing_is_lost_when_processes_are_killed(
    sqlite_url, tmp_path, seed
):
    new_ledger(sqlite_url)
    calm(sqlite_url, storm(sqlite_url, tmp_path, seconds=15, seed=seed))


def test_on_a_server_nothing_is_lost_when_it_crashes_as_well(tmp_path, seed):
    with room_for_servers() as new:
        server = new("one").create()
        url = server.url()
        new_ledger(url)
        found = storm(
            url, tmp_path, seconds=20, seed=seed, strikes=[server.crash, server.crash]
        )
        assert found.crashes == 2
        calm(url, found)


def test_a_synchronous_standby_takes_over_and_has_everything(tmp_path, seed):
    with room_for_servers() as new:
        first = new("one").create()
        second = first.copy(new.folder / "two", "two")
        new.kept(second)
        first.execute(
            "ALTER SYSTEM SET synchronous_standby_names = 'two'",
            "SELECT pg_reload_conf()",
        )
        until(
            lambda: (
                first.execute("SELECT sync_state FROM pg_stat_replication")
                == [("sync",)]
            )
        )
        url = first.url(second)
        new_ledger(url)

        def fail_over():
            first.stop("immediate")
            second.promote()
            # Else its first commit waits for a standby that it does not have.
            second.execute(
                "ALTER SYSTEM SET synchronous_standby_names = ''",
                "SELECT pg_reload_conf()",
            )

        found = storm(url, tmp_path, seconds=20, seed=seed, strikes=[fail_over])
        assert found.crashes == 1
        assert second.execute("SELECT pg_is_in_recovery()") == [(False,)]
        calm(url, found)
