"""Sets the clock of some processes, and of those alone, while they run.

A few lines of C (`clock.c`) are preloaded into them, and add to the time of day what
stands in a file. A clock is stepped by writing into that file.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from benchmarks import preloaded
from benchmarks.preloaded import why_not

__all__ = ["Stepped", "why_not"]

_SOURCE = Path(__file__).with_suffix(".c")


class Stepped:
    """A clock that is begun at some time, runs on, and can be stepped."""

    def __init__(self, begins: dt.datetime) -> None:
        self._ahead = int((begins - dt.datetime.now(dt.UTC)).total_seconds())
        self._file = preloaded.folder() / f"clock-{id(self)}"
        self.step(0)

    @property
    def environment(self) -> dict[str, str]:
        """What a process has to see so that this is its clock."""
        library = preloaded.compiled(_SOURCE)
        return {"LD_PRELOAD": str(library), "CLOCK_FILE": str(self._file)}

    def step(self, seconds: int) -> None:
        """Set it so many seconds before or after the time that it should tell."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._ahead + seconds}\n")
        new.chmod(0o644)
        new.replace(self._file)
