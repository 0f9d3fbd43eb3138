"""APScheduler with one job for each patient: the answer of most tutorials.

Jobs in its SQLAlchemy store, on SQLite, one thread. `misfire_grace_time=None`, for by
default a job that is a second late is deleted without having run.

Not comparable: the row is gone before the job runs. A process that dies has lost what
it was sending, nothing is kept of what was sent, and a second process on the same
store is not supported.
"""

from __future__ import annotations

import datetime as dt
import sys
import time

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from benchmarks.peers import due
from benchmarks.peers.answer import answer
from benchmarks.peers.copies import copied, split
from benchmarks.peers.engine import engine_for


def _remind(name: str) -> None:
    """Send one reminder: what the scheduler calls."""
    due.outbox.send(name)


# A job names its function by its place: the one that has the name now.
_remind.__name__ = _remind.__qualname__ = due.target()
globals()[due.target()] = _remind


class OneJobEach:
    """A job for each reminder."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = SQLAlchemyJobStore(engine=engine_for(url))
        self.scheduler = BackgroundScheduler(
            jobstores={"default": self.store},
            executors={"default": ThreadPoolExecutor(1)},
            timezone=dt.UTC,
        )

    def prepare(self, number: int, parked: int, _timed: int = 0) -> None:
        """Put the jobs into the store, as `add_job` does: started, it would run them."""
        self.store.start(self.scheduler, "default")
        now = dt.datetime.now(dt.UTC)
        own, times = split(parked)
        for place in range(number + own):
            when = now if place < number else now + due.AHEAD
            name = due.name_of(place)
            self.store.add_job(
                Job(
                    self.scheduler,
                    id=name,
                    name=name,
                    func=_remind,
                    args=(name,),
                    kwargs={},
                    trigger=DateTrigger(when, dt.UTC),
                    executor="default",
                    misfire_grace_time=None,
                    coalesce=True,
                    max_instances=1,
                    next_run_time=when,
                )
            )
        named, later = {"id": "t.id || ':' || i"}, f"next_run_time > {now.timestamp()}"
        copied(self.url, "apscheduler_jobs", named, later, times)

    def deliver(self, number: int, path: str) -> tuple[int, float]:
        """Run until everything due went; return how many went, and the seconds."""
        due.outbox.open(path)
        before = time.perf_counter()
        self.scheduler.start()
        due.outbox.wait_for(number)
        seconds = time.perf_counter() - before
        self.scheduler.shutdown()
        return due.outbox.count(), seconds


if __name__ == "__main__":
    answer(OneJobEach(sys.argv[1]), ("APScheduler", "SQLAlchemy"))
