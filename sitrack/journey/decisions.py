"""Turns requests into drafts of entries, or into a refusal that says why. Pure.

Moves are judged; evidence is taken down, whatever the rules think of it. Evidence is
refused only where it cannot be so: in the future, on the other side, on another
scale, before birth or before its procedure, or without a baseline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sitrack.errors import BadInput, NotFound
from sitrack.journey import evidence as forms
from sitrack.journey.assessment import NOT_BUILT, Assessment, assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import (
    MOVE,
    Draft,
    Occurred,
    Provenance,
    clinical_day,
)
from sitrack.journey.episode import Episode
from sitrack.journey.evidence import Evidence, Reading
from sitrack.journey.findings import Finding, Refused, frame_finding
from sitrack.journey.machine import NotInTable, machine_for
from sitrack.pathway.moves import Move
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Side, Stage, Status, title_of

_DIARY_OF: Final = ("injection", "block")


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
        Refused: the episode is on hold or lost, or the table has no such move.
    """
    if episode.status is Status.ON_HOLD:
        _refuse_frame(episode, target, "ON_HOLD", "the episode is on hold")
    if episode.status is Status.LOST:
        _refuse_frame(episode, target, "LOST", "the patient is lost to follow-up")
    move = protocol.move_between(episode.stage, target)
    if move is None or move.command != command:
        here = title_of(episode.stage)
        ways = [
            title_of(m.target) for m in protocol.moves_from(episode.stage) if m.target
        ]
        seen = (
            f"{here} leads to {', '.join(ways)} only" if ways else f"{here} is the end"
        )
        if move is not None:
            seen = f"that is done with: sitrack {move.command}"
        _refuse_frame(episode, target, "NOT_ALLOWED_FROM_STATE", seen)
    assert move is not None  # noqa: S101 - _refuse_frame always raises
    return move


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
    _refuse_unknown_codes(move, case.reason, request.variance)
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


def _refuse_unknown_codes(
    move: Move, reason: str | None, variance: Variance | None
) -> None:
    if reason is not None and reason not in move.reasons:
        known = f"takes {', '.join(move.reasons)}" if move.reasons else "takes none"
        raise BadInput(f"the reason is not one of this move: --reason {known}")
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


# --- evidence


@dataclass(frozen=True, slots=True)
class EvidenceForm:
    """A form as somebody filled it in.

    Attributes:
        kind: a key of `evidence.KINDS`.
        occurred: when it was so; None takes the kind's own default (a diary is of
            its procedure's day, everything else of today).
        side: given where the form names one; it must be the episode's.
        about: the entry it belongs to, where it names one.
        values: by field name, as typed.
        readings: diary readings, as typed.
        provenance: who and from what.
        payload: more to keep with the entry.
    """

    kind: str
    occurred: Occurred | None
    side: Side | None
    about: int | None
    values: Mapping[str, Any]
    readings: tuple[str, ...]
    provenance: Provenance
    payload: Mapping[str, Any]


def decide_evidence(
    episode: Episode,
    form: EvidenceForm,
    *,
    today: dt.date,
    zone: dt.tzinfo,
    born: dt.date | None,
) -> Draft:
    """Return the draft of an evidence entry.

    Args:
        episode: the journey as known now.
        form: what was filled in.
        today: the clinical day on which it is written.
        zone: the clinic's zone.
        born: the patient's date of birth, where it is known.

    Raises:
        BadInput: a value is missing or cannot be understood.
        NotFound: the entry it is about does not exist.
        Refused: it cannot be so.
    """
    kind = forms.KINDS[form.kind]
    values = forms.read_values(kind, form.values)
    if "nrs" in values and "vas" in values:
        raise BadInput(f"{kind.name}: give --nrs or --vas, not both")
    about = _about(episode, kind, form)
    occurred: Occurred = form.occurred or (
        about.day if about and kind.name == "diary" else today
    )
    readings = _readings(kind, form, values, about)
    if about is not None and kind.name == "diary":
        values.setdefault("scale", about.scale)
    findings = [
        *_in_future(occurred, values, today, zone),
        *_on_other_side(episode, form.side),
        *_out_of_order(occurred, about, born, zone),
        *_on_other_scale(episode, kind, values, about),
        *_without_baseline(kind, values),
    ]
    if findings:
        raise Refused(f"this {kind.title.lower()} cannot be so", findings)
    payload = {**form.payload, "values": forms.to_json(values)}
    if readings:
        payload["readings"] = [
            {"minutes": each.minutes, "score": format(each.score, "f")}
            for each in readings
        ]
    if about is not None:
        payload["about"] = about.seq
    return Draft(kind.name, occurred, form.provenance, payload=payload)


def _about(episode: Episode, kind: forms.Kind, form: EvidenceForm) -> Evidence | None:
    if not kind.about_entry:
        if form.about is not None:
            raise BadInput(f"{kind.name} takes no --for")
        return None
    if form.about is not None:
        found = episode.entry(form.about)
        if found is None:
            raise NotFound(
                f"{episode.key} has no evidence #{form.about}",
                f"see the numbers: sitrack history {episode.key}",
            )
        if kind.name == "diary" and found.kind not in _DIARY_OF:
            raise BadInput(
                f"#{found.seq} is no injection and no block: it has no diary"
            )
        return found
    return _latest_procedure(episode) if kind.name == "diary" else None


def _latest_procedure(episode: Episode) -> Evidence:
    done = [each for each in episode.evidence if each.kind in _DIARY_OF]
    if not done:
        raise Refused(
            "this diary has no procedure to belong to",
            [frame_finding("EVIDENCE_MISSING", "no injection, no block", "procedure")],
            f"record it first: sitrack record injection {episode.key} --help",
        )
    return done[-1]


def _readings(
    kind: forms.Kind,
    form: EvidenceForm,
    values: Mapping[str, Any],
    about: Evidence | None,
) -> tuple[Reading, ...]:
    if kind.name != "diary":
        return ()
    if not form.readings:
        raise BadInput("diary: give at least one --reading", "such as --reading 1h=2")
    scale = values.get("scale") or (about.scale if about else None) or "nrs"
    return tuple(forms.read_reading(text, scale) for text in form.readings)


def _in_future(
    occurred: Occurred, values: Mapping[str, Any], today: dt.date, zone: dt.tzinfo
) -> list[Finding]:
    days = [clinical_day(occurred, zone)]
    days += [values[name] for name in ("start", "stop") if name in values]
    late = [day for day in days if day > today]
    return (
        [frame_finding("FUTURE_DATED", f"{late[0]} is after {today}")] if late else []
    )


def _on_other_side(episode: Episode, side: Side | None) -> list[Finding]:
    if side is None or side is episode.key.side:
        return []
    seen = f"{side.value} side, on an episode of the {episode.key.side.value}"
    return [frame_finding("SIDE_MISMATCH", seen)]


def _out_of_order(
    occurred: Occurred, about: Evidence | None, born: dt.date | None, zone: dt.tzinfo
) -> list[Finding]:
    day = clinical_day(occurred, zone)
    if born is not None and day < born:
        return [frame_finding("OUT_OF_ORDER", f"{day} is before the patient's birth")]
    if about is not None and day < about.day:
        seen = f"{day} is before {about.kind} #{about.seq} of {about.day}"
        return [frame_finding("OUT_OF_ORDER", seen)]
    return []


def _on_other_scale(
    episode: Episode,
    kind: forms.Kind,
    values: Mapping[str, Any],
    about: Evidence | None,
) -> list[Finding]:
    """Before and after are measured on one scale [C5]."""
    if kind.name not in {"score", "diary"}:
        return []
    given = values.get("scale") or next(
        (s for s in ("nrs", "vas") if s in values), None
    )
    wanted = about.scale if about else None
    if about is None:
        baseline = episode.baseline(episode.visit)
        wanted = baseline[0] if baseline else None
    if given is None or wanted is None or given == wanted:
        return []
    seen = f"{given.upper()} given, {wanted.upper()} before"
    return [frame_finding("SCALE_MISMATCH", seen)]


def _without_baseline(kind: forms.Kind, values: Mapping[str, Any]) -> list[Finding]:
    """Relief is measured against the score recorded with the procedure."""
    if not kind.procedure:
        return []
    baseline = values.get("nrs", values.get("vas"))
    if baseline:
        return []
    seen = "no pain score with it" if baseline is None else "a baseline of 0"
    return [frame_finding("EVIDENCE_MISSING", seen, "baseline")]


def ways_on(case: Case) -> list[Assessment]:
    """Return the assessment of every move out of the present stage but finishing."""
    if case.episode.status is not Status.ACTIVE:
        return []
    moves = case.protocol.moves_from(case.episode.stage)
    return [assess(case, m) for m in moves if m.target != Stage.CLOSED]


def with_reason(case: Case, reason: str | None) -> Case:
    """Return the case as it would be asked with that coded reason."""
    return replace(case, reason=reason)
