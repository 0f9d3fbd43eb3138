"""A write that ends at any of its statements wrote everything, or nothing.

The statements are counted from outside; the product knows nothing of the points.
"""

from contextlib import closing

import pytest

from sitrack.coordination.episodes import Step, advance
from sitrack.record.ledger import open_ledger
from tests.clinic import RIVERA, Clinic, codes_of, everything

from .points import COMMIT, STATEMENT, counted, die, ended

POINTS = (STATEMENT, "after_cursor_execute", COMMIT)


class Stopped(Exception):
    """What a write is stopped with."""


def move(ledger, key):
    return advance(ledger, RIVERA, key, Step("re-evaluation"))


@pytest.fixture
def ready(ledger):
    """An episode that may move on."""
    clinic = Clinic(ledger)
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="7")
    return key


def test_an_error_at_any_statement_leaves_nothing(ledger, ready):
    url, clock = ledger.url.render_as_string(hide_password=False), ledger.clock
    before, point = everything(ledger), 0
    while True:
        point += 1

        def stop(number, _name, at=point):
            if number == at:
                raise Stopped

        # A command has connections of its own, and lets go of them as it ends.
        with closing(open_ledger(url)) as mine:
            mine.use_clock(clock)
            try:
                with counted(mine, stop, POINTS):
                    written = move(mine, ready)
                break
            except Stopped:
                pass
        assert everything(ledger) == before, point
    assert point > 20
    assert written.entry.kind == "move"
    assert codes_of(ledger) == set()


def test_after_a_commit_that_failed_the_same_connection_goes_on(ledger, ready):
    """It is not left within a transaction, which would keep everybody else off too."""

    def stop(_number, name):
        if name == COMMIT:
            raise Stopped

    with pytest.raises(Stopped), counted(ledger, stop, POINTS):
        move(ledger, ready)
    assert move(ledger, ready).entry.kind == "move"
    assert codes_of(ledger) == set()


def test_death_at_any_statement_leaves_everything_or_nothing(ledger, ready):
    """And nothing was acknowledged that is not there: the last point is the commit."""
    url, clock = ledger.url.render_as_string(hide_password=False), ledger.clock
    ledger.close()
    before = everything(ledger)
    ledger.close()
    ends = []
    while not ends or ends[-1] != "done":
        ends.append(_dies(url, clock, ready, at=len(ends) + 1))
        if ends[-1] == "killed":
            assert everything(ledger) == before, len(ends)
        ledger.close()
    assert len(ends) > 20
    after = everything(ledger)
    assert len(after["entry"]) == len(before["entry"]) + 1
    assert after["episode"] != before["episode"]
    assert codes_of(ledger) == set()


def _dies(url, clock, key, at):
    """Make the move in a process that is killed at that point; say how it ended."""

    def write():
        mine = open_ledger(url)
        mine.use_clock(clock)
        with counted(mine, lambda number, _: number == at and die(), POINTS):
            move(mine, key)

    return ended(write)
