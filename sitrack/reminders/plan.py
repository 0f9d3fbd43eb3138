"""What rounds would do from now on, by doing them in a transaction that is undone.

The clock of a rehearsal goes from one moment to the next at which something may
happen. Nothing is sent and nothing is kept; what would fail is not foreseen.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from sitrack.clock import start_of
from sitrack.errors import BadInput
from sitrack.record import backlog, outbox
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger, Reader
from sitrack.reminders.desk import Desk
from sitrack.reminders.happening import Happening, of_row
from sitrack.reminders.round import do_round, opened
from sitrack.reminders.wording import Message
from sitrack.settings import Settings

_MOST_MOMENTS = 10_000


@dataclass
class _Rehearsal(Desk):
    """A desk whose clock is set, and whose transactions are all one."""

    work: Work | None = field(default=None, repr=False)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Work]:
        """Go on with the one transaction."""
        assert self.work is not None  # noqa: S101 - set before the first round
        self.work.now = self.report.now
        yield self.work

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """See what the one transaction has done so far."""
        with self.writing() as work:
            yield work.connection

    def glancing(self) -> AbstractContextManager[Reader]:
        """See the same."""
        return self.reading()

    def now(
        self,
        connection: Reader,  # noqa: ARG002 - a clock of its own
        real_now: dt.datetime | None = None,  # noqa: ARG002
    ) -> dt.datetime:
        """Return what time it would be."""
        return self.report.now


@dataclass
class _Silent:
    """A channel that sends nothing."""

    name: str
    longest_send: float = 0.0

    def send(self, message: Message) -> str:
        """Say that it went."""
        return message.key

    def close(self) -> None:
        """There is nothing to let go of."""


def plan_round(
    ledger: Ledger,
    settings: Settings,
    channel: str,
    until: dt.date | None = None,
    *,
    for_patients: str | None = None,
) -> list[Happening]:
    """Return what would be sent, to whom and when, and why not the rest.

    Args:
        ledger: the record; nothing is written.
        settings: for the send windows and caps.
        channel: the channel that rows for staff would be made for.
        until: the last day to look at; None is today.
        for_patients: the same for patients; None for none.

    Raises:
        BadInput: the last day is over.
        Unavailable: the database cannot be written: a rehearsal does what a round does.
    """
    desk = opened(_Rehearsal, ledger, settings)
    today = desk.day_of(desk.report.now)
    last = until or today
    if last < today:
        raise BadInput(f"--until {last} is before today, {today}", "--until +7d")
    with writing(ledger, dry_run=True) as desk.work:
        dead = backlog.dead_rows(desk.work.connection)
        failed = {
            _name_of(row): row.last_error
            for row in backlog.open_rows(desk.work.connection)
        }
        _rehearse(desk, _Silent(channel), for_patients, last)
        left = _left_over(desk, last)
    planned = left + [
        _foreseen(each, failed.get(_name_of(each)))
        for each in desk.report.happenings
        if each.outcome != "fired"
    ]
    planned.sort(key=lambda each: (each.at, each.episode, each.rule))
    return planned + [of_row(row, "dead", row.next_at, row.last_error) for row in dead]


def _rehearse(
    desk: _Rehearsal, channel: _Silent, for_patients: str | None, last: dt.date
) -> None:
    patients = _Silent(for_patients) if for_patients else None
    end = start_of(last + dt.timedelta(days=1), desk.ledger.zone)
    for _ in range(_MOST_MOMENTS):
        desk.report.full_until = None
        do_round(desk, channel, patients, lambda: False)
        moment = _next_moment(desk)
        if moment is None or moment >= end:
            return
        desk.report.now = moment


def _next_moment(desk: _Rehearsal) -> dt.datetime | None:
    """The next instant at which a round would find something to do."""
    now = desk.report.now
    with desk.reading() as connection:
        leaves = backlog.next_at_after(connection, now)
        day = backlog.next_day_after(connection, desk.day_of(now))
    moments = [leaves, desk.report.full_until]
    moments += [start_of(day, desk.ledger.zone)] if day else []
    return min((each for each in moments if each and each > now), default=None)


def _name_of(each: Happening | backlog.Row) -> tuple[str, ...]:
    return each.episode, each.rule, each.step, each.recipient, each.channel


def _foreseen(happening: Happening, failed: str | None) -> Happening:
    """What was done in the rehearsal, as a plan says it; `failed` is why not before."""
    if happening.outcome != "sent":
        return happening
    return replace(happening, outcome="planned", reason=failed)


def _left_over(desk: _Rehearsal, last: dt.date) -> list[Happening]:
    """What is due by then and does not go by then: when it may, or why not."""
    zone = desk.ledger.zone
    with desk.reading() as connection:
        rows = backlog.open_rows(connection)
        there = desk.there(connection, last)
        asleep = outbox.steps_put_off(connection, there, last)
        held = backlog.held_rows(connection)
    found = [_still_open(row, last, zone) for row in rows]
    found += [_asleep(step, start_of(day, zone)) for step, day in asleep]
    return found + [of_row(row, "suppressed", row.next_at, "held") for row in held]


def _still_open(row: backlog.Row, last: dt.date, zone: dt.tzinfo) -> Happening:
    if row.snoozed_until is None or row.snoozed_until <= last:
        return of_row(row, "planned", row.next_at, row.last_error)
    wakes = max(row.next_at, start_of(row.snoozed_until, zone))
    return of_row(row, "waits", wakes, "snoozed")


def _asleep(step: outbox.Step, wakes: dt.datetime) -> Happening:
    who = step.coordinator or step.team or "clinic"
    return Happening(
        step.episode,
        step.rule,
        step.step,
        step.due,
        who,
        "",
        "waits",
        wakes,
        "snoozed",
    )
