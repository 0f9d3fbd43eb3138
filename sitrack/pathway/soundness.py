"""Proves that a pathway is sound: nobody gets stuck, and nothing essential is skipped.

Loading a protocol already refuses unknown keys, missing numbers and stages that no
move leads to. What stands here are the properties of the whole: each is a sentence
of the founding document, and each failure is one line that names the place.
"""

from __future__ import annotations

from collections.abc import Iterator

from sitrack.pathway.protocol import Protocol, reachable_from
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import Stage

_NO_TREATMENT = {Stage.REEVALUATION, Stage.RELIEF, Stage.CLOSED}


def faults(protocol: Protocol) -> list[str]:
    """Return what is unsound about the protocol, a sentence each; empty when sound."""
    return [
        *_stages_without_way_out(protocol),
        *_stages_that_nothing_reminds_of(protocol),
        *_treatment_before_reevaluation(protocol),
        *_rfa_without_block(protocol),
        *_fusion_evaluation_that_skips(protocol),
        *_fusion_without_consent(protocol),
    ]


def _stages_without_way_out(protocol: Protocol) -> Iterator[str]:
    finals = {stage.id for stage in protocol.stages if stage.final}
    for stage in protocol.stages:
        if stage.id == Stage.RELIEF and stage.final:
            yield "relief must not be final: relief by RFA is finite"
        if not stage.final and not reachable_from(protocol, stage.id) & finals:
            yield f"{stage.id} has no way out to an end of the journey"


def _stages_that_nothing_reminds_of(protocol: Protocol) -> Iterator[str]:
    for stage in protocol.stages:
        rules = protocol.follow_ups_of(stage.id)
        anchors = {"fusion"} if stage.id == Stage.POST_FUSION else {"entry"}
        if not stage.final and not any(rule.anchor in anchors for rule in rules):
            yield f"{stage.id} has no follow-up that starts when it is entered"


def _treatment_before_reevaluation(protocol: Protocol) -> Iterator[str]:
    for move in protocol.moves_from(Stage.INJECTION):
        if move.target not in _NO_TREATMENT:
            yield (
                f"{move.id} leads from the injection to {move.target} "
                "without a re-evaluation"
            )


def _rfa_without_block(protocol: Protocol) -> Iterator[str]:
    for move in protocol.moves:
        if move.target != Stage.RFA:
            continue
        repeats = _demands(move.requirements, "relief-from")
        if not (repeats or _demands(move.requirements, "positive-blocks")):
            yield f"{move.id} enters rfa without demanding a positive block"
        if move.sources != (Stage.DIAGNOSTIC_BLOCK,) and not repeats:
            yield f"{move.id} enters rfa for the first time from elsewhere than the block"


def _fusion_evaluation_that_skips(protocol: Protocol) -> Iterator[str]:
    proofs = ("rfa-done", "rfa-waiver", "prior-rfa-failure")
    for move in protocol.moves:
        if move.target != Stage.FUSION_EVALUATION:
            continue
        if not any(_demands(move.requirements, kind) for kind in proofs):
            yield f"{move.id} enters fusion-evaluation without an RFA failed or waived"
    if Stage.FUSION_EVALUATION in _reached_without(protocol, Stage.CONSERVATIVE_CARE):
        yield "a path reaches fusion-evaluation without conservative care"


def _fusion_without_consent(protocol: Protocol) -> Iterator[str]:
    for move in protocol.moves:
        if move.target != Stage.POST_FUSION:
            continue
        if not _demands(move.requirements, "consent-before-surgery"):
            yield f"{move.id} records a fusion without demanding consent before it"
        if move.sources != (Stage.FUSION_EVALUATION,):
            yield f"{move.id} records a fusion from elsewhere than its evaluation"


def _demands(requirements: tuple[Requirement, ...], kind: str) -> bool:
    return any(each.kind == kind and each.hard for each in requirements)


def _reached_without(protocol: Protocol, avoided: str) -> set[str]:
    """Stages reached without `avoided`, by moves that need no earlier RFA."""
    found, waiting = {protocol.initial}, [protocol.initial]
    while waiting:
        for move in protocol.moves_from(waiting.pop()):
            if _demands(move.requirements, "relief-from"):
                continue
            if move.target not in {None, avoided} and move.target not in found:
                found.add(str(move.target))
                waiting.append(str(move.target))
    return found
