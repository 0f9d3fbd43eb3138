"""An episode: where one side of a patient is on the pathway, and what is known of it.

`journey.folding` makes one of the entries of its stream; everything that is asked of
it (clocks, stays, holds, the facts of a stay) is answered here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from sitrack.journey.duty import Offer
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding
from sitrack.journey.forms import STOPPING
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.stages import Stage, Status

PROCEDURE_OF = {
    Stage.INJECTION: "injection",
    Stage.DIAGNOSTIC_BLOCK: "block",
    Stage.RFA: "rfa",
    Stage.POST_FUSION: "fusion",
}
"""The procedure that a stage is about; its day anchors the stage's clock."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a stage.

    Attributes:
        seq: the number of the entry that began it; the visit's name.
        stage: where.
        entered: the clinical day of entry.
        left: the clinical day of leaving, or None while it lasts.
        left_by: the number of the move that ended it, or None.
        move: the id of the move that began it; None for the opening.
        rests_on: entries that the move cited.
        reason: the coded reason given with the move, or None.
    """

    seq: int
    stage: str
    entered: dt.date
    left: dt.date | None
    left_by: int | None
    move: str | None
    rests_on: tuple[int, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Responsibility limited for a while; the clock stands still.

    Attributes:
        seq: the number of the entry that set it; the hold's name.
        reason: its code.
        since: the day from which it holds.
        review: the day by which it is looked at again.
        reviewed_by: the entry that set that day: the hold itself, or a renewal.
        until: the day of its release, or None while it lasts.
    """

    seq: int
    reason: str
    since: dt.date
    review: dt.date
    reviewed_by: int
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A move whose requirements no longer hold, since its evidence was corrected.

    Attributes:
        seq: the number of the move, or of the entry that changed the status.
        day: when it was made.
        what: the stage that a move entered, or `lost` or `returned`.
        lacks: what it would lack, judged again.
        by: the number of the amendment with which it lost its ground.
    """

    seq: int
    day: dt.date
    what: str
    lacks: tuple[Finding, ...]
    by: int

    @property
    def codes(self) -> tuple[str, ...]:
        """What it would lack, as codes."""
        return tuple(dict.fromkeys(finding.label() for finding in self.lacks))


@dataclass(frozen=True, slots=True)
class Episode:
    """One side's journey as its entries tell it.

    Attributes:
        key: its name.
        protocol: content hash of the protocol it is pinned to on that day.
        visits: every stay, earliest first; the last one is where it is.
        evidence: every clinical fact, in the order in which it happened.
        opened: the day on which it was opened.
        moved: the day of its last change of stage, also where that lies after the
            day it is told as of.
        coordinator: staff id of who looks after it, or None.
        team: the team that it belongs to, or None; without a coordinator it waits in
            the team's queue.
        offer: the hand-off that is not answered yet, or None.
        version: the number of its last entry.
        holds: every hold, also those that were released.
        lost: the day on which it was marked lost, or None.
        snoozed_until: the day until which it is off the worklist, or None.
        broken: moves that a correction took the ground from; see `journey.alerts`.
    """

    key: EpisodeKey
    protocol: str
    opened: dt.date
    moved: dt.date
    coordinator: str | None
    version: int
    visits: tuple[Visit, ...]
    evidence: tuple[Evidence, ...]
    holds: tuple[Hold, ...] = ()
    lost: dt.date | None = None
    snoozed_until: dt.date | None = None
    broken: tuple[Broken, ...] = ()
    team: str | None = None
    offer: Offer | None = None

    @property
    def visit(self) -> Visit:
        """The present stay."""
        return self.visits[-1]

    @property
    def stage(self) -> str:
        """The present stage."""
        return self.visits[-1].stage

    @property
    def status(self) -> Status:
        """Whether the clock runs."""
        if self.stage == Stage.CLOSED:
            return Status.FINISHED
        if self.lost is not None:
            return Status.LOST
        return Status.ON_HOLD if self.open_holds else Status.ACTIVE

    @property
    def stop(self) -> Evidence | None:
        """The contact that found the patient dead, moved away or declining, or None.

        Whoever is reached after that is not gone; a death stands until it is corrected.
        """
        found: Evidence | None = None
        for each in self.of_kind("contact"):
            outcome = each.values["outcome"]
            if outcome in STOPPING:
                found = each
            elif outcome == "reached" and self._may_be_reached(found):
                found = None
        return found

    @staticmethod
    def _may_be_reached(stop: Evidence | None) -> bool:
        return stop is not None and stop.values["outcome"] != "deceased"

    @property
    def stopped(self) -> str | None:
        """The outcome of that contact, or None."""
        return self.stop.values["outcome"] if self.stop else None

    @property
    def open_holds(self) -> tuple[Hold, ...]:
        """The holds that last; each is released by its own."""
        return tuple(hold for hold in self.holds if hold.until is None)

    def held_days(self, since: dt.date, until: dt.date) -> int:
        """Return how many days between the two were on hold; a day counts once."""
        total, covered = 0, since
        for hold in sorted(self.holds, key=lambda each: each.since):
            first = max(hold.since, covered)
            last = min(hold.until or until, until)
            if last > first:
                total += (last - first).days
                covered = last
        return total

    def active_days(self, since: dt.date, until: dt.date) -> int:
        """Return the days between the two, holds left out."""
        return (until - since).days - self.held_days(since, until)

    def day_after(self, anchor: dt.date, days: int) -> dt.date:
        """Return the day that lies so many active days after `anchor`.

        An open hold is taken to last until its review.
        """
        if self.open_holds:
            holds = (
                replace(each, until=each.until or each.review) for each in self.holds
            )
            return replace(self, holds=tuple(holds)).day_after(anchor, days)
        day = anchor + dt.timedelta(days=days)
        while days > 0 and self.active_days(anchor, day) < days:
            day += dt.timedelta(days=days - self.active_days(anchor, day))
        return day

    @property
    def came_from(self) -> str | None:
        """The stage before the present one; a return to care is no stage of its own."""
        stages = (visit.stage for visit in reversed(self.visits))
        return next((stage for stage in stages if stage != self.stage), None)

    def of_kind(self, kind: str) -> list[Evidence]:
        """Return the evidence of one kind, in the order in which it happened."""
        return [each for each in self.evidence if each.kind == kind]

    def entry(self, seq: int) -> Evidence | None:
        """Return the evidence of that entry number, or None."""
        return next((each for each in self.evidence if each.seq == seq), None)

    def belongs(self, fact: Evidence, visit: Visit) -> bool:
        """Whether a procedure counts for a stay.

        It does from the day of entry on (whatever the order of writing), or where it
        was done in the stay before and the move that began this one rests on it; the
        first stay takes earlier ones too, and a return to care those of the stay that
        it goes on with.
        """
        if fact.day < visit.entered and not self._led_to(fact, visit):
            return False
        if visit.left is None:
            return True
        return fact.day < visit.left or (
            fact.day == visit.left and fact.seq < (visit.left_by or 0)
        )

    def _led_to(self, fact: Evidence, visit: Visit) -> bool:
        place = self.visits.index(visit)
        if place == 0:
            return True
        before = self.visits[place - 1]
        if before.stage == visit.stage:
            return self.belongs(fact, before)
        since = (before.entered, before.seq)
        # A move may also rest on older procedures (a repeat on the one it repeats):
        # those began nothing here.
        return fact.seq in visit.rests_on and (fact.day, fact.seq) > since

    def procedure(self, visit: Visit) -> Evidence | None:
        """Return the procedure that anchors a stay (the latest of its kind), or None."""
        kind = PROCEDURE_OF.get(Stage(visit.stage))
        if kind is None:
            return None
        fitting = [fact for fact in self.of_kind(kind) if self.belongs(fact, visit)]
        return fitting[-1] if fitting else None

    def anchor_day(self, visit: Visit) -> dt.date:
        """Return the day from which a stay is counted (procedure, else entry)."""
        procedure = self.procedure(visit)
        return procedure.day if procedure else visit.entered

    def baseline(self, visit: Visit) -> tuple[str, Decimal, int] | None:
        """Return (scale, score, entry) that relief in a stay is measured against.

        The score recorded with the procedure; in relief that of the stage it came from;
        else the last score on or before the day of entry, or of the fusion.
        """
        if visit.stage == Stage.RELIEF:
            place = self.visits.index(visit)
            return self.baseline(self.visits[place - 1]) if place else None
        if Stage(visit.stage) in PROCEDURE_OF and visit.stage != Stage.POST_FUSION:
            procedure = self.procedure(visit)
            return _measured(procedure) if procedure else None
        day = self.anchor_day(visit)
        earlier = [
            each for each in self.evidence if each.pain is not None and each.day <= day
        ]
        return _measured(earlier[-1]) if earlier else None


def _measured(fact: Evidence) -> tuple[str, Decimal, int] | None:
    if fact.scale is None or fact.pain is None:
        return None
    return fact.scale, fact.pain, fact.seq
