"""Turns requests for moves into drafts of entries, or into a refusal that says why. Pure.

Moves are judged by the requirements of the protocol; how evidence is taken down is in
`journey.plausibility`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sitrack.errors import BadInput
from sitrack.journey.assessment import NOT_BUILT, Assessment, assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import (
    MOVE,
    Draft,
    Provenance,
)
from sitrack.journey.episode import Episode
from sitrack.journey.findings import Finding, Refused, frame_finding
from sitrack.journey.machine import NotInTable, machine_for
from sitrack.pathway.moves import Move
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Stage, Status, title_of

_FOR_EVER: Final = ("deceased", "opened-in-error")
"""Dispositions that nothing leads out of."""


_LOOKS_ANEW: Final = (Stage.REEVALUATION,)
"""Where an episode may go though an earlier move has lost its ground."""


@dataclass(frozen=True, slots=True)
class Variance:
    """A departure from the pathway: its code, who decided it, and why, in words."""

    code: str
    clinician: str
    text: str


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """What somebody asks for.

    Attributes:
        target: the stage to move to.
        command: what was typed; a move answers to its own command only.
        occurred: the day on which the move happens.
        provenance: who asks.
        variance: given where unmet requirements are to be lifted.
        payload: more to keep with the entry (such as the person's account name).
    """

    target: str
    command: str
    occurred: dt.date
    provenance: Provenance
    variance: Variance | None
    payload: Mapping[str, Any]


def find_move(
    episode: Episode, protocol: Protocol, target: str, command: str = "advance"
) -> Move:
    """Return the move from the present stage to `target`.

    Raises:
        Refused: the episode is on hold or lost, a correction took the ground from an
            earlier move, or the table has no such move.
    """
    finishing = command == "episode finish"
    if episode.status is Status.ON_HOLD and not finishing:
        _refuse_frame(episode, target, "ON_HOLD", "the episode is on hold")
    if episode.status is Status.LOST and not finishing:
        _refuse_frame(episode, target, "LOST", "the patient is lost to follow-up")
    if episode.broken and command == "advance" and target not in _LOOKS_ANEW:
        _refuse_frame(episode, target, "GUARD_NO_LONGER_MET", broken_moves(episode))
    move = protocol.move_between(episode.stage, target)
    if move is not None and not _is_way_out(episode, move):
        move = None
    if move is None or move.command != command:
        here = title_of(episode.stage)
        ways = [title_of(m.target) for m in _ways_out(episode, protocol) if m.target]
        seen = (
            f"{here} leads to {', '.join(ways)} only" if ways else f"{here} is the end"
        )
        if move is not None:
            seen = f"that is done with: sitrack {move.command}"
        _refuse_frame(episode, target, "NOT_ALLOWED_FROM_STATE", seen)
    assert move is not None  # noqa: S101 - _refuse_frame always raises
    return move


def broken_moves(episode: Episode) -> str:
    """Return which moves a correction took the ground from, and what they lack."""
    return "; ".join(
        f"move #{each.seq} of {each.day} lacks {', '.join(each.codes)}"
        for each in episode.broken
    )


def _ways_out(episode: Episode, protocol: Protocol) -> list[Move]:
    """Every move out of the present stay, whatever it still needs."""
    moves = protocol.moves_from(episode.stage)
    if episode.broken:
        moves = tuple(m for m in moves if m.target in {*_LOOKS_ANEW, Stage.CLOSED})
    return [move for move in moves if _is_way_out(episode, move)]


def _is_way_out(episode: Episode, move: Move) -> bool:
    """Whether the move can lead out of this stay at all, whatever is recorded.

    What repeats one treatment is no way out of the relief that another one brought,
    and nothing leads out of an episode that ended for ever.
    """
    for rule in move.requirements:
        if rule.kind == "relief-from" and rule.word("stage") != episode.came_from:
            return False
        if rule.kind == "reopening-cause" and episode.visit.reason in _FOR_EVER:
            return False
    return True


def _refuse_frame(episode: Episode, target: str, code: str, seen: str) -> None:
    raise Refused(
        f"{episode.key} may not move to {title_of(target)}",
        [frame_finding(code, seen)],
        f"see what is possible: sitrack why {episode.key}",
    )


def decide_move(case: Case, request: MoveRequest) -> tuple[Draft, Assessment]:
    """Return the draft of the move, and the assessment it rests on.

    Raises:
        Refused: a requirement is unmet and no variance lifts it, or the day is
            before the last change of stage.
        BadInput: the variance or the reason is not one that the move takes.
    """
    episode, protocol = case.episode, case.protocol
    _refuse_earlier_than_last_move(episode, request)
    move = find_move(episode, protocol, request.target, request.command)
    refuse_unknown_reason(move, case.reason)
    _refuse_unknown_variance(move, request.variance)
    assessment = assess(case, move)
    if request.variance is None:
        _refuse_unmet(episode, request.target, assessment.unmet)
    else:
        _refuse_unliftable(episode, request.target, assessment)
    try:
        stage = machine_for(protocol).fire(episode.stage, move, allowed=True)
    except NotInTable:
        _refuse_frame(episode, request.target, "NOT_ALLOWED_FROM_STATE", "not in table")
    return _move_draft(case, request, move, assessment, str(stage)), assessment


def _refuse_earlier_than_last_move(episode: Episode, request: MoveRequest) -> None:
    if request.occurred < episode.moved:
        seen = f"the stage changed last on {episode.moved}"
        _refuse_frame(episode, request.target, "OUT_OF_ORDER", seen)


def refuse_unknown_reason(move: Move, reason: str | None) -> None:
    """Refuse a reason that is not among those of the move, asked or done alike.

    Raises:
        BadInput: it is none of them; with those that are.
    """
    if reason is not None and reason not in move.reasons:
        known = f"takes {', '.join(move.reasons)}" if move.reasons else "takes none"
        raise BadInput(f"the reason is not one of this move: --reason {known}")


def _refuse_unknown_variance(move: Move, variance: Variance | None) -> None:
    if variance is not None and variance.code not in move.variances:
        known = f"takes {', '.join(move.variances)}" if move.variances else "takes none"
        raise BadInput(f"the variance is not one of this move: --variance {known}")
    if variance is not None and not (variance.clinician and variance.text.strip()):
        raise BadInput("a variance names the clinician who decided it, and says why")


def _refuse_unmet(episode: Episode, target: str, unmet: tuple[Finding, ...]) -> None:
    if unmet:
        raise Refused(
            f"{episode.key} may not move to {title_of(target)}",
            unmet,
            f"see everything it needs: sitrack why {episode.key} {target}",
        )


def _refuse_unliftable(episode: Episode, target: str, assessment: Assessment) -> None:
    """A variance lifts what is unmet, except what the pathway's invariants demand."""
    if assessment.allowed:
        raise BadInput(
            "there is nothing to lift: every requirement is met",
            f"move on with: sitrack advance {episode.key} {target}",
        )
    unmet = [finding for finding in assessment.findings if not finding.is_met]
    kept = [f for f in unmet if f.hard or f.code == NOT_BUILT]
    if kept:
        raise Refused(
            f"{episode.key} may not move to {title_of(target)}: no variance lifts this",
            kept,
            f"see everything it needs: sitrack why {episode.key} {target}",
        )


def _move_draft(
    case: Case, request: MoveRequest, move: Move, assessment: Assessment, stage: str
) -> Draft:
    payload: dict[str, Any] = {**request.payload, "move": move.id}
    payload["rests_on"] = list(assessment.rests_on)
    payload["findings"] = [_frozen(finding) for finding in assessment.findings]
    if case.reason:
        payload["reason"] = case.reason
    if case.payer and any(rule.kind == "coverage" for rule in move.requirements):
        payload["payer"] = case.payer.frozen()
    if request.variance:
        payload["variance"] = {
            "code": request.variance.code,
            "clinician": request.variance.clinician,
            "text": request.variance.text,
        }
    return Draft(
        kind=MOVE,
        occurred=request.occurred,
        provenance=request.provenance,
        stage_from=case.episode.stage,
        stage_to=stage,
        protocol=case.protocol.hash,
        payload=payload,
    )


def _frozen(finding: Finding) -> dict[str, Any]:
    """What a requirement said when the move was made, for the auditor."""
    row: dict[str, Any] = {
        "requirement": finding.requirement,
        "result": finding.result.value,
        "seen": finding.seen,
    }
    if finding.entries:
        row["entries"] = list(finding.entries)
    if finding.code:
        row["code"] = finding.label()
    return row


def ways_on(case: Case) -> list[Assessment]:
    """Return the assessment of every move out of the present stage but finishing."""
    if case.episode.status is not Status.ACTIVE:
        return []
    moves = _ways_out(case.episode, case.protocol)
    return [assess(case, m) for m in moves if m.target != Stage.CLOSED]
