"""From the agenda into the outbox: a row for each step whose day has come.

The agenda says what is due; a row says who is told of it. Lines that somebody is
writing to are left for a moment, and then for the next round: nothing is lost, for a
line keeps its step until the row is made.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sitrack.errors import SitrackError
from sitrack.journey.ladder import NOTICE, Next, following
from sitrack.pathway.protocol import Protocol
from sitrack.record import consents, library, outbox
from sitrack.record.ledger import Reader
from sitrack.record.outbox import NewRow, Step
from sitrack.reminders import rules
from sitrack.reminders.desk import Desk
from sitrack.reminders.happening import Happening

_AT_ONCE: Final = 500
_PATIENCE: Final = (0.02, 0.1, 0.4)
"""Seconds to wait for lines that somebody is writing to, before the next look."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The channels that new rows are made for.

    Attributes:
        staff: for coordinators, leads and the clinic.
        patients: for consenting patients; None where patients are not reminded.
    """

    staff: str
    patients: str | None = None


def make_rows(desk: Desk, ways: Ways) -> None:
    """Make every row that is due; the digests are then whole when they are sent."""
    patience = iter(_PATIENCE)
    while _is_left(desk):
        if not _make_some(desk, ways):
            pause = next(patience, None)
            if pause is None:
                return
            time.sleep(pause)


def _is_left(desk: Desk) -> bool:
    with desk.reading() as connection:
        return outbox.is_left(connection, desk.day_of(desk.report.now))


def _make_some(desk: Desk, ways: Ways) -> int:
    """Make some rows; return how many steps were taken."""
    with desk.writing() as work:
        today = desk.day_of(desk.report.now)
        there = desk.there(work.connection, today)
        steps = outbox.steps_due(
            work.connection, today, _AT_ONCE, there=there, lock=True
        )
        protocols = {
            each: _protocol(work.connection, each)
            for each in {step.protocol for step in steps}
        }
        rows = [
            row
            for step in steps
            for row in _rows_of(desk, step, protocols[step.protocol], ways)
        ]
        rows = _judged(work.connection, desk, rows, ways)
        made = outbox.make_rows(work.connection, rows)
        outbox.set_next_steps(
            work.connection,
            [(step, _next(step, protocols[step.protocol], today)) for step in steps],
        )
    for row in made:
        desk.report.add(_happening(row))
    return len(steps)


def _protocol(connection: Reader, content_hash: str) -> Protocol | None:
    """The protocol of some lines; None where it cannot be read any more.

    That is for `audit verify` to tell, and no reason to remind nobody.
    """
    with contextlib.suppress(SitrackError):
        return library.pinned(connection, content_hash)
    return None


def _next(step: Step, protocol: Protocol | None, today: dt.date) -> Next:
    steps: Mapping[str, int] = protocol.steps if protocol else {}
    return following(
        step.step,
        step.due,
        today,
        steps,
        waits_for=step.waits_for,
        tries=step.tries,
    )


def _rows_of(
    desk: Desk, step: Step, protocol: Protocol | None, ways: Ways
) -> Iterator[NewRow]:
    now = desk.report.now
    recipient = rules.recipient_of(step, ways.staff)
    zone = step.zone if recipient == step.coordinator else None
    alone = not desk.settings["reminders.digest"] or rules.is_urgent(step, protocol)
    leaves = desk.window(zone).next_open(now)
    yield NewRow(step, recipient, ways.staff, leaves, alone=alone)
    if ways.patients and step.waits_for == "patient" and step.step == NOTICE:
        leaves = desk.window(step.patient_zone, patient=True).next_open(now)
        yield NewRow(step, step.patient, ways.patients, leaves, alone=False)


def _judged(
    connection: Reader, desk: Desk, rows: list[NewRow], ways: Ways
) -> list[NewRow]:
    """Say of the rows to patients whether they may go at all."""
    patients = [row for row in rows if row.recipient == row.step.patient]
    if not patients or not ways.patients:
        return rows
    kind = rules.kind_of_address(ways.patients)
    names = {row.recipient for row in patients}
    consenting = consents.consenting(connection, names, kind)
    today = desk.day_of(desk.report.now)
    return [
        rules.judged(row, today, consents=row.recipient in consenting)
        if row.recipient == row.step.patient
        else row
        for row in rows
    ]


def _happening(row: NewRow) -> Happening:
    return Happening(
        row.step.episode,
        row.step.rule,
        row.step.step,
        row.step.due,
        row.recipient,
        row.channel,
        "suppressed" if row.suppressed else "fired",
        row.next_at,
        row.suppressed,
    )
