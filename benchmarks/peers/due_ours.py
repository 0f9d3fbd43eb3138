"""sitrack itself: a round, with a commit for each reminder and a lasting line of it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks import clinic
from benchmarks.peers.answer import answer
from sitrack import settings
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round

_FLAGS = {
    "clinic.address": "desk@clinic.example",
    "reminders.channel": "file",
    "reminders.digest": False,  # a commit for each reminder
    # The caps are there for a storm: here the sending itself is measured.
    "reminders.most_per_person": 1000,
    "reminders.most_per_hour": 10_000,
}


class Ours:
    """A round of the scheduler over a whole clinic."""

    def __init__(self, url: str) -> None:
        self.url = url

    def prepare(self, due: int, parked: int) -> None:
        """Make a clinic in which so many episodes have something due, and no others."""
        share = 100 * due // (due + parked)
        mix = clinic.Mix(due + parked, walk="failed", due=share)
        clinic.make_at(self.url, mix).close()

    def deliver(self, due: int, path: str) -> tuple[int, float]:
        """Send what is due; return how many went, and in how many seconds."""
        nothing = Path(path).with_suffix(".toml")
        nothing.touch()
        told = settings.load(_FLAGS, {}, str(nothing))
        ledger = clinic.opened(self.url)
        channel = FileChannel(Path(path))
        before = time.perf_counter()
        report = run_round(ledger, told, channel)
        seconds = time.perf_counter() - before
        sent = report.count("sent")
        assert sent >= due, (sent, due)
        lines = len(Path(path).read_bytes().splitlines())
        assert lines == sent, (lines, sent)
        ledger.close()
        return sent, seconds


if __name__ == "__main__":
    answer(Ours(sys.argv[1]), ("SQLAlchemy", "APScheduler", "psycopg"))
