"""The steps of a journey as process mining counts them: one for each thing that happened.

A step is a change of stage or status, an attempt to reach the patient, or a reminder
that was sent. It is named by what was done (`fail-injection`, `held`, `reminder`), and
steps of one day stand in the order in which they were written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sitrack.exchange.leaving import Journey
from sitrack.exchange.pseudonyms import Names
from sitrack.journey.amendments import FRAME
from sitrack.journey.entries import MOVE, OPENED, Entry
from sitrack.record.sent import Sending

CONTACT: Final = "contact"
REMINDER: Final = "reminder"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened.

    Attributes:
        name: what was done.
        at: when; noon where only the day is known.
        exact: the time of day is known.
        recorded: when it was written; its day where nobody is named.
        who: who did it, as the export calls them; None for the clock.
        left: the stage that it left, or None.
        entered: the stage that it entered, or None.
        number: of the entry; None for a reminder.
        id: a UUID.
        rests_on: the numbers of the evidence that it rested on.
        about: (visit, rule, occurrence) of the line that a reminder was about.
        said: a coded outcome or reason, or None.
    """

    name: str
    at: dt.datetime
    exact: bool
    recorded: dt.datetime | dt.date
    who: str | None
    left: str | None
    entered: str | None
    number: int | None
    id: str
    rests_on: Sequence[int] = ()
    about: tuple[int, str, int] | None = None
    said: str | None = None


def steps(journey: Journey, names: Names) -> list[Step]:
    """Return what happened in a journey, in its order, as it stands after amendments."""
    patient = journey.episode.key.patient
    found = [
        step_of(entry, patient, names)
        for entry in journey.stands
        if entry.kind in {OPENED, *FRAME, CONTACT}
    ]
    found += [_reminded(sending, patient, names) for sending in journey.sent]
    return list(_in_order(found))


def _in_order(found: Sequence[Step]) -> Iterator[Step]:
    """By the day; within a day entries by their number, and reminders before them."""
    return iter(sorted(found, key=lambda step: (step.at.date(), step.number or 0)))


def step_of(entry: Entry, patient: str, names: Names) -> Step:
    """Return the step that an entry tells of."""
    payload: dict[str, Any] = dict(entry.payload or {})
    at, exact = names.happened(patient, entry.occurred)
    who = entry.provenance.performer or entry.provenance.recorder
    name = str(payload.get("move", MOVE)) if entry.kind == MOVE else entry.kind
    return Step(
        name=name,
        at=at,
        exact=exact,
        recorded=_written(entry.recorded, patient, names),
        who=names.staff(who),
        left=entry.stage_from,
        entered=entry.stage_to,
        number=entry.seq,
        id=names.entry(entry.entry_id),
        rests_on=tuple(payload.get("rests_on", ())),
        said=payload.get("reason") or entry.values.get("outcome"),
    )


def _reminded(sending: Sending, patient: str, names: Names) -> Step:
    at, exact = names.happened(patient, sending.at)
    return Step(
        name=REMINDER,
        at=at,
        exact=exact,
        recorded=_written(sending.at, patient, names),
        who=None,
        left=None,
        entered=None,
        number=None,
        id=names.entry(f"{sending.id:032x}"),
        about=(sending.visit, sending.rule, sending.occurrence),
        said=sending.step,
    )


def _written(moment: dt.datetime, patient: str, names: Names) -> dt.datetime | dt.date:
    if names.are_real:
        return moment
    return names.day(patient, moment.astimezone(names.zone).date())
