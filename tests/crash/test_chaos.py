"""A minute of it: processes and servers die under load, and nothing is lost or doubled.

`python -m benchmarks.chaos` goes on for longer.
"""

import datetime as dt
import random
from collections import Counter
from contextlib import closing

import pytest

from sitrack.record.ledger import open_ledger
from tests.clinic import Clinic, codes_of

from .chaos import AGES, MOST_OF_ONE, forgotten, storm, storms
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
    assert found.repeats <= found.excused
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


# --- the judge of it can condemn


def test_more_repeats_than_the_dead_account_for_are_a_storm():
    assert storms(Counter({"a": 2, "b": 2, "c": 1}), 2) == []
    assert storms(Counter({"a": 2, "b": 2, "c": 1}), 1) == ["2 repeats, 1 excused"]


def test_so_is_one_message_that_arrives_again_and_again():
    assert storms(Counter({"a": MOST_OF_ONE}), 100) == []
    found = storms(Counter({"a": MOST_OF_ONE + 1}), 100)
    assert found == [f"arrived {MOST_OF_ONE + 1} times: a"]


def test_a_line_of_any_rule_that_nobody_was_told_of_is_found(ledger):
    clinic = Clinic(ledger)
    day = dt.date(2025, 1, 6)
    key = clinic.injected(str(day))
    clinic.at(str(day + dt.timedelta(days=max(AGES))))
    rules = ("INJ-DIARY", "INJ-CHECK", "INJ-TRIAL", "INJ-ESC")
    assert set(forgotten(ledger)) == {f"{key} {rule}" for rule in rules}
