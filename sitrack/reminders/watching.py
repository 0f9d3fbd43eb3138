"""What a process that keeps watch does around its rounds, and writes down of itself.

A round that was done is noted once a minute, so that a monitor sees when they stop. A
clock that was set, and a database that was away, are entries of the `office` stream:
whoever wonders later why something went late finds it in the record.

On SQLite the host's clock decides what is due. One that was set far ahead under a watch
would call the reminders of years due, and date what is written by it: until it is set
back, or somebody starts the watch again, that watch does nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sitrack.errors import Unavailable
from sitrack.journey.entries import Draft, Provenance
from sitrack.record import periods, pulse
from sitrack.record.clock_steps import note_moved
from sitrack.record.journal import retried, writing
from sitrack.record.ledger import Ledger, present_instant, reading
from sitrack.reminders.desk import worker_name

_BEAT: Final = 60.0
"""Seconds between two notes that rounds go on."""

_SHORT: Final = 5.0
"""Seconds: an absence of the database that nobody has to know of."""

_FAR: Final = dt.timedelta(days=1)
"""A clock that was set further ahead than that is not believed."""

DATABASE_AWAY: Final = "database-away"


def note_round(ledger: Ledger) -> None:
    """Write down that a round was done now."""
    with writing(ledger) as work:
        hour = f"{work.now:%Y-%m-%dT%H}"
        periods.beat(work.connection, pulse.ROUND, hour, worker_name(), work.now)


@dataclass
class Watch:
    """One process that keeps watch.

    Attributes:
        ledger: the record.
        account: who started it, for the record.
        say: tells whoever looks at the screen.
    """

    ledger: Ledger
    account: str
    say: Callable[[str], None]
    _noted: float = field(default=float("-inf"), init=False)
    _away_since: float | None = field(default=None, init=False)
    _steps: list[float] = field(default_factory=list, init=False)
    _ahead: dt.timedelta = field(default=dt.timedelta(0), init=False)
    _doubted: bool = field(default=False, init=False)

    def round_done(self) -> None:
        """Note, now and then, that rounds go on; and what happened in between."""
        if self._away_since is not None:
            self._back()
        while self._steps:
            note_moved(self.ledger, self.account, self._steps[0])
            del self._steps[0]
        if time.monotonic() - self._noted >= _BEAT:
            note_round(self.ledger)
            self._noted = time.monotonic()

    def clock_was_set(self, seconds: float) -> None:
        """Take note that the clock moved; it is written down after the next round."""
        self.say(f"warning: the clock moved by {seconds:.0f} s")
        self._steps.append(seconds)
        if not (self.ledger.on_postgres or self.ledger.injected):
            self._ahead += dt.timedelta(seconds=seconds)

    def believes_clock(self) -> bool:
        """Whether a round may be done by the clock as it is now."""
        if self._ahead > _FAR and not self._was_behind():
            if not self._doubted:
                self.say(
                    f"warning: the clock was set {self._ahead.days} days ahead: nothing "
                    "is sent until it is set back, or this is started again"
                )
            self._doubted = True
            return False
        self._doubted = False
        return True

    def _was_behind(self) -> bool:
        """Whether the clock was wrong before, by the last round on record, and is right."""
        with reading(self.ledger) as connection:
            last = periods.last_finished(connection, pulse.ROUND)
            before = present_instant(connection, self.ledger) - self._ahead
        if last is not None and last - before <= _FAR:
            return False
        self._ahead = dt.timedelta(0)
        return True

    def round_failed(self, error: BaseException, again_in: float) -> None:
        """Say what went wrong; the next round comes anyway."""
        words = getattr(error, "message", None) or "a round failed"
        self.say(f"warning: {words}; trying again in {again_in:g} s")
        if isinstance(error, Unavailable) and self._away_since is None:
            self._away_since = time.monotonic()

    def _back(self) -> None:
        away = time.monotonic() - (self._away_since or 0.0)
        if away > _SHORT:
            retried(lambda: self._write_away(round(away)))
        self._away_since = None

    def _write_away(self, seconds: int) -> None:
        told = {"seconds": seconds, "worker": worker_name()}
        who = Provenance(None, self.account, "system")
        with writing(self.ledger) as work:
            work.append("office", Draft(DATABASE_AWAY, work.today, who, payload=told))
