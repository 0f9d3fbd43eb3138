"""What is due as a calendar of tasks (iCalendar VTODO), for the clinic's own people.

A task says a key and a date, and nothing of anybody's health. It keeps its UID for
good; a change of the episode raises its SEQUENCE, and what was answered is completed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from sitrack.exchange.leaving import Journey

if TYPE_CHECKING:
    from icalendar import Todo

_PRODUCT: Final = "-//sitrack//due//EN"

Line = tuple[int, str, int]
"""A line of an agenda by its name: visit, rule, occurrence."""


def calendar(found: Iterable[Journey], ledger_id: str) -> bytes:
    """Return the calendar; the same record gives the same bytes."""
    from icalendar import Calendar

    whole = Calendar()
    whole.add("version", "2.0")
    whole.add("prodid", _PRODUCT)
    whole.add("method", "PUBLISH")
    for journey in found:
        for task in _tasks(journey, ledger_id):
            whole.add_component(task)
    return bytes(whole.to_ical())


def _tasks(journey: Journey, ledger_id: str) -> Iterator[Todo]:
    open_lines: dict[Line, dt.date] = {
        (line.visit, line.rule, line.occurrence): line.due for line in journey.due
    }
    # What was reminded of and is not open any more was answered, or fell away.
    over = {
        (each.visit, each.rule, each.occurrence): each.due
        for each in journey.sent
        if (each.visit, each.rule, each.occurrence) not in open_lines
    }
    for line, due in sorted(open_lines.items()):
        yield _task(journey, ledger_id, line, due, "NEEDS-ACTION")
    for line, due in sorted(over.items()):
        left = line[0] != journey.episode.visit.seq
        yield _task(journey, ledger_id, line, due, "CANCELLED" if left else "COMPLETED")


def _task(
    journey: Journey, ledger_id: str, line: Line, due: dt.date, status: str
) -> Todo:
    from icalendar import Todo

    last = journey.entries[-1]
    visit, rule, occurrence = line
    task = Todo()
    name = f"due-{journey.name}-{visit}-{rule}-{occurrence}".lower()
    task.add("uid", f"{name}@{ledger_id}")
    task.add("dtstamp", last.recorded.replace(microsecond=0))
    task.add("due", due)
    task.add("sequence", last.seq)
    task.add("status", status)
    task.add("class", "CONFIDENTIAL")
    task.add("summary", f"sitrack: {journey.name} needs attention, due {due}")
    return task
