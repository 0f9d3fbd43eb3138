"""The alarm clock goes on through errors and wrong clocks, and stops when asked.

Each test stops the watch as a person would, by a signal; a watchdog sends one where
the watch would otherwise run for ever.
"""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest

from sitrack.reminders.schedule import watch

SOON = 0.02
HOUR = 3600.0
TEN_YEARS = 10 * 365 * 24 * HOUR


@pytest.fixture(autouse=True)
def watchdog():
    """Ask a watch to stop that has not within half a minute."""
    late = []

    def bark():
        late.append(True)
        os.kill(os.getpid(), signal.SIGTERM)

    timer = threading.Timer(30, bark)
    timer.start()
    yield
    timer.cancel()
    timer.join()
    assert not late, "the watch had to be stopped"


def stop(*_):
    signal.raise_signal(signal.SIGTERM)


def never(*_):
    raise AssertionError("not expected here")


def test_the_first_round_comes_at_once_and_the_others_at_the_interval():
    rounds = []

    def run_round(stopping):
        rounds.append(time.monotonic())
        if len(rounds) == 3:
            stop()

    begun = time.monotonic()
    watch(run_round, interval_seconds=0.8, on_clock_step=never, on_error=never)
    assert rounds[0] - begun < 0.8
    between = [later - sooner for sooner, later in itertools.pairwise(rounds)]
    assert all(0.5 < gap < 5 for gap in between), between


def test_an_interval_longer_than_one_sleep_is_kept():
    rounds = []

    def run_round(stopping):
        rounds.append(time.monotonic())
        if len(rounds) == 2:
            stop()

    watch(run_round, interval_seconds=1.2, on_clock_step=never, on_error=never)
    assert 0.9 < rounds[1] - rounds[0] < 5


def test_a_round_that_raises_does_not_stop_the_watch(capfd, caplog):
    rounds, errors = [], []
    raised = [
        ValueError("Kowalska"),
        SystemExit(3),
        KeyboardInterrupt(),
        MemoryError(),
    ]

    def run_round(stopping):
        rounds.append(1)
        if len(rounds) <= len(raised):
            raise raised[len(rounds) - 1]
        stop()

    watch(run_round, interval_seconds=SOON, on_clock_step=never, on_error=errors.append)
    assert errors == raised
    assert len(rounds) == len(raised) + 1
    assert "Kowalska" not in caplog.text + "".join(capfd.readouterr())


def test_a_callback_that_raises_does_not_stop_the_watch(wall):
    rounds = []

    def run_round(stopping):
        rounds.append(1)
        if len(rounds) == 3:
            stop()
        if len(rounds) == 1:
            wall.off_by = HOUR
        raise ValueError

    watch(
        run_round,
        interval_seconds=SOON,
        on_clock_step=lambda _: 1 / 0,
        on_error=lambda _: 1 / 0,
        clock=wall,
    )
    assert len(rounds) == 3


def test_a_round_longer_than_the_interval_is_neither_doubled_nor_piled_up():
    begun, ended = [], []

    def run_round(stopping):
        begun.append(time.monotonic())
        time.sleep(0.15)
        ended.append(time.monotonic())
        if len(ended) == 3:
            stop()

    watch(run_round, interval_seconds=0.05, on_clock_step=never, on_error=never)
    assert len(begun) == len(ended) == 3
    assert all(end <= start for end, start in zip(ended, begun[1:], strict=False))


@pytest.mark.parametrize(
    "step", [-HOUR, TEN_YEARS, -TEN_YEARS, 6.0, -6.0], ids="{:+.0f} s".format
)
def test_rounds_go_on_when_the_wall_clock_is_set(step, wall):
    rounds, steps = [], []

    def run_round(stopping):
        rounds.append(len(steps))
        if len(rounds) == 3:
            wall.off_by += step
        if rounds.count(1) == 4:
            stop()

    tracemalloc.start()
    try:
        watch(
            run_round,
            interval_seconds=SOON,
            on_clock_step=steps.append,
            on_error=never,
            clock=wall,
        )
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert steps == [pytest.approx(step, abs=0.5)]
    assert rounds.count(1) == 4
    assert most < 2_000_000


def test_a_step_is_told_before_the_round_that_follows_it_at_once(wall):
    told = []

    def run_round(stopping):
        told.append("round")
        if len(told) == 1:
            wall.off_by = -HOUR
        else:
            stop()

    watch(
        run_round,
        interval_seconds=60,  # so that the second round is the step's
        on_clock_step=lambda _: told.append("step"),
        on_error=never,
        clock=wall,
    )
    assert told == ["round", "step", "round"]


def test_a_small_correction_of_the_clock_is_no_step(wall):
    rounds = []

    def run_round(stopping):
        rounds.append(1)
        wall.off_by += 1.0
        if len(rounds) == 5:
            stop()

    watch(
        run_round,
        interval_seconds=SOON,
        on_clock_step=never,
        on_error=never,
        clock=wall,
    )
    assert len(rounds) == 5


def test_a_round_may_ask_whether_it_should_end_early():
    asked = []

    def run_round(stopping):
        asked.append(stopping())
        stop()
        asked.append(stopping())

    watch(run_round, interval_seconds=SOON, on_clock_step=never, on_error=never)
    assert asked == [False, True]


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf"), 86_401])
def test_an_interval_that_makes_no_sense_is_refused(interval):
    with pytest.raises(ValueError, match="interval"):
        watch(never, interval_seconds=interval, on_clock_step=never, on_error=never)


def test_the_signals_are_given_back():
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    watch(stop, interval_seconds=SOON, on_clock_step=never, on_error=never)
    after = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    assert before == after


WATCHER = """
import time
from sitrack.reminders.schedule import watch

def run_round(stopping):
    print("begun", flush=True)
    time.sleep({takes})
    print("ended", flush=True)

watch(run_round, interval_seconds=60, on_clock_step=print, on_error=print)
print("returned", flush=True)
"""


def _watcher(takes):
    return subprocess.Popen(
        [sys.executable, "-c", WATCHER.format(takes=takes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_round_lets_it_finish(number):
    with _watcher(takes=0.5) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
    assert out == "ended\nreturned\n"
    assert err == ""
    assert process.returncode == 0


def test_a_signal_between_rounds_ends_the_watch_soon():
    with _watcher(takes=0) as process:
        assert process.stdout.readline() == "begun\n"
        assert process.stdout.readline() == "ended\n"
        time.sleep(0.1)
        asked = time.monotonic()
        process.terminate()
        out, err = process.communicate(timeout=5)
    assert out == "returned\n"
    assert err == ""
    assert process.returncode == 0
    assert time.monotonic() - asked < 2
