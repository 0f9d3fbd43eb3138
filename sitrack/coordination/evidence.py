"""Writing evidence down: on one side, or on both sides of a patient in one session.

A session on both sides is one command and one batch: two entries, or none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sitrack.coordination.attesting import refuse_own
from sitrack.coordination.episodes import (
    Opened,
    Written,
    find_existing,
    load_episode,
    settled,
)
from sitrack.coordination.people import Author, clinician_named, provenance, writer
from sitrack.errors import BadInput, NotFound, SitrackError
from sitrack.journey import forms
from sitrack.journey.attesting import ATTESTATION
from sitrack.journey.entries import Draft, Occurred, Provenance
from sitrack.journey.findings import Refused
from sitrack.journey.patient import (
    EpisodeKey,
    is_patient_key,
    patient_stream,
    read_episode_key,
    read_patient_key,
)
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from sitrack.pathway.stages import Side
from sitrack.record import registry, worklist
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger, reading

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """Evidence as it comes in at the door; see `EvidenceForm` for the fields."""

    kind: str
    values: Mapping[str, Any]
    occurred: Occurred | None = None
    side: Side | None = None
    about: int | None = None
    readings: tuple[str, ...] = ()
    performer: str | None = None
    text: str | None = None


def refuse_in_vain(
    ledger: Ledger, author: Author, typed: str, *, both: bool = False
) -> None:
    """Refuse before anybody answers questions whose answers could not be kept.

    Args:
        ledger: the record.
        author: who would write.
        typed: the key that was given, of an episode or a patient.
        both: it is said of both sides of a patient.

    Raises:
        NotPermitted: the author is not on the staff list, or may not write this.
        NotFound: the key is nobody's, or a patient's with no or several open episodes.
    """
    one_side = not is_patient_key(typed)
    key = read_episode_key(typed).patient if one_side else read_patient_key(typed)
    with reading(ledger) as connection:
        writer(connection, ledger, author)
        registry.patient(connection, key)
    if not both:
        find_existing(ledger, typed)


def record_evidence(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    request: EvidenceRequest,
    *,
    expect_version: int | None = None,
    dry_run: bool = False,
) -> Written:
    """Write down what happened. Evidence never moves a stage.

    Raises:
        BadInput, NotFound, Refused: see `plausibility.decide_evidence`.
        NotPermitted: the author is not on the staff list, or an attestation has no
            clinician, or one who wrote down what it names.
        WrittenFirst: the episode is not at `expect_version` any more.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = recorder_of(work, author, request)
        opened = load_episode(work, key, expect_version)
        draft = drafted(work, opened, request, who, author.payload())
        return kept(work, key, opened, draft, dry_run=dry_run)


def record_on_both(
    ledger: Ledger,
    author: Author,
    patient_key: str,
    requests: Mapping[Side, EvidenceRequest],
    *,
    expect_versions: Mapping[Side, int] | None = None,
    dry_run: bool = False,
) -> list[Written]:
    """Write down one session on both sides: an entry each, or none at all.

    Returns:
        What was written, the left side first.

    Raises:
        NotFound: the patient has no open episode on one of the sides.
        BadInput, Refused: one side's evidence cannot be taken down; says which.
        NotPermitted, WrittenFirst: as for one side.
    """
    expected = expect_versions or {}
    with writing(ledger, dry_run=dry_run) as work:
        who = {side: recorder_of(work, author, requests[side]) for side in Side}
        patient = registry.patient(work.connection, read_patient_key(patient_key))
        keys = _open_on_each_side(work, patient.key)
        opened = {
            side: load_episode(work, key, expected.get(side))
            for side, key in sorted(keys.items(), key=lambda each: each[1].stream)
        }
        drafts = _on_each(
            lambda side: drafted(
                work, opened[side], requests[side], who[side], author.payload()
            )
        )
        return [
            kept(work, keys[side], opened[side], draft, dry_run=dry_run)
            for side, draft in drafts.items()
        ]


def recorder_of(work: Work, author: Author, request: EvidenceRequest) -> Provenance:
    """Return who did it and who writes it down."""
    who = provenance(work, author, request.performer)
    if forms.KINDS[request.kind].clinician:
        clinician_named(work, request.performer or who.recorder, "an attestation")
    return who


def drafted(
    work: Work,
    opened: Opened,
    request: EvidenceRequest,
    who: Provenance,
    payload: dict[str, Any],
) -> Draft:
    """Return the entry of one request, checked against the episode."""
    if request.text:
        payload["text"] = request.text
    form = EvidenceForm(
        kind=request.kind,
        occurred=request.occurred,
        side=request.side,
        about=request.about,
        values=request.values,
        readings=request.readings,
        provenance=who,
        payload=payload,
    )
    draft = decide_evidence(
        opened.episode,
        form,
        today=work.today,
        zone=work.ledger.zone,
        born=opened.patient.person.born,
    )
    if draft.kind == ATTESTATION:
        refuse_own(work, opened.entries, draft)
    return draft


def kept(
    work: Work, key: EpisodeKey, opened: Opened, draft: Draft, *, dry_run: bool
) -> Written:
    """Write an entry down, and say where the episode stands after it."""
    entry = work.append(key.stream, draft)
    entries = [*opened.entries, entry]
    return settled(work, opened.patient, key, entries, opened.protocol, dry_run=dry_run)


def _open_on_each_side(work: Work, patient: str) -> dict[Side, EpisodeKey]:
    registry.patient(work.connection, patient)
    # No side is opened or finished by somebody else from here on.
    work.hold(patient_stream(patient))
    found = {}
    for name, status in worklist.keys_of(work.connection, patient):
        key = read_episode_key(name)
        if status != "finished":
            found[key.side] = key
    missing = [side for side in Side if side not in found]
    if missing:
        sides = " and none on the ".join(missing)
        raise NotFound(
            f"{patient} has no open episode on the {sides}",
            f"sitrack episode open {patient} --side {missing[0]}",
        )
    return found


def _on_each(act: Callable[[Side], _T]) -> dict[Side, _T]:
    """Do something for each side; what fails is told of both, not of the first only."""
    done: dict[Side, _T] = {}
    failed: dict[Side, SitrackError] = {}
    for side in Side:
        try:
            done[side] = act(side)
        except (BadInput, NotFound, Refused) as error:
            failed[side] = error
    if failed:
        raise _told_by_side(failed)
    return done


def _told_by_side(failed: Mapping[Side, SitrackError]) -> SitrackError:
    """One error for the session: it says of which side each reason is."""
    refused = {side: e for side, e in failed.items() if isinstance(e, Refused)}
    if len(refused) == len(failed):
        findings = [
            dataclasses.replace(finding, seen=f"{side} side: {finding.seen}")
            for side, error in refused.items()
            for finding in error.findings
        ]
        first = next(iter(refused.values()))
        where = " and on the ".join(refused)
        return Refused(f"{first.message} on the {where}", findings, first.hint)
    wrong = {side: e for side, e in failed.items() if side not in refused}
    side, error = next(iter(wrong.items()))
    if len({each.message for each in wrong.values()}) < len(wrong):
        return error
    return type(error)(f"{side} side: {error.message}", error.hint)
