"""A protocol: one version of the pathway, with every number and where it comes from.

The hash of its text is its true name, and every episode is pinned to the hash it
started under. How a text becomes a protocol is in `pathway.loading`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from sitrack.pathway.calendar import Calendar
from sitrack.pathway.follow_ups import FollowUp
from sitrack.pathway.moves import Move


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the protocol with its unit and the citation keys it rests on."""

    value: int
    unit: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageRule:
    """One stage: its purpose, and whether the journey may end there."""

    id: str
    purpose: str
    final: bool


@dataclass(frozen=True, slots=True)
class Derived:
    """What a protocol was derived from.

    Attributes:
        protocol: the id of the one it derives from.
        hash: that one's content hash.
        changed: the places that differ: `numbers.response_pct`,
            `follow_ups.CON-TRIAL`.
    """

    protocol: str
    hash: str
    changed: frozenset[str]


@dataclass(frozen=True)
class Protocol:
    """One version of the pathway.

    Attributes:
        id: `si-2026.1`.
        hash: SHA-256 of the text, in hexadecimal; the version's true name.
        text: the TOML it was loaded from.
        windows: minutes for which an anaesthetic's relief is read, by agent; `other`
            stands for an agent that is not named or not recorded.
        steps: days after the due date at which each reminder step falls.
        calendar: on which days the clinic is open, for lengths in business days.
        contact: days until the next attempt to reach the patient, by the outcome of
            the last.
        derived: what it was derived from, or None where it stands for itself.
    """

    id: str
    title: str
    hash: str
    text: str
    initial: str
    numbers: Mapping[str, Number]
    windows: Mapping[str, int]
    stages: tuple[StageRule, ...]
    moves: tuple[Move, ...]
    status_moves: tuple[Move, ...]
    follow_ups: tuple[FollowUp, ...]
    steps: Mapping[str, int]
    calendar: Calendar = field(default_factory=Calendar)
    derived: Derived | None = None
    contact: Mapping[str, int] = field(default_factory=dict)

    def move_between(self, source: str, target: str) -> Move | None:
        """Return the one move from `source` to `target`, or None."""
        for move in self.moves:
            if source in move.sources and move.target == target:
                return move
        return None

    def moves_from(self, stage: str) -> tuple[Move, ...]:
        """Return every move out of `stage`, in the protocol's order."""
        return tuple(move for move in self.moves if stage in move.sources)

    def move_named(self, move_id: str) -> Move | None:
        """Return the move of that id, or None."""
        for move in self.moves + self.status_moves:
            if move.id == move_id:
                return move
        return None

    @functools.cached_property
    def _rules_by_stage(self) -> dict[str, tuple[FollowUp, ...]]:
        return {
            stage.id: tuple(r for r in self.follow_ups if stage.id in r.stages)
            for stage in self.stages
        }

    def follow_ups_of(self, stage: str) -> tuple[FollowUp, ...]:
        """Return the follow-up rules of `stage`, in the protocol's order."""
        return self._rules_by_stage[stage]

    def window(self, agent: str | None) -> int:
        """Return the minutes for which relief by `agent` is read."""
        return self.windows.get(agent or "other", self.windows["other"])


def reachable_from(protocol: Protocol, start: str) -> set[str]:
    """Return the stages that a chain of moves reaches from `start`, itself included."""
    found, waiting = {start}, [start]
    while waiting:
        for move in protocol.moves_from(waiting.pop()):
            if move.target is not None and move.target not in found:
                found.add(move.target)
                waiting.append(move.target)
    return found
