"""A minute of it: processes and servers die under load, and nothing is lost or doubled.

`python -m benchmarks.chaos` goes on for longer.
"""

import random
from contextlib import closing

import pytest

from sitrack.record.ledger import open_ledger
from tests.clinic import codes_of

from .chaos import storm
from .scenes import a_file, a_pair, a_server


@pytest.fixture
def seed():
    """Printed, so that a storm that did harm can be had again."""
    found = random.SystemRandom().randrange(10**6)
    print(f"seed {found}")
    return found


def calm(url, found):
    print(found)
    assert found.faults == []
    assert found.kills > 3
    assert found.sent > 0
    assert found.repeats <= found.kills * 50
    with closing(open_ledger(url)) as ledger:
        assert codes_of(ledger) == set()


def test_on_sqlite_nothing_is_lost_when_processes_are_killed(tmp_path, seed):
    with a_file(tmp_path) as (url, _):
        calm(url, storm(url, tmp_path, seconds=15, seed=seed))


def test_on_a_server_nothing_is_lost_when_it_crashes_as_well(tmp_path, seed):
    with a_server(tmp_path) as (url, crash):
        found = storm(url, tmp_path, seconds=20, seed=seed, strikes=[crash] * 2)
        assert found.crashes == 2
        calm(url, found)


def test_a_synchronous_standby_takes_over_and_has_everything(tmp_path, seed):
    with a_pair(tmp_path) as (url, fail_over):
        found = storm(url, tmp_path, seconds=20, seed=seed, strikes=[fail_over])
        assert found.crashes == 1
        calm(url, found)
