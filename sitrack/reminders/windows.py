"""When a message may leave: business days and hours, in the recipient's own zone. Pure.

Due is a date and stays put; only the message waits. It rolls forward to the next
opening, and is never dropped for having come at the wrong time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sitrack.clock import start_of
from sitrack.pathway.calendar import Calendar
from sitrack.settings import Settings

_LOOK_AHEAD: Final = 1200
"""Days: longer than any row of closed days that a calendar can hold."""


@dataclass(frozen=True, slots=True)
class SendWindow:
    """When messages to one recipient may leave.

    Attributes:
        days: days of the week, Monday is 0; empty for the calendar's business days.
        opens: from this time of the day.
        closes: until then.
        zone: the recipient's, by whose clock all of it is read.
        calendar: the days on which the clinic is closed; None for none.
    """

    days: tuple[int, ...]
    opens: dt.time
    closes: dt.time
    zone: dt.tzinfo
    calendar: Calendar | None = None

    def is_open(self, instant: dt.datetime) -> bool:
        """Whether a message may leave at that instant."""
        local = instant.astimezone(self.zone)
        wall = local.time().replace(tzinfo=None)
        return self.opens <= wall < self.closes and self._is_day(local.date())

    def _is_day(self, day: dt.date) -> bool:
        if self.calendar is None:
            return not self.days or day.weekday() in self.days
        if not self.days:
            return self.calendar.is_open(day)
        closed = day in self.calendar.closed
        yearly = (day.month, day.day) in self.calendar.yearly
        return day.weekday() in self.days and not closed and not yearly

    def next_open(self, instant: dt.datetime) -> dt.datetime:
        """Return the first instant, from that one on, at which a message may leave."""
        if self.is_open(instant):
            return instant
        day = instant.astimezone(self.zone).date()
        for ahead in range(_LOOK_AHEAD):
            opening = start_of(day + dt.timedelta(days=ahead), self.zone, self.opens)
            if opening > instant and self.is_open(opening):
                return opening
        return instant


def send_window(
    settings: Settings,
    zone: dt.tzinfo,
    calendar: Calendar | None = None,
    *,
    patient: bool = False,
) -> SendWindow:
    """Return the send window of the settings; one without hours means always.

    Args:
        settings: for the hours and days.
        zone: the recipient's.
        calendar: the clinic's.
        patient: for a patient, whose hours are other than those of the staff.
    """
    who = "reminders.patient_" if patient else "reminders."
    opens, closes = settings[f"{who}from_time"], settings[f"{who}until_time"]
    if opens >= closes:
        opens, closes = dt.time.min, dt.time.max
    return SendWindow(settings["reminders.days"], opens, closes, zone, calendar)
