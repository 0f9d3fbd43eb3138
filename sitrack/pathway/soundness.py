"""Proves that a pathway is sound: nobody gets stuck, and nothing essential is skipped.

Loading a protocol already refuses unknown keys, missing numbers and stages that no
move leads to. What stands here are the properties of the whole: each is a sentence
of the founding document, and each failure is one line that names the place. The table
of moves is looked at row by row; then every path through it is walked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sitrack.pathway.protocol import Protocol, reachable_from
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage
from sitrack.pathway.walk import walk

_NO_TREATMENT = {Stage.REEVALUATION, Stage.RELIEF, Stage.CLOSED}
_NEVER_HELD = {Stage.REFERRED_OUT, Stage.CLOSED}

_LEAST: Final[Mapping[str, Mapping[str, int | bool]]] = {
    "positive-blocks": {"required": 1, "response_pct": 1},
    "prior-rfa-failure": {"required": True},
}
"""What a hard requirement must at least ask for, or it would ask for nothing."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """A fault of the table, and the move it lies in, if it lies in one."""

    sentence: str
    move: str | None = None


def emptied(protocol: Protocol) -> list[str]:
    """Return each hard requirement that a number or a setting has emptied.

    A clinic may not: nobody is moved on by such a protocol. A payer's policy may, for
    it moves nobody.
    """
    return [
        f"{move.id} demands nothing by {rule.kind}: {name} is {_said(value)}"
        for move in protocol.moves
        for rule in move.requirements
        if rule.hard
        for name, least in _LEAST.get(rule.kind, {}).items()
        if isinstance(value := rule.parameters[name], int) and value < least
    ]


def _said(value: int) -> str:
    return "no" if value is False else str(value)


def faults(protocol: Protocol) -> list[str]:
    """Return what is unsound about the protocol, a sentence each; empty when sound."""
    found = [
        *_stages_without_way_out(protocol),
        *_stages_that_nothing_reminds_of(protocol),
        *_pauses_that_nothing_reminds_of(protocol),
        *_treatment_before_reevaluation(protocol),
        *_rfa_without_block(protocol),
        *_fusion_evaluation_without_rfa(protocol),
        *_fusion_without_consent(protocol),
    ]
    named = {fault.move for fault in found}
    return [fault.sentence for fault in found] + list(_on_some_path(protocol, named))


def _on_some_path(protocol: Protocol, named: set[str | None]) -> Iterator[str]:
    """What only shows on a path; a move that was named already is not named again."""
    walked = walk(protocol)
    for gap in walked.gaps:
        if gap.move not in named:
            taken = ", ".join(gap.path)
            yield f"a path reaches {gap.stage} without {gap.missing}: {taken}"
    for stage, path in walked.dead_ends:
        after = f" after {', '.join(path)}" if path else ""
        yield f"{stage} is a dead end{after}: only finishing leads out of it"
    for move in walked.idle:
        yield f"{move} can never be made: no path brings what it demands"


def _stages_without_way_out(protocol: Protocol) -> Iterator[_Fault]:
    finals = {stage.id for stage in protocol.stages if stage.final}
    for stage in protocol.stages:
        if stage.id == Stage.RELIEF and stage.final:
            yield _Fault("relief must not be final: relief by RFA is finite")
        if not stage.final and not reachable_from(protocol, stage.id) & finals:
            yield _Fault(f"{stage.id} has no way out to an end of the journey")


def _stages_that_nothing_reminds_of(protocol: Protocol) -> Iterator[_Fault]:
    for stage in protocol.stages:
        rules = protocol.follow_ups_of(stage.id)
        anchors = {"fusion"} if stage.id == Stage.POST_FUSION else {"entry"}
        if not stage.final and not any(rule.anchor in anchors for rule in rules):
            yield _Fault(f"{stage.id} has no follow-up that starts when it is entered")


def _pauses_that_nothing_reminds_of(protocol: Protocol) -> Iterator[_Fault]:
    """A hold or a stop silences everything else: it must ask for itself."""
    for stage in protocol.stages:
        anchors = {rule.anchor for rule in protocol.follow_ups_of(stage.id)}
        if stage.id not in _NEVER_HELD and "hold" not in anchors:
            yield _Fault(f"{stage.id} has no follow-up that reviews a hold")
        if not stage.final and "stop" not in anchors:
            yield _Fault(f"{stage.id} has no follow-up that decides after a stop")


def _treatment_before_reevaluation(protocol: Protocol) -> Iterator[_Fault]:
    for move in protocol.moves_from(Stage.INJECTION):
        if move.target not in _NO_TREATMENT:
            yield _Fault(
                f"{move.id} leads from the injection to {move.target} "
                "without a re-evaluation",
                move.id,
            )


def _rfa_without_block(protocol: Protocol) -> Iterator[_Fault]:
    for move in protocol.moves:
        if move.target != Stage.RFA:
            continue
        repeats = _demands(move.requirements, "relief-from")
        if not (repeats or _demands(move.requirements, "positive-blocks")):
            sentence = f"{move.id} enters rfa without demanding a positive block"
            yield _Fault(sentence, move.id)
        if move.sources != (Stage.DIAGNOSTIC_BLOCK,) and not repeats:
            yield _Fault(
                f"{move.id} enters rfa for the first time from elsewhere than the block",
                move.id,
            )


def _fusion_evaluation_without_rfa(protocol: Protocol) -> Iterator[_Fault]:
    proofs = ("rfa-done", "rfa-waiver", "prior-rfa-failure")
    for move in protocol.moves:
        if move.target != Stage.FUSION_EVALUATION:
            continue
        if not any(_demands(move.requirements, kind) for kind in proofs):
            yield _Fault(
                f"{move.id} enters fusion-evaluation without an RFA failed or waived",
                move.id,
            )


def _fusion_without_consent(protocol: Protocol) -> Iterator[_Fault]:
    for move in protocol.moves:
        if move.target != Stage.POST_FUSION:
            continue
        if not _demands(move.requirements, "consent-before-surgery"):
            yield _Fault(
                f"{move.id} records a fusion without demanding consent before it",
                move.id,
            )
        if move.sources != (Stage.FUSION_EVALUATION,):
            yield _Fault(
                f"{move.id} records a fusion from elsewhere than its evaluation",
                move.id,
            )


def _demands(requirements: tuple[Requirement, ...], kind: str) -> bool:
    return any(each.kind == kind and each.hard for each in requirements)
