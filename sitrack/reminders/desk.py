"""Where a round works: the record, its settings, the clinic's calendar, and the time.

A rehearsal sits at the same desk in a single transaction, which is undone in the end:
so the plan of a moment is what the run of that moment does, by the same code.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sitrack.clock import start_of, zone_named
from sitrack.pathway.calendar import Calendar
from sitrack.record.duty import Roster, roster
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import (
    Ledger,
    Reader,
    glancing,
    present_instant,
    reading,
    real_instant,
)
from sitrack.reminders.happening import RoundReport
from sitrack.reminders.windows import SendWindow, send_window
from sitrack.settings import Settings


def worker_name() -> str:
    """Return a name for this process in the record; never used to decide anything."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


@dataclass
class Desk:
    """What one round works with.

    Attributes:
        ledger: the record.
        settings: for hours, addresses, caps and the lease.
        calendar: the clinic's open days.
        report: what has happened so far.
        worker: a name for the record.
    """

    ledger: Ledger
    settings: Settings
    calendar: Calendar
    report: RoundReport
    worker: str = field(default_factory=worker_name)
    _rosters: dict[dt.date, Roster] = field(default_factory=dict, repr=False)

    def writing(self) -> AbstractContextManager[Work]:
        """Open a transaction of its own that writes."""
        return writing(self.ledger)

    def reading(self) -> AbstractContextManager[Reader]:
        """Open a transaction of its own that reads."""
        return reading(self.ledger)

    def glancing(self) -> AbstractContextManager[Reader]:
        """Open a connection on which each statement reads what stands at its moment."""
        return glancing(self.ledger)

    def now(
        self, connection: Reader, real_now: dt.datetime | None = None
    ) -> dt.datetime:
        """Return what time it is in the record.

        Args:
            connection: open for reading.
            real_now: the real instant, where a statement has just told it.
        """
        if real_now is not None and self.ledger.asks_server:
            return real_now
        return present_instant(connection, self.ledger)

    def real_now(self, connection: Reader) -> dt.datetime:
        """Return the real time, on which leases run."""
        return real_instant(connection)

    def day_of(self, instant: dt.datetime) -> dt.date:
        """Return the clinical day of an instant."""
        return instant.astimezone(self.ledger.zone).date()

    def there(self, connection: Reader, day: dt.date) -> Roster:
        """Return who is there on a day, as the round found it at its first look."""
        if day not in self._rosters:
            self._rosters[day] = roster(connection, self.ledger, day)
        return self._rosters[day]

    @property
    def lease(self) -> dt.timedelta:
        """How long a claimed row is this round's."""
        return dt.timedelta(seconds=self.settings["reminders.lease"])

    def tomorrow(self, instant: dt.datetime) -> dt.datetime:
        """Return the instant at which the clinical day after that one begins."""
        return start_of(self.day_of(instant) + dt.timedelta(days=1), self.ledger.zone)

    def window(self, zone: str | None, *, patient: bool = False) -> SendWindow:
        """Return when messages may leave to somebody in that zone; None is the clinic's."""
        place = zone_named(zone) if zone else self.ledger.zone
        return send_window(self.settings, place, self.calendar, patient=patient)
