"""Follow-up rules: what falls due in a stage, when, and which evidence closes it.

A rule counts days from an *anchor* (the day the stage was entered, or the procedure
that the stage is about) and is closed by evidence, never by a tick in a box. Leaving
the stage closes every rule of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sitrack.pathway.calendar import Duration

ANCHORS: Final = (
    "entry",
    "injection",
    "block",
    "positive-block",
    "rfa",
    "fusion",
    "opinion",
    "medication",
    "belt",
    "booking",
    "authorisation-request",
    "authorisation-expiry",
    "hold",
    "stop",
)
"""What a rule may count from; all but `entry` are evidence or a hold on record.

`stop` is the contact that found the patient dead, moved away or declining.
"""

CLOSERS: Final = (
    "injection",
    "block",
    "rfa",
    "fusion",
    "diary",
    "score",
    "therapy",
    "opinion",
    "response",
    "belt-stop",
    "second-block",
    "visit",
    "imaging",
    "booking",
    "booked",
    "authorisation-answer",
    "procedure",
    "hold-review",
)
"""Kinds of evidence that may close a rule before its stage is left."""


@dataclass(frozen=True, slots=True)
class Closer:
    """Evidence that silences a rule.

    Attributes:
        evidence: one of `CLOSERS`.
        from_day: it counts when effective on this day after the anchor, holds left
            out, or later.
        from_due: it counts when effective this many days from the due date (negative:
            before it, holds left out), or later.
    """

    evidence: str
    from_day: int | None
    from_due: int | None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One rule of the follow-up table.

    Attributes:
        id: `CON-TRIAL`; the part before the dash names the stage.
        title: the next step in at most 24 characters, for the worklist.
        stages: the stages it belongs to.
        anchor: one of `ANCHORS`.
        only: for a medication anchor, the drug classes it speaks of; else empty.
        offset: the length from the anchor to the due date.
        every: the length between occurrences of a repeating rule, or None; in the
            unit of the offset.
        closers: any one of them closes the occurrence.
        waits_for: `patient` or `staff`.
        recipient: `coordinator`, or `lead` for an escalation.
        show_days: days before the due date from which the worklist shows it.
        citations: where the number comes from.
    """

    id: str
    title: str
    stages: tuple[str, ...]
    anchor: str
    only: tuple[str, ...]
    offset: Duration
    every: Duration | None
    closers: tuple[Closer, ...]
    waits_for: str
    recipient: str
    show_days: int
    citations: tuple[str, ...]
