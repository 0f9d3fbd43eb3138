"""A clock is stepped for the processes that are shown it, and for nobody else."""

import datetime as dt
import os
import subprocess
import sys

import pytest

from benchmarks import clinic, clock

pytestmark = pytest.mark.skipif(bool(clock.why_not()), reason="nothing is preloaded")

TOLD = """
import time
print(time.time())
print(time.monotonic())
"""


def told(stepped):
    """What a process says: the time of day, and the clock that measures spans."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **stepped.environment},
    )
    return map(float, done.stdout.split())


def test_a_clock_begins_where_it_is_told_and_is_stepped():
    nine = clinic.present()
    stepped = clock.Stepped(nine)
    shown, first = told(stepped)
    assert dt.datetime.fromtimestamp(shown, dt.UTC).date() == nine.date()
    stepped.step(-3600)
    behind, second = told(stepped)
    assert behind < shown
    stepped.step(+3600)
    ahead, third = told(stepped)
    assert ahead > shown
    assert first < second < third
