"""procrastinate: a task queue in PostgreSQL, what a good team would pick.

Jobs with `schedule_at`, one worker process that runs several at once.

Not comparable: a job that was running when its process died waits for a rescue task
that its user has to write; nothing is looked at again between taking and sending.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import time

from procrastinate import App, PsycopgConnector

from benchmarks.peers import due
from benchmarks.peers.answer import answer
from benchmarks.peers.copies import copied, split

_AT_ONCE = 10
_BATCH = 500
app = App(connector=PsycopgConnector(conninfo=sys.argv[1]))


@app.task(name=due.target())
def remind(name: str) -> None:
    """Send one reminder: what the worker calls."""
    due.outbox.send(name)


class Procrastinate:
    """A deferred job for each reminder."""

    def prepare(self, number: int, parked: int, timed: int = 0) -> None:
        """Make the schema, and defer the jobs."""
        own, times = split(parked)
        asyncio.run(self._prepare(number, own, timed))
        later = "scheduled_at > now()"
        copied(sys.argv[1], "procrastinate_jobs", {"id": ""}, later, times)

    async def _prepare(self, number: int, parked: int, timed: int) -> None:
        now = dt.datetime.now(dt.UTC)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            for first, last, when in (
                (0, number, now if timed else None),
                (number, number + parked, now + due.AHEAD),
            ):
                job = app.configure_task(due.target(), schedule_at=when)
                for place in range(first, last, _BATCH):
                    some = range(place, min(place + _BATCH, last))
                    names = [{"name": due.name_of(each)} for each in some]
                    await job.batch_defer_async(*names)

    def deliver(self, number: int, path: str) -> tuple[int, float]:
        """Run until nothing due is left; return how many went, and the seconds."""
        due.outbox.open(path)
        before = time.perf_counter()
        asyncio.run(self._deliver())
        seconds = time.perf_counter() - before
        went = due.outbox.count()
        assert went == number, (went, number)
        return went, seconds

    async def _deliver(self) -> None:
        async with app.open_async():
            await app.run_worker_async(
                wait=False, concurrency=_AT_ONCE, install_signal_handlers=False
            )


if __name__ == "__main__":
    answer(Procrastinate(), ("procrastinate", "psycopg"))
