"""The bands of the worklist: what comes first, by how many business days it is late.

A fresh lapse is recoverable and stands on top; an old one would drown the list, and
has a view of its own (counts by the clinic's calendar: where it has none, Monday to
Friday are open).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Final

from sqlalchemy import Connection, select

from sitrack.pathway.calendar import Calendar, Duration, calendar
from sitrack.record import tables

ACT_FIRST: Final = "!"
DUE: Final = "D"
OVERDUE: Final = "O"
SOON: Final = "S"
LAPSED: Final = "L"
BANDS: Final = (ACT_FIRST, DUE, OVERDUE, SOON, LAPSED)
"""Act first; due, up to 14 business days late; up to 60; due soon; later than that."""

_FRESH: Final = Duration(-14, "bd")
_LATE: Final = Duration(-60, "bd")

_DAY: Final = dt.timedelta(days=1)


class Bands:
    """Where a due date stands on one day."""

    def __init__(self, today: dt.date, kept: Calendar) -> None:
        self.today = today
        self.calendar = kept
        self.fresh_from = kept.day_after(today, _FRESH)
        self.late_from = kept.day_after(today, _LATE)
        self._ahead: dict[dt.date, int] = {}

    def band(self, due: dt.date) -> str:
        """Return the band of a due date."""
        if due > self.today:
            return SOON
        if due >= self.fresh_from:
            return DUE
        return OVERDUE if due >= self.late_from else LAPSED

    def ahead(self, due: dt.date) -> int:
        """Return the business days from today to a due date; negative is late."""
        if due not in self._ahead:
            first, last = min(due, self.today), max(due, self.today)
            days = (last - first).days
            between = (first + n * _DAY for n in range(1, days + 1))
            count = sum(map(self.calendar.is_open, between))
            self._ahead[due] = count if due > self.today else -count
        return self._ahead[due]


def calendar_of(connection: Connection, until: str | None = None) -> Calendar:
    """Return the calendar of the protocol that was adopted last (until an instant).

    Of its text only that part is read: the daily list does not wait for the rest.
    """
    query = (
        select(tables.protocol.c.text)
        .order_by(tables.protocol.c.adopted.desc(), tables.protocol.c.hash)
        .limit(1)
    )
    if until is not None:
        query = query.where(tables.protocol.c.adopted <= until)
    text = connection.execute(query).scalar() or ""
    if "\n[calendar" not in text:
        return Calendar()
    return calendar(tomllib.loads(text)["calendar"])
