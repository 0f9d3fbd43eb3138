"""DBOS: durable workflows in PostgreSQL, on a queue with a delay.

One workflow for each reminder, that delivers it in one recorded step.

Not comparable: a workflow that was running when its process died is taken up by the
same executor, or by a service that is sold beside it; its history is of workflows, not
of patients.
"""

from __future__ import annotations

import sys
import time

from dbos import DBOS, DBOSClient, EnqueueOptions

from benchmarks.peers import due
from benchmarks.peers.answer import answer
from benchmarks.peers.copies import copied, split

_PARKED = """
t.workflow_uuid IN (
    SELECT workflow_uuid FROM dbos.workflow_status WHERE status = 'DELAYED')
"""


@DBOS.workflow(name=due.target())
def remind(name: str) -> None:
    """Send one reminder."""
    send(name)


@DBOS.step()
def send(name: str) -> None:
    """Deliver it."""
    due.outbox.send(name)


class Workflows:
    """A delayed workflow for each reminder."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _start(self) -> None:
        DBOS(
            config={
                "name": "bench",
                "system_database_url": self.url,
                "log_level": "ERROR",
                "application_version": "1",
            }
        )
        DBOS.launch()

    def prepare(self, number: int, parked: int, timed: int = 0) -> None:
        """Make the schema and the queue, and enqueue the workflows from outside."""
        self._start()
        DBOS.register_queue("reminders", polling_interval_sec=0.05)
        DBOS.destroy()
        client = DBOSClient(system_database_url=self.url)
        own, times = split(parked)
        for place in range(number + own):
            how: EnqueueOptions = {
                "queue_name": "reminders",
                "workflow_name": due.target(),
                "app_version": "1",
            }
            if place < number and timed:
                how["delay_seconds"] = 0.001
            if place >= number:
                how["delay_seconds"] = due.AHEAD.total_seconds()
            client.enqueue(how, due.name_of(place))
        client.destroy()
        named = {"workflow_uuid": "t.workflow_uuid || ':' || i"}
        for table in ("workflow_input", "workflow_status"):
            copied(self.url, f"dbos.{table}", named, _PARKED, times)

    def deliver(self, number: int, path: str) -> tuple[int, float]:
        """Run until everything due went; return how many went, and the seconds."""
        due.outbox.open(path)
        before = time.perf_counter()
        self._start()
        due.outbox.wait_for(number)
        seconds = time.perf_counter() - before
        DBOS.destroy(workflow_completion_timeout_sec=10)
        return due.outbox.count(), seconds


if __name__ == "__main__":
    answer(Workflows(sys.argv[1]), ("dbos",))
