"""Takes evidence down, unless it cannot be so. Pure.

What happened is recorded whatever the rules think of it; requirements judge moves.
Evidence is refused only in the future, on the other side, on another scale, before
birth or before its procedure, or without a baseline (clinical reference, part 3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sitrack.errors import BadInput, NotFound
from sitrack.journey import evidence
from sitrack.journey.entries import Draft, Occurred, Provenance, clinical_day
from sitrack.journey.episode import Episode
from sitrack.journey.evidence import Evidence, Reading
from sitrack.journey.findings import Finding, Refused, frame_finding
from sitrack.journey.forms import KINDS, Kind
from sitrack.pathway.stages import Side

_DIARY_OF: Final = ("injection", "block")


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
    kind = KINDS[form.kind]
    values = evidence.read_values(kind, form.values)
    _refuse_contradiction(kind, values)
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
    payload = {**form.payload, "values": evidence.to_json(values)}
    if readings:
        payload["readings"] = [
            {"minutes": each.minutes, "score": format(each.score, "f")}
            for each in readings
        ]
    if about is not None:
        payload["about"] = about.seq
    if values.get("about") == "move":
        payload["about"] = _attested_move(episode, form.about)
    return Draft(kind.name, occurred, form.provenance, payload=payload)


def _refuse_contradiction(kind: Kind, values: Mapping[str, Any]) -> None:
    if "nrs" in values and "vas" in values:
        raise BadInput(f"{kind.name}: give --nrs or --vas, not both")
    twice = set(values.get("positive", ())) & set(values.get("negative", ()))
    if twice:
        raise BadInput(f"{kind.name}: {min(twice)} is both positive and negative")
    if "start" in values and "stop" in values and values["stop"] < values["start"]:
        raise BadInput(f"{kind.name}: --stop is before --start")


def _about(episode: Episode, kind: Kind, form: EvidenceForm) -> Evidence | None:
    if not kind.about_entry:
        if form.about is not None:
            raise BadInput(f"{kind.name} takes no --for")
        return None
    if form.values.get("about") == "move":
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
    of_diary = kind.name == "diary" or form.values.get("about") == "diary"
    return _latest_procedure(episode, kind) if of_diary else None


def _attested_move(episode: Episode, number: int | None) -> int:
    """The move that a clinician stands for, though a correction took its ground."""
    broken = [each.seq for each in episode.broken]
    if number is None and len(broken) == 1:
        return broken[0]
    if number not in broken:
        named = ", ".join(f"#{seq}" for seq in broken) or "none"
        raise NotFound(
            f"name a move of {episode.key} that has lost its ground ({named})",
            f"sitrack why {episode.key}",
        )
    return int(number)


def _latest_procedure(episode: Episode, kind: Kind) -> Evidence:
    """What a diary, or an attestation of one, is about where nobody says."""
    done = [each for each in episode.evidence if each.kind in _DIARY_OF]
    if not done:
        raise Refused(
            f"this {kind.title.lower()} has no procedure to belong to",
            [frame_finding("EVIDENCE_MISSING", "no injection, no block", "procedure")],
            f"record it first: sitrack record injection {episode.key} --help",
        )
    return done[-1]


def _readings(
    kind: Kind,
    form: EvidenceForm,
    values: Mapping[str, Any],
    about: Evidence | None,
) -> tuple[Reading, ...]:
    if kind.name != "diary":
        return ()
    if not form.readings:
        raise BadInput("diary: give at least one --reading", "such as --reading 1h=2")
    scale = values.get("scale") or (about.scale if about else None) or "nrs"
    readings = tuple(evidence.read_reading(text, scale) for text in form.readings)
    if len({each.minutes for each in readings}) < len(readings):
        raise BadInput("diary: two readings are of one time", "give each time once")
    return readings


def _in_future(
    occurred: Occurred, values: Mapping[str, Any], today: dt.date, zone: dt.tzinfo
) -> list[Finding]:
    days = [clinical_day(occurred, zone)]
    # A booking and an approval speak of days to come; nothing else does.
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
    kind: Kind,
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


def _without_baseline(kind: Kind, values: Mapping[str, Any]) -> list[Finding]:
    """Relief is measured against the score recorded with the procedure."""
    if not kind.procedure:
        return []
    baseline = values.get("nrs", values.get("vas"))
    if baseline:
        return []
    seen = "no pain score with it" if baseline is None else "a baseline of 0"
    return [frame_finding("EVIDENCE_MISSING", seen, "baseline")]
