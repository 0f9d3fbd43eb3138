"""Attempts to reach a patient: what came of them, and when to look again.

An attempt never moves a stage. Its outcome sets the day of the next one, by the
protocol; a death is written to every episode of the patient, in one command.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sitrack.coordination.consent import note_change
from sitrack.coordination.episodes import Opened, Written, load_episode
from sitrack.coordination.evidence import (
    EvidenceRequest,
    drafted,
    kept,
    recorder_of,
)
from sitrack.coordination.people import Author
from sitrack.errors import BadInput, NotFound
from sitrack.journey.patient import EpisodeKey, patient_stream, read_episode_key
from sitrack.pathway.calendar import Duration
from sitrack.record import consents, persons, worklist
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger

MOST_DAYS: Final = 90
"""Nobody is put off for longer: that is a hold, which is reviewed."""

_POINT_OF: Final = {"phone": "sms", "sms": "sms", "email": "email"}
"""Which way to a patient an attempt has tried."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to reach a patient, as it comes in at the door.

    Attributes:
        outcome: one of `forms.OUTCOMES`.
        channel: by what way.
        on: when it was made; None is today.
        again: the day of the next attempt, or how far it lies ahead; None takes what
            the protocol says of the outcome.
        text: more words.
    """

    outcome: str
    channel: str
    on: dt.date | None = None
    again: dt.date | Duration | None = None
    text: str | None = None


def log_contact(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    attempt: Attempt,
    *,
    expect_version: int | None = None,
    dry_run: bool = False,
) -> list[Written]:
    """Write an attempt down, and put the episode off until the next one.

    Returns:
        What was written, on the episode that was named first.

    Raises:
        BadInput: the next attempt lies in the past, or too far ahead.
        NotFound: there is no such episode.
        NotPermitted: the author is not on the staff list.
        WrittenFirst: the episode is not at `expect_version` any more.
    """
    with writing(ledger, dry_run=dry_run) as work:
        patient = persons.owner(work.connection, key.patient)
        work.hold(patient_stream(patient))
        others = _others(work, key, patient) if attempt.outcome == "deceased" else []
        keys = [key, *others]
        versions = {key: expect_version}
        opened = {each: load_episode(work, each, versions.get(each)) for each in keys}
        again = _next_attempt(opened[key], attempt, attempt.on or work.today)
        request = EvidenceRequest(
            kind="contact",
            values=_values(attempt, again),
            occurred=attempt.on,
            text=attempt.text,
        )
        who = recorder_of(work, author, request)
        drafts = {
            each: drafted(work, opened[each], request, who, author.payload())
            for each in keys
        }
        done = [
            kept(work, each, opened[each], drafts[each], dry_run=dry_run)
            for each in keys
        ]
        if attempt.outcome == "wrong-number":
            _silence(work, author, patient, attempt.channel)
        return done


def _others(work: Work, key: EpisodeKey, patient: str) -> list[EpisodeKey]:
    """The other episodes of the patient that are not finished."""
    return [
        read_episode_key(name)
        for name, status in worklist.keys_of(work.connection, patient)
        if status != "finished" and name != str(key)
    ]


def _values(attempt: Attempt, again: dt.date | None) -> dict[str, Any]:
    values = {"outcome": attempt.outcome, "channel": attempt.channel}
    return values | ({"again": again.isoformat()} if again else {})


def _next_attempt(opened: Opened, attempt: Attempt, day: dt.date) -> dt.date | None:
    protocol, again = opened.protocol, attempt.again
    if again is None:
        days = protocol.contact.get(attempt.outcome)
        return protocol.calendar.next_open(day + dt.timedelta(days)) if days else None
    if isinstance(again, Duration):
        again = protocol.calendar.day_after(day, again)
    if not 0 < (again - day).days <= MOST_DAYS:
        raise BadInput(
            f"--again lies after the attempt, at most {MOST_DAYS} days",
            "such as --again 2bd; to wait for longer: sitrack episode hold --help",
        )
    return again


def _silence(work: Work, author: Author, patient: str, channel: str) -> None:
    """Nothing more goes to a number that is somebody else's."""
    kind = _POINT_OF.get(channel)
    if kind is None:
        return
    try:
        points = consents.withdraw(work, patient, kind, why="wrong-number")
    except NotFound:
        return
    for point in points:
        note_change(work, author, point)
