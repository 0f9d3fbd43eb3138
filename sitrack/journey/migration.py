"""What another protocol would mean for an episode that is under way. Pure.

Four answers. *Unchanged*: nothing that is due moves. *Due dates move*: it can follow
the new protocol, and some lines fall due on another day. *Would be illegal*: its stage
or its moves do not exist there, or the move that began its present stay would have
been refused; it stays where it is. *Needs a person*: it could follow, but somebody
should look at it first.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sitrack.errors import NotEligible
from sitrack.journey.agenda import Due, agenda
from sitrack.journey.amendments import FRAME, effective
from sitrack.journey.assessment import assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import MIGRATED, Draft, Entry, Provenance
from sitrack.journey.episode import Episode, Visit
from sitrack.pathway.moves import Move
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Status


class Verdict(enum.StrEnum):
    """What a migration would do to an episode."""

    UNCHANGED = "unchanged"
    MOVES = "due-dates-move"
    PERSON = "needs-a-person"
    ILLEGAL = "would-be-illegal"


@dataclass(frozen=True, slots=True)
class Shift:
    """A line of the agenda that another protocol changes.

    Attributes:
        rule: the follow-up rule.
        was: the day on which it is due now, or None where there is no such line.
        now: the day on which it would be due, or None where it would vanish.
    """

    rule: str
    was: dt.date | None
    now: dt.date | None

    @property
    def days(self) -> int | None:
        """By how many days it moves; None where it appears or vanishes."""
        if self.was is None or self.now is None:
            return None
        return (self.now - self.was).days


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a migration would do to one episode.

    Attributes:
        episode: as it stands.
        verdict: in one word.
        shifts: the lines that change.
        why: for an episode that stays or that needs a person, each reason.
    """

    episode: Episode
    verdict: Verdict
    shifts: tuple[Shift, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about another protocol.

    Attributes:
        episode: as it stands.
        old: the protocol that it is pinned to.
        new: the one that it would be pinned to.
        today: the clinical day.
        way_in: its case under the new protocol on the day on which its present stay
            began, by what was known then; None where no move began it.
        variance: the code that lifted what was unmet then, or None.
        alert: why it needs somebody before anything else, or None.
    """

    episode: Episode
    old: Protocol
    new: Protocol
    today: dt.date
    way_in: Case | None
    variance: str | None
    alert: str | None


def rehearse(asked: Asked) -> Rehearsal:
    """Say what the new protocol would mean for the episode."""
    illegal = tuple(_illegal(asked))
    if illegal:
        return Rehearsal(asked.episode, Verdict.ILLEGAL, (), illegal)
    shifts = tuple(
        _shifts(agenda(asked.episode, asked.old), agenda(asked.episode, asked.new))
    )
    why = tuple(_needs_a_person(asked, shifts))
    if why:
        return Rehearsal(asked.episode, Verdict.PERSON, shifts, why)
    verdict = Verdict.MOVES if shifts else Verdict.UNCHANGED
    return Rehearsal(asked.episode, verdict, shifts, ())


def migrated(
    old: Protocol,
    new: Protocol,
    today: dt.date,
    provenance: Provenance,
    payload: Mapping[str, Any],
) -> Draft:
    """Return the entry that pins an episode to another protocol.

    Args:
        old: the protocol that it leaves.
        new: the protocol that it follows from then on.
        today: from which day on.
        provenance: who asks; the performer signed the numbers.
        payload: more to keep with the entry.
    """
    return Draft(
        MIGRATED,
        today,
        provenance,
        protocol=new.hash,
        payload={
            **payload,
            "clinician": provenance.performer,
            "from": old.id,
            "from_hash": old.hash,
            "to": new.id,
            "to_hash": new.hash,
        },
    )


def taken_back(
    entries: Sequence[Entry],
    entry: Entry,
    today: dt.date,
    provenance: Provenance,
    payload: Mapping[str, Any],
) -> Draft:
    """Return the entry that leads back from a migration: the way of `undo`.

    What was so between the two stays so: those days were lived by the other numbers.

    Raises:
        NotEligible: the episode was migrated again, or moved on since.
    """
    for later in effective(entries):
        follows = later.protocol == entry.protocol and later.kind in FRAME
        if later.seq > entry.seq and (follows or later.kind == MIGRATED):
            raise NotEligible(
                f"#{later.seq} was decided after the migration of #{entry.seq}",
                "migrate it back: sitrack pathway migrate TO --episode KEY",
            )
    said = entry.payload or {}
    turned = {
        "from": "to",
        "from_hash": "to_hash",
        "to": "from",
        "to_hash": "from_hash",
    }
    return Draft(
        MIGRATED,
        today,
        replace(provenance, performer=entry.provenance.performer),
        protocol=said["from_hash"],
        payload={
            **payload,
            "clinician": said["clinician"],
            **{name: said[other] for name, other in turned.items()},
        },
    )


# --- would it be legal there?


def _illegal(asked: Asked) -> Iterator[str]:
    episode, new = asked.episode, asked.new
    if episode.stage not in {stage.id for stage in new.stages}:
        yield f"{new.id} has no stage {episode.stage}"
        return
    for before, visit in zip(episode.visits, episode.visits[1:], strict=False):
        if visit.move is not None and _move_of(new, before, visit) is None:
            yield f"{new.id} has no move {visit.move} to {visit.stage}"
    yield from _wrong_way_in(asked)


def _move_of(protocol: Protocol, before: Visit, visit: Visit) -> Move | None:
    move = protocol.move_named(visit.move or "")
    if move is None or before.stage not in move.sources or move.target != visit.stage:
        return None
    return move


def _wrong_way_in(asked: Asked) -> Iterator[str]:
    """What the move that began the present stay would have lacked."""
    visit = asked.episode.visit
    move = asked.new.move_named(visit.move or "")
    if asked.way_in is None or move is None:
        return
    for finding in assess(asked.way_in, move).unmet_despite(asked.variance):
        yield f"{move.id} of {visit.entered}: {finding.label()}, {finding.seen}"


# --- what would change?


def _shifts(before: Sequence[Due], after: Sequence[Due]) -> Iterator[Shift]:
    was, now = _by_line(before), _by_line(after)
    for name in [*was, *(each for each in now if each not in was)]:
        if was.get(name) != now.get(name):
            yield Shift(name[0], was.get(name), now.get(name))


def _by_line(lines: Sequence[Due]) -> dict[tuple[str, int], dt.date]:
    """Due dates by rule and the entry counted from; a repeating rule has one line."""
    return {(line.rule, line.counted_from): line.due for line in lines}


def _needs_a_person(asked: Asked, shifts: Sequence[Shift]) -> Iterator[str]:
    if asked.episode.status is Status.ON_HOLD:
        yield "it is on hold"
    if asked.episode.status is Status.LOST:
        yield "the patient is lost to follow-up"
    if asked.episode.stopped:
        yield f"its reminders are stopped: {asked.episode.stopped}"
    if asked.alert is not None:
        yield f"alert: {asked.alert}"
    for each in shifts:
        if each.now is None:
            yield f"{each.rule}, due {each.was}, would not be asked any more"
        elif each.now < asked.today and (each.was is None or each.was >= asked.today):
            yield f"{each.rule} would be overdue at once, since {each.now}"
