"""huey on SQLite: a small task queue with a schedule.

Its SQLite storage with `fsync=True`, one worker thread.

Not comparable: a task is taken off the queue before it runs, so that a process that
dies loses it; the result of a task is all that is kept.
"""

from __future__ import annotations

import datetime as dt
import sys
import time

from huey import SqliteHuey

from benchmarks.peers import due
from benchmarks.peers.answer import answer
from benchmarks.peers.copies import copied, split

huey = SqliteHuey(filename=sys.argv[1].removeprefix("sqlite:///"), fsync=True, utc=True)


@huey.task(name=due.target())
def remind(name: str) -> str:
    """Send one reminder: what the worker calls."""
    due.outbox.send(name)
    return name


class Huey:
    """A scheduled task for each reminder."""

    def prepare(self, number: int, parked: int, timed: int = 0) -> None:
        """Schedule the tasks; those that are due stand in the queue at once."""
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        later = dt.datetime.now(dt.UTC).replace(tzinfo=None) + due.AHEAD
        own, times = split(parked)
        for place in range(number + own):
            name = due.name_of(place)
            if place < number and timed:
                remind.schedule((name,), eta=now)
            elif place < number:
                remind(name)
            else:
                # As its worker does with what it finds too early in the queue.
                huey.add_schedule(remind.s(name, eta=later))
        copied(sys.argv[1], "schedule", {"id": ""}, "true", times)

    def deliver(self, number: int, path: str) -> tuple[int, float]:
        """Run until everything due went; return how many went, and the seconds."""
        due.outbox.open(path)
        consumer = huey.create_consumer(workers=1, periodic=False, initial_delay=0.01)
        before = time.perf_counter()
        consumer.start()
        due.outbox.wait_for(number)
        seconds = time.perf_counter() - before
        consumer.stop(graceful=True)
        return due.outbox.count(), seconds


if __name__ == "__main__":
    answer(Huey(), ("huey",))
