"""What a round does about a reminder, or a plan says that it would."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sitrack.record.attempts import Claimed
from sitrack.record.backlog import Row


@dataclass(frozen=True, slots=True)
class Happening:
    """What one round did about one reminder, or a plan says it would.

    Attributes:
        episode: key of the episode.
        rule: id of the follow-up rule.
        step: `notice` or a later step.
        due: the day by which the line was due.
        recipient: a staff id, `clinic`, `lead`, or a patient's key.
        channel: how it goes.
        outcome: `fired`, `sent`, `suppressed`, `failed`, `dead`; in a plan `planned`,
            `suppressed`, `waits` or `dead`.
        at: when it went, or when it may leave, or might have left.
        reason: a short code, where it did not go.
    """

    episode: str
    rule: str
    step: str
    due: dt.date
    recipient: str
    channel: str
    outcome: str
    at: dt.datetime
    reason: str | None = None


def of_row(
    row: Claimed | Row, outcome: str, at: dt.datetime, reason: str | None = None
) -> Happening:
    """Return what happened to a row of the outbox."""
    return Happening(
        row.episode,
        row.rule,
        row.step,
        row.due,
        row.recipient,
        row.channel,
        outcome,
        at,
        reason,
    )


@dataclass
class RoundReport:
    """What one round did.

    Attributes:
        now: when it began.
        keeps: whether it remembers each happening, or only how many there were: a
            watch goes on for months.
        full_until: when the next message may go, where the channel's hour is full.
    """

    now: dt.datetime
    happenings: list[Happening] = field(default_factory=list)
    keeps: bool = True
    full_until: dt.datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)
    tell: Callable[[Happening], None] = lambda _: None

    def add(self, happening: Happening) -> None:
        """Take note of a happening."""
        self.counts[happening.outcome] += 1
        if self.keeps:
            self.happenings.append(happening)
        if happening.outcome != "fired":
            self.tell(happening)

    def count(self, *outcomes: str) -> int:
        """Return how many reminders ended that way."""
        return sum(self.counts[outcome] for outcome in outcomes)
