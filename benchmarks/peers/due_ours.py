"""sitrack itself: a round, with a commit for each reminder and a lasting line of it."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import clinic
from benchmarks.peers.answer import answer
from benchmarks.peers.due import pause, target
from sitrack import settings
from sitrack.record.ledger import open_ledger
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round
from sitrack.reminders.wording import Message
from sitrack.settings import Settings

_FLAGS = {
    "clinic.address": "desk@clinic.example",
    "reminders.channel": "file",
    "reminders.digest": False,  # a commit for each reminder
}
_NO_CAP = {"reminders.most_per_person": 10**9, "reminders.most_per_hour": 10**9}
"""The caps are there for a storm: here the sending itself is measured."""


class Slow(FileChannel):
    """The file channel, where a delivery takes its time.

    What a dead sender held is held for as long as a delivery may take; whoever watches
    for what never comes (`losses.py`) waits for longer than that.
    """

    longest_send = 2.0

    def send(self, message: Message) -> str:
        """Wait, and append the message."""
        pause()
        return super().send(message)


# What is due names a rule of a protocol, and nothing of this program.
_CHANNEL = "Renamed" if target() != "remind" else "Slow"
globals()[_CHANNEL] = Slow


class Ours:
    """A round of the scheduler over a whole clinic."""

    def __init__(self, url: str) -> None:
        self.url = url

    def prepare(self, due: int, parked: int, _timed: int = 0) -> None:
        """Make a clinic in which so many episodes have something due, and no others.

        With some parked it is made by the hundred, half of which are due.
        """
        if not parked:
            mix = clinic.Mix(due, walk="failed", due=100)
            clinic.make_at(self.url, mix).close()
            return
        half = math.ceil(due / 50) * 50
        mix = clinic.Mix(2 * half, walk="failed", due=50)
        clinic.make_at(self.url, mix).close()
        clinic.park(self.url, max(0, parked // half - 1))

    def carry_on(self, _due: int, path: str, timed: int = 0) -> None:
        """Send in rounds, as `reminder watch` does, until somebody ends it."""
        told = self._told(path, {"reminders.lease": 2})
        ledger = open_ledger(self.url) if timed else clinic.opened(self.url)
        channel = globals()[_CHANNEL](Path(path))
        while True:
            run_round(ledger, told, channel)
            time.sleep(0.2)

    def _told(self, path: str, more: dict[str, int]) -> Settings:
        nothing = Path(path).with_suffix(".toml")
        nothing.touch()
        told = settings.load({**_FLAGS, **more}, {}, str(nothing))
        return replace(told, values={**told.values, **_NO_CAP})

    def deliver(self, due: int, path: str) -> tuple[int, float]:
        """Send what is due; return how many went, and in how many seconds."""
        told = self._told(path, {})
        ledger, channel = clinic.opened(self.url), FileChannel(Path(path))
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
