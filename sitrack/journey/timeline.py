"""One journey laid out over time: its stays, procedures, pain and holds. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sitrack.journey.episode import PROCEDURE_OF, Episode
from sitrack.journey.evidence import Evidence

LOWEST: Final = "diary"
"""Of a diary, the lowest reading stands for all."""

Point = tuple[dt.date, Decimal, str]
"""A day, the pain on it, and the kind of evidence that says so."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stay, or one hold.

    Attributes:
        name: the stage, or the reason of the hold.
        number: the entry that began it.
        since: its first day.
        until: the day on which it ended, or None while it lasts.
    """

    name: str
    number: int
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened on one day.

    Attributes:
        kind: a procedure, `score` or `diary`.
        number: its entry.
        day: when it was so.
        scale: `nrs` or `vas`, or None where no pain was told.
        pain: on that scale: before a procedure, or the lowest of a diary.
    """

    kind: str
    number: int
    day: dt.date
    scale: str | None
    pain: Decimal | None

    @property
    def is_procedure(self) -> bool:
        """Whether something was done."""
        return self.kind in PROCEDURE_OF.values()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A journey from its opening to a day.

    Attributes:
        first: the day of the opening, or of what was told of earlier days.
        last: the day it is laid out to.
        stays: every stay, earliest first.
        holds: every hold, earliest first.
        facts: procedures, scores and diaries, earliest first.
    """

    first: dt.date
    last: dt.date
    stays: Sequence[Stretch]
    holds: Sequence[Stretch]
    facts: Sequence[Fact]

    @property
    def scale(self) -> str | None:
        """The pain scale that was used most, or None where no pain was told."""
        scales = [fact.scale for fact in self.facts if fact.scale is not None]
        return max(sorted(set(scales)), key=scales.count, default=None)

    def pain(self) -> Iterator[Point]:
        """Return the pain that was told on that scale."""
        for fact in self.facts:
            if fact.pain is not None and fact.scale == self.scale:
                yield fact.day, fact.pain, fact.kind


def timeline(episode: Episode, last: dt.date) -> Timeline:
    """Return a journey laid out until a day."""
    stays = [Stretch(v.stage, v.seq, v.entered, v.left) for v in episode.visits]
    holds = [Stretch(h.reason, h.seq, h.since, h.until) for h in episode.holds]
    told = (_fact(episode, each) for each in episode.evidence)
    facts = [fact for fact in told if fact is not None and fact.day <= last]
    first = min([episode.visits[0].entered, *(fact.day for fact in facts)])
    return Timeline(first, max(first, last), stays, holds, facts)


def _fact(episode: Episode, told: Evidence) -> Fact | None:
    if told.kind == LOWEST:
        of = episode.entry(told.about or 0)
        if of is None or not told.readings:
            return None
        lowest = min(reading.score for reading in told.readings)
        # It is read on the scale of what it belongs to, and on that day.
        return Fact(LOWEST, told.seq, of.day, of.scale, lowest)
    if told.kind in PROCEDURE_OF.values():
        return Fact(told.kind, told.seq, told.day, told.scale, told.pain)
    if told.kind == "score" and told.pain is not None:
        return Fact("score", told.seq, told.day, told.scale, told.pain)
    return None
