"""Turns requests to amend the record into drafts of entries, or into a refusal. Pure.

What is corrected must be as plausible as what is written for the first time: the new
values pass the same checks, seen from the day on which the entry stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sitrack.errors import BadInput, NotEligible, NotFound
from sitrack.journey.amendments import (
    REASONS,
    effective,
    fault_of_amendment,
    fault_of_timeline,
    is_amendable,
    kept,
)
from sitrack.journey.entries import (
    CORRECTED,
    MIGRATED,
    OPENED,
    RETRACTED,
    Draft,
    Entry,
    Occurred,
    Provenance,
)
from sitrack.journey.episode import Episode
from sitrack.journey.findings import Refused, frame_finding
from sitrack.journey.forms import KINDS, Kind, option_of
from sitrack.journey.migration import taken_back
from sitrack.journey.patient import EpisodeKey
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from sitrack.pathway.protocol import Protocol

UNDO: Final = "undo"
"""The reason of what `undo` writes."""

_YES: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Desk:
    """What every request to amend is judged by.

    Attributes:
        key: the episode.
        entries: its stream, as far as it is written.
        episode: what that tells of.
        protocol: the one it is pinned to.
        provenance: who amends.
        today: the clinical day.
        zone: the clinic's zone.
        born: the patient's date of birth, where it is known.
    """

    key: EpisodeKey
    entries: Sequence[Entry]
    episode: Episode
    protocol: Protocol
    provenance: Provenance
    today: dt.date
    zone: dt.tzinfo
    born: dt.date | None

    def standing(self, number: int) -> Entry:
        """Return an entry as it stands, if it can be amended.

        Raises:
            NotFound: there is no such entry.
            NotEligible: it cannot be amended, or was retracted already.
        """
        first = next((e for e in self.entries if e.seq == number), None)
        hint = f"see the numbers: sitrack history {self.key}"
        if first is None:
            raise NotFound(f"{self.key} has no entry #{number}", hint)
        if first.kind == OPENED:
            raise NotEligible(
                f"#{number} opened the episode, which is finished and not retracted",
                f"sitrack episode finish {self.key} --disposition opened-in-error",
            )
        if not is_amendable(first):
            raise NotEligible(f"#{number} cannot be amended, only what it is about")
        found = next((e for e in effective(self.entries) if e.seq == number), None)
        if found is None:
            raise NotEligible(f"#{number} was retracted already", hint)
        return found


def refuse_unknown_reason(reason: str) -> None:
    """Refuse a reason that is none of those for amending.

    Raises:
        BadInput: with those that are.
    """
    if reason not in REASONS:
        raise BadInput(f"the reason is not one of these: --reason {', '.join(REASONS)}")


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
    said = [value for field, value in given if field == "on"]
    occurred: Occurred = _day(said[-1]) if said else target.occurred
    if target.kind not in KINDS:
        draft = _other_day(desk, target, given, occurred)
    else:
        draft = _other_values(desk, target, given, occurred)
    performer = dict(given).get("performer") or target.provenance.performer
    draft = replace(
        draft,
        kind=CORRECTED,
        corrects=number,
        provenance=replace(desk.provenance, performer=performer),
        payload={**payload, **draft.payload, "kind": target.kind},
    )
    _refuse_no_change(target, draft)
    return draft


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
    return Draft(CORRECTED, day, desk.provenance)


def _other_values(
    desk: Desk, target: Entry, given: Sequence[tuple[str, str]], occurred: Occurred
) -> Draft:
    kind = KINDS[target.kind]
    values: dict[str, Any] = dict(target.values)
    for field, text in given:
        if field not in _BESIDE:
            values[_field_named(kind, field)] = _typed(kind, field, text)
    about = (target.payload or {}).get("about")
    wanted = [text for field, text in given if field == "for"]
    form = EvidenceForm(
        kind=target.kind,
        occurred=occurred,
        side=None,
        about=_number(wanted[-1]) if wanted else about,
        values={name: value for name, value in values.items() if value != ""},
        readings=_readings(target, given),
        provenance=desk.provenance,
        payload={},
    )
    return plausible(desk, form, without=target.seq)


_BESIDE: Final = ("on", "for", "performer", "reading")


def _field_named(kind: Kind, typed: str) -> str:
    for field in kind.fields:
        if typed in {field.name, option_of(field.name)}:
            return field.name
    known = ", ".join(["on", *(option_of(field.name) for field in kind.fields)])
    raise BadInput(f"{kind.name} has no field {typed[:40]!r}", f"it has {known}")


def _typed(kind: Kind, field: str, text: str) -> Any:
    """A flag is typed as yes or no; everything else as it is on the command line."""
    wanted = _field_named(kind, field)
    flags = {each.name for each in kind.fields if each.type == "flag"}
    return _YES.get(text, text) if wanted in flags else text


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadInput("--set for= takes the number of an entry, such as 7") from None


def _readings(target: Entry, given: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The readings that were typed, which replace all; else those that stand."""
    typed = tuple(text for field, text in given if field == "reading")
    return typed or typed_readings(target)


def typed_readings(entry: Entry) -> tuple[str, ...]:
    """Return the readings of a diary as somebody would type them."""
    rows = (entry.payload or {}).get("readings", ())
    return tuple(f"{row['minutes']}m={row['score']}" for row in rows)


def plausible(desk: Desk, form: EvidenceForm, without: int | None = None) -> Draft:
    """Return the draft of evidence, checked from the day on which it stands.

    Args:
        desk: where it is asked.
        form: what it would say.
        without: an entry that it takes the place of.

    Raises:
        BadInput, NotFound, Refused: see `plausibility.decide_evidence`.
    """
    episode = desk.episode
    day = form.occurred.date() if isinstance(form.occurred, dt.datetime) else None
    day = day or (form.occurred if isinstance(form.occurred, dt.date) else desk.today)
    visits = tuple(v for v in episode.visits if v.entered <= day)
    story = replace(
        episode,
        visits=visits or episode.visits[:1],
        evidence=tuple(e for e in episode.evidence if e.seq != without),
    )
    _refuse_after_its_own(episode, day, without)
    return decide_evidence(
        story, form, today=desk.today, zone=desk.zone, born=desk.born
    )


def _refuse_after_its_own(episode: Episode, day: dt.date, number: int | None) -> None:
    """A procedure does not come after the diary that belongs to it."""
    for fact in episode.evidence:
        if number is not None and fact.about == number and fact.day < day:
            seen = f"{fact.kind} #{fact.seq} of {fact.day} belongs to it"
            finding = frame_finding("OUT_OF_ORDER", seen)
            raise Refused(f"#{number} cannot be of {day}", [finding])


def _refuse_no_change(target: Entry, draft: Draft) -> None:
    said = {name: draft.payload[name] for name in kept(target) if name in draft.payload}
    same = said == kept(target) and draft.occurred == target.occurred
    if same and draft.provenance.performer == target.provenance.performer:
        raise BadInput(f"#{target.seq} says that already: nothing would change")


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


def refuse_illegal(desk: Desk, entries: Sequence[Entry]) -> None:
    """Refuse amendments that leave no legal journey.

    Args:
        desk: where it was asked.
        entries: the stream with the amendments at its end.

    Raises:
        NotEligible: with the change that would hang in the air.
    """
    for place in range(len(desk.entries), len(entries)):
        if entries[place].corrects is not None:
            seen = fault_of_amendment(entries[:place], entries[place])
            if seen:
                raise NotEligible(f"it cannot be amended so: {seen}")
    seen = fault_of_timeline(entries, desk.zone, desk.protocol)
    if seen:
        raise NotEligible(
            f"what would be left is no legal journey: {seen}",
            "amend that one in the same command, or first",
        )
