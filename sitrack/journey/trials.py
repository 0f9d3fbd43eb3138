"""The trials of a journey: when each was to be reviewed, and when that was done. Pure.

A *trial* is a follow-up that waits for the patient and that only a decision answers: it
is reviewed when the stage is left, and by nothing else. No trial can be reviewed to the
day (a clinic has weekends, and patients cancel); in time is as long as the worklist
shows it as fresh.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sitrack.journey.counting import day_after
from sitrack.journey.episode import Episode, Visit
from sitrack.pathway.calendar import Duration
from sitrack.pathway.follow_ups import FollowUp
from sitrack.pathway.protocol import Protocol

GRACE: Final = Duration(14, "bd")
"""A review is in time until so long after its day: as long as band D of the worklist."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of one stay.

    Attributes:
        stage: the stage that is on trial.
        rule: the id of the follow-up.
        begun: the day that it counts from.
        due: the day on which it was to be reviewed, days on hold left out.
        until: the last day on which that was in time.
        ended: the day on which the stay ended, or None while it lasts.
        reviewed: whether it ended by a decision; a return to care is none.
    """

    stage: str
    rule: str
    begun: dt.date
    due: dt.date
    until: dt.date
    ended: dt.date | None
    reviewed: bool

    @property
    def in_time(self) -> bool:
        """Whether it was reviewed, and not too late."""
        return self.reviewed and self.ended is not None and self.ended <= self.until

    def is_decided(self, day: dt.date) -> bool:
        """Whether it is known on a day if the review was in time."""
        return self.reviewed or self.until < day

    def runs(self, day: dt.date) -> bool:
        """Whether the stay lasted at the end of a day."""
        return self.ended is None or self.ended > day


def is_trial(rule: FollowUp) -> bool:
    """Whether a follow-up is a trial."""
    return rule.waits_for == "patient" and not rule.closers


def trials(episode: Episode, protocol: Protocol) -> Iterator[Trial]:
    """Return the trials of every stay, earliest first."""
    after: list[Visit | None] = [*episode.visits[1:], None]
    for visit, onward in zip(episode.visits, after, strict=True):
        for rule in filter(is_trial, protocol.follow_ups_of(visit.stage)):
            begun = _begun(episode, visit, rule)
            if begun is None:
                continue
            due = day_after(episode, protocol.calendar, begun, rule.offset)
            yield Trial(
                stage=visit.stage,
                rule=rule.id,
                begun=begun,
                due=due,
                until=protocol.calendar.day_after(due, GRACE),
                ended=visit.left,
                reviewed=onward is not None and onward.move is not None,
            )


def _begun(episode: Episode, visit: Visit, rule: FollowUp) -> dt.date | None:
    """The day that the trial counts from, or None before its procedure."""
    if rule.anchor == "entry":
        return visit.entered
    procedure = episode.procedure(visit)
    fits = procedure is not None and procedure.kind == rule.anchor
    return procedure.day if procedure and fits else None
