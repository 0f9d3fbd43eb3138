"""Turns requests to amend the record into drafts of entries, or into a refusal. Pure.

What is corrected must be as plausible as what is written for the first time: the new
values pass the same checks, seen from the day on which the entry stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sitrack.errors import BadInput, NotEligible, may_be_repeated, repeated
from sitrack.journey.amendments import effective, kept
from sitrack.journey.desk import Desk
from sitrack.journey.entries import (
    CORRECTED,
    HELD,
    HOLD_RENEWED,
    MIGRATED,
    RETRACTED,
    Draft,
    Entry,
    Occurred,
    clinical_day,
)
from sitrack.journey.episode import Broken, Episode
from sitrack.journey.findings import Refused, frame_finding
from sitrack.journey.forms import KINDS, Kind, option_of
from sitrack.journey.migration import taken_back
from sitrack.journey.parking import Parking
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from sitrack.journey.reasons import FOR_AMENDING

UNDO: Final = "undo"
"""The reason of what `undo` writes."""

_YES: Final = {"yes": True, "no": False}


def refuse_unknown_reason(reason: str) -> None:
    """Refuse a reason that is none of those for amending.

    Raises:
        BadInput: with those that are.
    """
    if reason not in FOR_AMENDING:
        known = ", ".join(FOR_AMENDING)
        raise BadInput(f"the reason is not one of these: --reason {known}")


def correct(
    desk: Desk,
    number: int,
    given: Sequence[tuple[str, str]],
    payload: Mapping[str, Any],
) -> Draft:
    """Return the entry that gives another one other values.

    Args:
        desk: where it is asked.
        number: the entry to correct.
        given: (field, value) as typed; `on`, `for`, `performer` and `reading` beside
            the fields of the kind. An empty value takes the field away.
        payload: why, and what else to keep.

    Raises:
        BadInput: a field or value cannot be understood, or nothing would change.
        NotFound, NotEligible: see `Desk.standing`.
        Refused: it cannot be so.
    """
    target = desk.standing(number)
    _refuse_twice(given)
    said = dict(given)
    occurred: Occurred = _day(said["on"]) if "on" in said else target.occurred
    if target.kind not in KINDS:
        draft = _other_day(desk, target, given, occurred)
    else:
        draft = _other_values(desk, target, given, occurred)
    performer = said.get("performer", target.provenance.performer) or None
    draft = replace(
        draft,
        kind=CORRECTED,
        corrects=number,
        provenance=replace(desk.provenance, performer=performer),
        payload={**payload, **draft.payload, "kind": target.kind},
    )
    _refuse_no_change(target, draft)
    return draft


def _refuse_twice(given: Sequence[tuple[str, str]]) -> None:
    named = [option_of(field) for field, _ in given if field != "reading"]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise BadInput(
            f"{twice if may_be_repeated(twice) else 'a field'} is set twice",
            "give each field once",
        )


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput("--set on= takes a day such as 2025-02-17") from None


def _other_day(
    desk: Desk, target: Entry, given: Sequence[tuple[str, str]], day: Occurred
) -> Draft:
    """Of a change of stage or status the day can be wrong, nothing else."""
    if {field for field, _ in given} != {"on"}:
        raise BadInput(
            f"of #{target.seq} only the day can be corrected: --set on=DATE",
            f"or take it out: sitrack entry retract {desk.key} {target.seq}",
        )
    if isinstance(day, dt.date) and day > desk.today:
        finding = frame_finding("FUTURE_DATED", f"{day} is after {desk.today}")
        raise Refused(f"#{target.seq} cannot be so", [finding])
    _refuse_far_review(desk, target, day)
    return Draft(CORRECTED, day, desk.provenance)


def _refuse_far_review(desk: Desk, target: Entry, day: Occurred) -> None:
    """A hold is looked at again after it was set, and soon enough."""
    if target.kind not in {HELD, HOLD_RENEWED} or not isinstance(day, dt.date):
        return
    asked = Parking(desk.episode, desk.protocol, day, desk.provenance, {})
    most = asked.rule("hold", "hold-review").number("max_days")
    review = dt.date.fromisoformat((target.payload or {})["review"])
    ahead = (review - day).days
    if not 0 < ahead <= most:
        code = "HOLD_REVIEW_TOO_FAR" if ahead > 0 else "OUT_OF_ORDER"
        seen = f"its review of {review} lies {ahead} d ahead then, at most {most} d"
        hint = f"take it out and hold again: sitrack entry retract {desk.key} "
        raise Refused(
            f"#{target.seq} cannot be of {day}",
            [frame_finding(code, seen)],
            f"{hint}{target.seq}",
        )


def _other_values(
    desk: Desk, target: Entry, given: Sequence[tuple[str, str]], occurred: Occurred
) -> Draft:
    kind = KINDS[target.kind]
    values: dict[str, Any] = dict(target.values)
    for field, text in given:
        if field not in _beside(kind):
            values[_field_named(desk, kind, field)] = _typed(kind, field, text)
    about, said = (target.payload or {}).get("about"), dict(given)
    form = EvidenceForm(
        kind=target.kind,
        occurred=occurred,
        side=None,
        about=_number(said["for"]) if "for" in said else about,
        values={name: value for name, value in values.items() if value != ""},
        readings=_readings(target, given),
        provenance=desk.provenance,
        payload={},
    )
    draft = plausible(desk, form, without=target)
    if about is None or "about" in draft.payload:
        return draft
    return replace(draft, payload={**draft.payload, "about": None})


def _beside(kind: Kind) -> tuple[str, ...]:
    """What can be set beside the fields of a kind."""
    reading = ("reading",) if kind.name == "diary" else ()
    return ("on", *reading, *(("for",) if kind.about_entry else ()), "performer")


def _field_named(desk: Desk, kind: Kind, typed: str) -> str:
    for field in kind.fields:
        if typed in {field.name, option_of(field.name)}:
            return field.name
    names = [*_beside(kind), *(option_of(field.name) for field in kind.fields)]
    hints = {
        "side": f"set it right with: sitrack entry transfer {desk.key} N --to EPISODE",
        "text": f"take it out (sitrack entry retract {desk.key} N), and write it anew",
    }
    hint = hints.get(typed, f"it has {', '.join(names)}")
    raise BadInput(f"{kind.name} has no field {repeated(typed, 'of that name')}", hint)


def _typed(kind: Kind, field: str, text: str) -> Any:
    """A flag is typed as yes or no; everything else as it is on the command line."""
    flags = {each.name for each in kind.fields if each.type == "flag"}
    if field.replace("-", "_") not in flags or text == "":
        return text
    if text not in _YES:
        raise BadInput(f"{kind.name}: --set {field}= takes yes or no")
    return _YES[text]


def _number(text: str) -> int | None:
    if text == "":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadInput("--set for= takes the number of an entry, such as 7")
    return int(text)


def _readings(target: Entry, given: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The readings that were typed, which replace all; else those that stand."""
    typed = tuple(text for field, text in given if field == "reading")
    return typed or typed_readings(target)


def typed_readings(entry: Entry) -> tuple[str, ...]:
    """Return the readings of a diary as somebody would type them."""
    rows = (entry.payload or {}).get("readings", ())
    return tuple(f"{row['minutes']}m={row['score']}" for row in rows)


def plausible(desk: Desk, form: EvidenceForm, without: Entry | None = None) -> Draft:
    """Return the draft of evidence, checked from the day on which it stands.

    Args:
        desk: where it is asked.
        form: what it would say.
        without: an entry that it takes the place of.

    Raises:
        BadInput, NotFound, Refused: see `plausibility.decide_evidence`.
    """
    day = clinical_day(form.occurred or desk.today, desk.zone)
    story = _seen_from(desk.episode, day, form.about, without)
    return decide_evidence(
        story, form, today=desk.today, zone=desk.zone, born=desk.born
    )


def _seen_from(
    episode: Episode, day: dt.date, about: int | None, without: Entry | None
) -> Episode:
    """The episode as it was when something of that day was to be written down.

    Without the entry that it takes the place of; an attestation goes on standing for
    the move that it stood for.
    """
    place = (day, without.seq if without else episode.version + 1)
    visits = tuple(v for v in episode.visits if (v.entered, v.seq) < place)
    evidence = tuple(
        fact
        for fact in episode.evidence
        if (without is None or fact.seq != without.seq)
        and ((fact.day, fact.seq) < place or fact.seq == about)
    )
    stood_for = (without.payload or {}).get("about") if without else None
    broken = tuple(
        Broken(visit.seq, visit.entered, visit.stage, (), without.seq)
        for visit in episode.visits
        if visit.seq == stood_for and without and without.kind == "attestation"
    )
    return replace(
        episode,
        visits=visits or episode.visits[:1],
        evidence=evidence,
        broken=(*episode.broken, *broken),
    )


def _refuse_no_change(target: Entry, draft: Draft) -> None:
    said = {name: said for name, said in draft.payload.items() if said is not None}
    same = _told(said) == _told(kept(target)) and draft.occurred == target.occurred
    if same and draft.provenance.performer == target.provenance.performer:
        raise BadInput(f"#{target.seq} says that already: nothing would change")


def _told(said: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says, in whatever order its readings were given."""
    told = {name: said.get(name) for name in ("values", "about")}
    rows = [(row["minutes"], row["score"]) for row in said.get("readings", ())]
    return {**told, "readings": sorted(rows)}


def retract(desk: Desk, number: int, payload: Mapping[str, Any]) -> Draft:
    """Return the entry that takes another one out.

    Raises:
        NotFound, NotEligible: see `Desk.standing`.
    """
    target = desk.standing(number)
    return Draft(
        RETRACTED,
        desk.today,
        desk.provenance,
        corrects=number,
        payload={**payload, "kind": target.kind},
    )


def take_back(desk: Desk, entry: Entry, payload: Mapping[str, Any]) -> Draft:
    """Return the entry that makes good another one: the unit step of `undo`.

    A correction goes back to what stood before it; what was retracted is recorded
    afresh; a migration is led back; everything else is retracted.

    Raises:
        NotEligible: it was amended again since.
    """
    if entry.kind == MIGRATED:
        return taken_back(desk.entries, entry, desk.today, desk.provenance, payload)
    if entry.corrects is None:
        return retract(desk, entry.seq, payload)
    last = [e.seq for e in desk.entries if e.corrects == entry.corrects][-1]
    if last != entry.seq:
        raise NotEligible(
            f"#{entry.corrects} was amended again by #{last}: take that back first",
            f"sitrack history {desk.key}",
        )
    if entry.kind not in {CORRECTED, RETRACTED}:
        return retract(desk, entry.corrects, payload)
    known = [e for e in desk.entries if e.seq < entry.seq]
    before = next(e for e in effective(known) if e.seq == entry.corrects)
    who = replace(desk.provenance, performer=before.provenance.performer)
    if entry.kind == CORRECTED:
        said = {**payload, **kept(before), "kind": before.kind}
        return Draft(CORRECTED, before.occurred, who, corrects=before.seq, payload=said)
    return Draft(
        before.kind,
        before.occurred,
        who,
        stage_from=before.stage_from,
        stage_to=before.stage_to,
        protocol=before.protocol,
        corrects=before.seq,
        payload={**payload, **(before.payload or {}), **_of_the_undo(payload)},
    )


def _of_the_undo(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry recorded afresh does not take from the first."""
    return {name: payload[name] for name in ("account", "undoes") if name in payload}
