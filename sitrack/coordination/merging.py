"""Saying that two patients are one person, and taking that back.

Whoever was enrolled twice keeps both keys and both histories: nothing is moved and
nothing is renamed. From the merge on they are cared for under one of the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sitrack.coordination.erasing import is_erased
from sitrack.coordination.people import Author, provenance
from sitrack.errors import BadInput, NotEligible
from sitrack.journey.entries import MERGED, UNMERGED, Draft, Entry
from sitrack.journey.patient import (
    patient_stream,
    read_episode_key,
    read_patient_key,
)
from sitrack.pathway.stages import Side
from sitrack.record import persons, registry, worklist
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger, reading
from sitrack.record.registry import Patient
from sitrack.record.worklist import Standing


@dataclass(frozen=True, slots=True)
class Merged:
    """Two patients who are one person, or are two again.

    Attributes:
        patient: who was merged, as registered.
        into: the survivor.
        entries: what was written, into the stream of each.
        episodes: those that change hands, as they stand.
    """

    patient: Patient
    into: Patient
    entries: Sequence[Entry]
    episodes: Sequence[Standing]


def merge(
    ledger: Ledger, author: Author, typed: str, into: str, *, dry_run: bool = False
) -> Merged:
    """Say that a patient is the same person as another, who is the survivor.

    Raises:
        NotFound: there is no such patient.
        BadInput: both are one already.
        NotEligible: one was merged before or erased, or both have an open episode on
            one side.
        NotPermitted: the author may not.
    """
    key, survivor = read_patient_key(typed), read_patient_key(into)
    if key == survivor:
        raise BadInput(f"{key} is one person already: two keys are merged")
    with writing(ledger, dry_run=dry_run) as work:
        entries = _loaded(work, key, survivor)
        _refuse_erased(key, entries[key])
        _refuse_erased(survivor, entries[survivor])
        _refuse_chains(work, key, survivor)
        _refuse_two_open(work, key, survivor)
        told = _told(work, author, MERGED, {"from": key, "into": survivor})
        moved = worklist.standings(work.connection, key)
        persons.merge(work, key, survivor)
        return Merged(*_both(work, key, survivor), told, moved)


def unmerge(
    ledger: Ledger, author: Author, typed: str, *, dry_run: bool = False
) -> Merged:
    """Take a merge back: the episodes that had the patient's own key go with it.

    Raises:
        NotFound: there is no such patient.
        NotEligible: the patient was not merged.
        NotPermitted: the author may not.
    """
    key = read_patient_key(typed)
    with writing(ledger, dry_run=dry_run) as work:
        registry.registered(work.connection, key)
        survivor = persons.owner(work.connection, key)
        done = persons.last_merge(work.connection, key)
        if done is None or survivor == key:
            raise NotEligible(
                f"{key} was not merged into anybody", f"sitrack patient show {key}"
            )
        _loaded(work, key, survivor)
        said = {"from": key, "into": survivor, "undoes": done.batch}
        told = _told(work, author, UNMERGED, said)
        persons.unmerge(work, key)
        moved = worklist.standings(work.connection, key)
        return Merged(*_both(work, key, survivor), told, moved)


def merged_into(ledger: Ledger, key: str) -> Sequence[str]:
    """Return the other keys of a patient."""
    with reading(ledger) as connection:
        return persons.others(connection, key)


def _loaded(work: Work, *keys: str) -> dict[str, list[Entry]]:
    """Keep other writers off both patients, always in one order."""
    for key in sorted(keys):
        registry.registered(work.connection, key)
        work.hold(patient_stream(key))
    return {key: work.load(patient_stream(key)) for key in keys}


def _told(work: Work, author: Author, kind: str, said: dict[str, Any]) -> list[Entry]:
    who = provenance(work, author)
    draft = Draft(kind, work.today, who, payload={**author.payload(), **said})
    streams = (patient_stream(said["from"]), patient_stream(said["into"]))
    return [work.append(stream, draft) for stream in streams]


def _both(work: Work, key: str, survivor: str) -> tuple[Patient, Patient]:
    return (
        registry.registered(work.connection, key),
        registry.registered(work.connection, survivor),
    )


def _refuse_erased(key: str, entries: list[Entry]) -> None:
    if is_erased(entries):
        raise NotEligible(
            f"{key} is erased: nobody knows who that was", f"sitrack audit trail {key}"
        )


def _refuse_chains(work: Work, key: str, survivor: str) -> None:
    """Whoever was merged stands under one survivor, never two deep."""
    for each in (key, survivor):
        owner = persons.owner(work.connection, each)
        if owner != each:
            hint = f"sitrack patient unmerge {each}"
            if each == survivor and owner != key:
                hint = f"sitrack patient merge {key} {owner}"
            raise NotEligible(f"{each} is merged into {owner} already", hint)
    under = persons.others(work.connection, key)
    if under:
        raise NotEligible(
            f"{', '.join(under)} is merged into {key}, who would not be there any more",
            f"the other way round: sitrack patient merge {survivor} {key}",
        )


def _refuse_two_open(work: Work, key: str, survivor: str) -> None:
    """One side has one open episode at a time, of one person."""
    open_now: dict[Side, str] = {}
    for patient in (survivor, key):
        for name, status in worklist.keys_of(work.connection, patient):
            side = read_episode_key(name).side
            if status == "finished":
                continue
            if side in open_now:
                raise NotEligible(
                    f"{open_now[side]} and {name} are both open, and one person has one "
                    "open episode on a side",
                    f"carry over what stands on {name} with sitrack entry transfer, then: "
                    f"sitrack episode finish {name} --disposition opened-in-error",
                )
            open_now[side] = name
