"""What is due, and where it is delivered: a line in a file for each reminder.

The line says which reminder it was, so that what was delivered can be counted, and it
is on the disk before the delivery counts as done, as in our own file channel. A pause
can stand for a channel that takes its time.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

AHEAD = dt.timedelta(days=365)
"""When the parked ones fall due."""

GIVE_UP = 300
"""Seconds after which a program that should have delivered is said to hang."""


def target() -> str:
    """Return how the function is called that a library calls, after a rename too.

    Whoever moves a function to another module, or gives it a better name, has done as
    much; what was scheduled before still asks for the old one.
    """
    return "send_reminder" if os.environ.get("RENAMED") else "remind"


def pause() -> None:
    """Wait as long as the channel takes, in ms, where the surroundings say so."""
    time.sleep(int(os.environ.get("PAUSE_MS", "0")) / 1000)


class Outbox:
    """The file that everything is delivered to, once it is opened."""

    def open(self, path: str) -> None:
        """Deliver there from now on."""
        there = Path(path)
        self._names = set(there.read_text().splitlines()) if there.exists() else set()
        self._file = there.open("a")

    def send(self, name: str) -> None:
        """Deliver one reminder."""
        pause()
        self._file.write(f"{name}\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._names.add(name)

    def count(self) -> int:
        """Return how many different ones were delivered."""
        return len(self._names)

    def wait_for(self, number: int) -> None:
        """Wait until so many were delivered.

        Raises:
            TimeoutError: they were not, for a long time.
        """
        give_up = time.monotonic() + GIVE_UP
        while self.count() < number:
            if time.monotonic() > give_up:
                raise TimeoutError(f"not delivered after {GIVE_UP} s")
            time.sleep(0.005)


outbox = Outbox()
"""The one of this process: a library calls a function, and finds it here."""


def name_of(number: int) -> str:
    """Return the name of a reminder."""
    return f"R{number:06}"
