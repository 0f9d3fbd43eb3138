"""Did reminders and calls bring people back? Gathered from deliveries and entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sitrack.clock import start_of
from sitrack.coordination.reports.asked import Asked, day_of
from sitrack.journey import reach as counting
from sitrack.journey.amendments import effective
from sitrack.journey.entries import Entry
from sitrack.journey.patient import is_patient_key
from sitrack.journey.reach import IN_PERSON, Reach, Try
from sitrack.record import history, library, picking, sent
from sitrack.record.ledger import Ledger, Reader, reading
from sitrack.record.sent import Sending

SPAN = dt.timedelta(days=90)
"""Looked at where no beginning is given."""

BY = {"way": counting.by_way, "week": counting.by_week}
"""What rows may be made of."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that are asked about, and by what was known when."""

    first: dt.date
    last: dt.date
    as_known: dt.datetime | None
    zone: dt.tzinfo

    def holds(self, day: dt.date) -> bool:
        return self.first <= day <= self.last


@dataclass(slots=True)
class _Found:
    tries: list[Try] = field(default_factory=list)
    seen: dict[str, list[dt.date]] = field(default_factory=dict)


def reach(ledger: Ledger, asked: Asked, by: str) -> tuple[dt.date, dt.date, Reach]:
    """Return (first day, last day, what the tries of those days brought).

    Args:
        ledger: the record.
        asked: the last day, by what was known, which episodes, and the first day: three
            months before the last where none is given.
        by: a word of `BY`.

    Raises:
        BadInput: the last day lies ahead, or before the first.
    """
    with reading(ledger) as connection:
        last = day_of(connection, ledger, asked)
        first = asked.since or last - SPAN
        span = _Span(first, last, asked.as_known, ledger.zone)
        picked = None
        if asked.fits is not None:
            picked = picking.picked(
                connection, ledger, last, asked.as_known, asked.fits
            )
        found = _gathered(connection, span, picked)
    name_of: Callable[[Try], counting.Name] = BY[by]
    return first, last, counting.reach_of(found.tries, found.seen, last, name_of)


def _gathered(connection: Reader, span: _Span, picked: frozenset[str] | None) -> _Found:
    """Every try of the span, and when the patients of those episodes were seen."""
    begins = start_of(span.first, span.zone)
    reminded = sent.sendings(connection, span.as_known, since=begins)
    keys = {*reminded, *sent.contacted(connection, span.first)}
    if picked is not None:
        keys &= picked
    waiting = _rules_that_wait(connection)
    found = _Found()
    for stream, entries in history.streams_of(connection, sorted(keys), span.as_known):
        key = str(history.key_of_stream(stream))
        found.tries += _contacts(key, entries, span)
        found.tries += _reminders(key, reminded.get(key, []), waiting, span)
        found.seen[key] = [
            day
            for entry in effective(entries)
            if entry.kind in IN_PERSON and (day := entry.day(span.zone)) <= span.last
        ]
    return found


def _rules_that_wait(connection: Reader) -> set[str]:
    """The follow-ups that wait for the patient, by any protocol that was adopted."""
    return {
        rule.id
        for adopted in library.all_adopted(connection)
        for rule in library.pinned(connection, adopted.hash).follow_ups
        if rule.waits_for == "patient"
    }


def _contacts(key: str, entries: list[Entry], span: _Span) -> Iterator[Try]:
    for entry in effective(entries):
        day, said = entry.day(span.zone), entry.values
        if entry.kind == "contact" and said and span.holds(day):
            yield Try(key, day, "contact", "patient", said["channel"], said["outcome"])


def _reminders(
    key: str, sendings: list[Sending], waiting: set[str], span: _Span
) -> Iterator[Try]:
    for each in sendings:
        day = each.at.astimezone(span.zone).date()
        if each.rule in waiting and span.holds(day):
            to = "patient" if is_patient_key(each.recipient) else "staff"
            yield Try(key, day, "reminder", to, each.channel, "sent")
