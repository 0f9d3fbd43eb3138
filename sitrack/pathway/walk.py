"""Walks every path through a pathway, with the facts that its hard requirements prove.

A requirement that a variance may lift proves nothing; a hard one proves a fact (a
positive block, a consent), or lets the move be made only where a fact is known (an RFA
that failed). The facts are few, so that every combination that can be reached is
looked at, by the shortest path that leads to it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sitrack.pathway.moves import Move
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage

REEVALUATION: Final = "a re-evaluation"
CONSERVATIVE_CARE: Final = "conservative care"
BLOCK: Final = "a positive block"
RFA: Final = "an RFA"
RFA_FAILED: Final = "an RFA failed or waived"
CONSENT: Final = "consent before it"

_TREATMENTS: Final = (
    Stage.CONSERVATIVE_CARE,
    Stage.DIAGNOSTIC_BLOCK,
    Stage.RFA,
    Stage.FUSION_EVALUATION,
    Stage.POST_FUSION,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path may lead.

    Attributes:
        stage: the stage.
        before: the stage before it, or None at the start.
        facts: what is proven on every record that stands here.
    """

    stage: str
    before: str | None
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gap:
    """A move that a path makes although something essential was never proven.

    Attributes:
        move: the id of that move.
        stage: the stage it enters.
        missing: what is not proven.
        path: the moves that lead there, by their ids, this one last.
    """

    move: str
    stage: str
    missing: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found on the way.

    Attributes:
        gaps: each essential requirement that some path skips.
        dead_ends: (stage, path) of each place that only finishing leads out of.
        idle: the moves that no path can ever make.
    """

    gaps: tuple[Gap, ...]
    dead_ends: tuple[tuple[str, tuple[str, ...]], ...]
    idle: tuple[str, ...]


def walk(protocol: Protocol) -> Walk:
    """Look at every place that a path can reach, nearest first."""
    start = Place(protocol.initial, None, frozenset())
    paths: dict[Place, tuple[str, ...]] = {start: ()}
    waiting = deque([start])
    gaps: dict[tuple[str, str, str], Gap] = {}
    ends: dict[str, tuple[str, ...]] = {}
    while waiting:
        place = waiting.popleft()
        if _is_dead_end(protocol, place):
            ends.setdefault(place.stage, paths[place])
        for move in protocol.moves_from(place.stage):
            if not _possible(place, move):
                continue
            path = (*paths[place], move.id)
            facts = place.facts | _proven(move)
            for missing in _missing(facts, str(move.target)):
                name = (move.id, str(move.target), missing)
                gaps.setdefault(name, Gap(*name, path))
                # It is named once; what follows from it is not another fault.
                facts |= {missing}
            reached = _entered(place, move, facts)
            if reached not in paths:
                paths[reached] = path
                waiting.append(reached)
    return Walk(tuple(gaps.values()), tuple(ends.items()), _idle(protocol, paths))


def _is_dead_end(protocol: Protocol, place: Place) -> bool:
    """Whether the table has moves from here, and all that can be made only finish."""
    finals = {stage.id for stage in protocol.stages if stage.final}
    table = protocol.moves_from(place.stage)
    if not table or place.stage in finals:
        return False
    return all(m.target in finals for m in table if _possible(place, m))


def _idle(protocol: Protocol, places: Iterable[Place]) -> tuple[str, ...]:
    reached = tuple(places)
    return tuple(
        move.id
        for move in protocol.moves
        if not any(
            place.stage in move.sources and _possible(place, move) for place in reached
        )
    )


def _firm(move: Move) -> dict[str, Requirement]:
    return {rule.kind: rule for rule in move.requirements if rule.hard}


def _possible(place: Place, move: Move) -> bool:
    """Whether what the move firmly demands of the past can be so here."""
    firm = _firm(move)
    brought = firm.get("relief-from")
    if brought is not None and brought.word("stage") != place.before:
        return False
    return not _demands_failure(firm) or RFA_FAILED in place.facts


def _demands_failure(firm: dict[str, Requirement]) -> bool:
    rule = firm.get("prior-rfa-failure")
    return rule is not None and rule.parameters.get("required", True) is True


def _proven(move: Move) -> frozenset[str]:
    """What is on record once the move was made, whatever a variance lifted."""
    firm = _firm(move)
    found = set()
    if "positive-blocks" in firm:
        found.add(BLOCK)
    if "rfa-waiver" in firm or {"rfa-done", "relief-insufficient"} <= firm.keys():
        found.add(RFA_FAILED)
    if "consent-before-surgery" in firm:
        found.add(CONSENT)
    return frozenset(found)


def _missing(facts: frozenset[str], target: str) -> list[str]:
    """What the pathway promises of everybody who enters a stage, and is not proven."""
    wanted = []
    if target in _TREATMENTS:
        wanted.append(REEVALUATION)
    if target == Stage.RFA and RFA not in facts:
        wanted.append(BLOCK)
    if target in {Stage.FUSION_EVALUATION, Stage.POST_FUSION}:
        wanted += [CONSERVATIVE_CARE, RFA_FAILED]
    if target == Stage.POST_FUSION:
        wanted.append(CONSENT)
    return [fact for fact in wanted if fact not in facts]


_BY_ENTERING: Final = {
    Stage.REEVALUATION.value: REEVALUATION,
    Stage.CONSERVATIVE_CARE.value: CONSERVATIVE_CARE,
    Stage.RFA.value: RFA,
}


def _entered(place: Place, move: Move, facts: frozenset[str]) -> Place:
    target = str(move.target)
    if target == Stage.INJECTION:
        facts -= {REEVALUATION}
    if target in _BY_ENTERING:
        facts |= {_BY_ENTERING[target]}
    # Consent is for one surgery.
    return Place(target, place.stage, facts - {CONSENT})
