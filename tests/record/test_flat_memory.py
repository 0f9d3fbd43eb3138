"""Verify holds one row at a time: a record more than twice as long takes no more memory.

What is counted is what Python holds at most. The rows come in pieces of a thousand, so
that even the short record is longer than what is held of it.
"""

import tracemalloc

import pytest

from sitrack.journey.entries import Draft, Provenance
from sitrack.record.journal import writing
from tests.clinic import Clinic
from tests.sealing import register, report, sealed

SHORT, LONG = 2_500, 6_000
READER = Provenance(None, "rivera", "system")
A_LITTLE = 1.2
"""Caches and the like may differ by so much; rows that were kept would take twice."""


def grow(ledger, stream, number):
    """Let one stream grow by so many reads, in one transaction."""
    with writing(ledger) as work:
        keys = [f"P{place:05}-R" for place in range(20)]
        draft = Draft("read", work.today, READER, payload={"keys": keys})
        for _ in range(number):
            work.append(stream, draft)


def most_held(ledger, keys):
    """The most bytes that a verification held, and what it said.

    The lesser of two: what Python itself keeps for the next time is no part of it.
    """
    held = []
    for _ in range(2):
        tracemalloc.start()
        try:
            said = report(ledger, keys=keys)
            held.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    return min(held), said


@pytest.fixture
def watched(ledger):
    """A record with a key and an episode, and the log of what somebody read."""
    clinic = Clinic(ledger)
    clinic.walked()
    clinic.trusted = register(ledger)
    return clinic


def test_a_longer_record_takes_no_more_memory(watched):
    ledger, keys = watched.ledger, [watched.trusted]
    grow(ledger, "access/rivera", SHORT)
    sealed(ledger)
    report(ledger, keys=keys)  # what is loaded once is no part of it
    few, short = most_held(ledger, keys)
    grow(ledger, "access/rivera", LONG - SHORT)
    sealed(ledger)
    many, long = most_held(ledger, keys)
    assert short.faults == long.faults == []
    assert long.entries - short.entries == LONG - SHORT + 1
    assert long.leaves == long.entries
    assert many < A_LITTLE * few
