"""May somebody assign, claim or hand over an episode? Drafts of entries. Pure.

Naming somebody is final at once; handing over asks them first. Who hands over has to
be the one who answers today: the coordinator, or whoever covers for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sitrack.errors import BadInput, NotFound, NotPermitted, WrittenFirst
from sitrack.journey.duty import Offer
from sitrack.journey.entries import (
    ACCEPTED,
    ASSIGNED,
    CLAIMED,
    DECLINED,
    OFFERED,
    Draft,
    Provenance,
)
from sitrack.journey.episode import Episode
from sitrack.journey.findings import Refused, frame_finding
from sitrack.pathway.stages import Status

LONGEST: Final = 30
"""Days that a hand-off may wait for its answer."""


@dataclass(frozen=True, slots=True)
class Hands:
    """An episode, and whose hands it is in as somebody asks.

    Attributes:
        episode: as it stands.
        owner: who answers for it today, cover included; None for nobody.
        day: the clinical day.
        provenance: who asks; the recorder is who claims, offers or answers.
        payload: what the entry keeps beside.
    """

    episode: Episode
    owner: str | None
    day: dt.date
    provenance: Provenance
    payload: Mapping[str, Any]

    @property
    def me(self) -> str:
        """Who asks."""
        return self.provenance.recorder

    def draft(self, kind: str, **said: Any) -> Draft:
        """Return an entry of today."""
        payload = {**self.payload, **said}
        return Draft(kind, self.day, self.provenance, payload=payload)

    def refuse_finished(self) -> None:
        """Nobody answers for an episode that is finished.

        Raises:
            Refused: it is.
        """
        if self.episode.status is Status.FINISHED:
            finding = frame_finding("NOT_ALLOWED_FROM_STATE", "it is finished")
            raise Refused(f"nobody can be given {self.episode.key}", [finding])


def assign(hands: Hands, coordinator: str | None, team: str | None) -> Draft:
    """Return the entry that names who answers from now on.

    Raises:
        BadInput: they do already.
        Refused: the episode is finished.
    """
    hands.refuse_finished()
    key, now = hands.episode.key, (hands.episode.coordinator, hands.episode.team)
    if (coordinator, team) == now and hands.episode.offer is None:
        raise BadInput(f"{key} is {coordinator or team}'s already")
    return hands.draft(ASSIGNED, coordinator=coordinator, team=team)


def claim(hands: Hands, mine: frozenset[str]) -> Draft:
    """Return the entry by which somebody takes an episode that nobody answers for.

    Args:
        hands: the episode; who asks takes it.
        mine: the teams that they belong to.

    Raises:
        WrittenFirst: somebody has it; with who.
        NotPermitted: it waits for a team that they are not in.
        Refused: the episode is finished.
    """
    hands.refuse_finished()
    episode = hands.episode
    if hands.owner == hands.me:
        raise BadInput(f"{episode.key} is yours already")
    if hands.owner is not None:
        raise WrittenFirst(
            f"{episode.key} is {hands.owner}'s: nothing was changed",
            f"sitrack history {episode.key}",
        )
    if episode.team is not None and episode.team not in mine:
        raise NotPermitted(
            f"{episode.key} waits for {episode.team}, and {hands.me} is not in that team",
            f"sitrack episode assign {episode.key} --to {hands.me}",
        )
    return hands.draft(CLAIMED, coordinator=hands.me, team=episode.team)


def offer(hands: Hands, to: str, reason: str, until: dt.date) -> Draft:
    """Return the entry that asks somebody to take an episode over.

    Raises:
        BadInput: they have it already, or the day cannot be.
        NotPermitted: it is not theirs to hand over.
        WrittenFirst: it waits for an answer already.
        Refused: the episode is finished.
    """
    hands.refuse_finished()
    key, pending = hands.episode.key, hands.episode.offer
    if hands.me not in {hands.owner, hands.episode.coordinator}:
        raise NotPermitted(
            f"{key} is {_whose(hands)}, and not {hands.me}'s to hand over",
            f"sitrack episode assign {key} --to {to}",
        )
    if to in {hands.me, hands.episode.coordinator}:
        raise BadInput(f"{key} is {to}'s already")
    if pending is not None:
        raise WrittenFirst(
            f"{key} waits for {pending.to} to answer #{pending.seq}",
            f"take that back first: sitrack undo {key}#{pending.seq}",
        )
    if not 0 <= (until - hands.day).days <= LONGEST:
        raise BadInput(f"--until {until} is not from today to {LONGEST} days ahead")
    said = {"by": hands.me, "to": to, "reason": reason, "until": until.isoformat()}
    return hands.draft(OFFERED, **said)


def _whose(hands: Hands) -> str:
    if hands.owner is not None:
        return f"{hands.owner}'s"
    return f"in the queue of {hands.episode.team}" if hands.episode.team else "nobody's"


def accept(hands: Hands) -> Draft:
    """Return the entry by which somebody takes over what they were asked to.

    Raises:
        NotFound: nothing waits for an answer.
        NotPermitted: somebody else was asked.
        Refused: the episode is finished.
    """
    hands.refuse_finished()
    return hands.draft(ACCEPTED, offer=_pending(hands).seq, coordinator=hands.me)


def decline(hands: Hands, reason: str) -> Draft:
    """Return the entry by which somebody leaves an episode with who offered it.

    Raises:
        NotFound: nothing waits for an answer.
        NotPermitted: somebody else was asked.
    """
    return hands.draft(DECLINED, offer=_pending(hands).seq, reason=reason)


def _pending(hands: Hands) -> Offer:
    key, found = hands.episode.key, hands.episode.offer
    if found is None:
        raise NotFound(
            f"no hand-off of {key} waits for an answer", f"sitrack history {key}"
        )
    if found.to != hands.me:
        raise NotPermitted(
            f"#{found.seq} asks {found.to}, and not {hands.me}",
            f"sitrack history {key}",
        )
    return found
