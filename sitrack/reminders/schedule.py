"""The alarm clock: calls a round every so often, whatever the machine's clock does.

APScheduler is used for nothing but waking up. It holds one job, in memory, and knows
of no patient: what is due is asked of the record in every round, so that a process
that was away, or a clock that was wrong, loses nothing. As it comes, APScheduler
sleeps through a clock that is set back, counts out every missed slot of one that is
set forward, and ends its loop at the first exception; the class below does not.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import time
from collections.abc import Callable, Iterator
from typing import Final

from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.base import BaseTrigger

from sitrack.clock import Clock, machine_clock

_LONGEST_SLEEP: Final = 0.5
"""Seconds: how late a stop or a step of the clock is noticed at most."""

_STEP: Final = 5.0
"""Seconds: when wall time moves that much against elapsed time, it was set."""

_ELAPSED: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that nobody sets, and that goes on while the machine sleeps."""

_LONGEST_INTERVAL: Final = 86_400.0


def watch(
    run_round: Callable[[Callable[[], bool]], None],
    *,
    interval_seconds: float,
    on_clock_step: Callable[[float], None],
    on_error: Callable[[BaseException], None],
    clock: Clock = machine_clock,
) -> None:
    """Run rounds, the first one now, until SIGTERM or SIGINT asks to stop.

    Everything happens in the calling thread, which has to be the main one: a round is
    never interrupted and never overlaps the next. What a callback raises is dropped.

    Args:
        run_round: does one round; what it raises is handed on, and the next comes. It
            is given a question to ask on the way: whether it should end early.
        interval_seconds: from the start of one round to the next; at most a day.
        on_clock_step: told by how many seconds the clock was set, before the round that
            follows at once. A machine that slept is no step.
        on_error: told what a round raised.
        clock: what time it is.
    """
    if not 0 < interval_seconds <= _LONGEST_INTERVAL:
        raise ValueError("an interval is more than nothing and at most a day")
    alarm = _Alarm(clock, on_clock_step, on_error)
    alarm.add_job(
        lambda: alarm.guarded(lambda: run_round(alarm.is_stopping)),
        _After(dt.timedelta(seconds=interval_seconds)),
        name="round",
        next_run_time=clock(),
    )
    with _stop_signals(alarm.stop):
        alarm.start()


class _After(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Fires one interval after now, and so never enumerates what was missed."""

    def __init__(self, interval: dt.timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(
        self, _previous: dt.datetime | None, now: dt.datetime
    ) -> dt.datetime:
        return now + self._interval


class _Alarm(BlockingScheduler):  # type: ignore[misc]  # the library has no types
    """A scheduler that survives exceptions and steps of the clock."""

    def __init__(
        self,
        clock: Clock,
        on_clock_step: Callable[[float], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        super().__init__(
            timezone=dt.UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": DebugExecutor()},  # in this thread, one by one
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": None,
            },
        )
        self._clock = clock
        self._on_clock_step = on_clock_step
        self._on_error = on_error
        self._stopping = False
        self._offset = self._wall_less_elapsed()

    def stop(self) -> None:
        """Ask the loop to end after what it is doing; safe in a signal handler.

        It sets a flag and takes no lock: an Event set by a handler deadlocks when
        the signal comes while the same thread holds the Event's own lock.
        """
        self._stopping = True

    def is_stopping(self) -> bool:
        """Whether the loop was asked to end."""
        return self._stopping

    def guarded(self, act: Callable[[], float | None]) -> float | None:
        """Do something that must not end the loop, whatever it raises."""
        try:
            return act()
        except BaseException as error:  # noqa: BLE001
            with contextlib.suppress(Exception):
                self._on_error(error)
            return None

    def _main_loop(self) -> None:
        while not self._stopping:
            self._notice_step()
            wait = self.guarded(self._process_jobs)
            if not self._stopping:
                longest = _LONGEST_SLEEP if wait is None else wait
                time.sleep(min(longest, _LONGEST_SLEEP))
        self.shutdown()

    def _wall_less_elapsed(self) -> float:
        return self._clock().timestamp() - time.clock_gettime(_ELAPSED)

    def _notice_step(self) -> None:
        before, self._offset = self._offset, self._wall_less_elapsed()
        moved = self._offset - before
        if abs(moved) <= _STEP:
            return
        with contextlib.suppress(Exception):
            self._on_clock_step(moved)
        now = self._clock()
        for job in self.get_jobs():
            job.modify(next_run_time=now)


@contextlib.contextmanager
def _stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    before = {
        number: signal.signal(number, lambda *_: stop()) or signal.SIG_DFL
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
