"""Who the rows are about: somebody who is enrolled, or somebody new."""

from __future__ import annotations

from dataclasses import dataclass

from sitrack.coordination.importing.chapter import refuse_ahead
from sitrack.coordination.importing.desk import Desk
from sitrack.coordination.likeness import Known, folded
from sitrack.errors import NotFound
from sitrack.journey.intake.columns import NEW, PATIENT
from sitrack.journey.intake.rows import Act, Problem
from sitrack.journey.patient import is_patient_key, read_patient_key
from sitrack.record import registry
from sitrack.record.registry import Patient, Person, read_person

_OF_A_PERSON = ("given", "family", "born", "mrn", "zone")


class Unfit(Exception):
    """A row that cannot be taken as it stands.

    Attributes:
        problem: why.
    """

    def __init__(
        self, act: Act, code: str, column: str | None, why: str, hint: str | None = None
    ) -> None:
        super().__init__(why)
        self.problem = Problem(act.row, column, code, why, hint)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is: one of the two.

    Attributes:
        enrolled: a patient.
        new: a person to be enrolled.
        like: who looks like the new person: keys, or rows of the file.
    """

    enrolled: Patient | None = None
    new: Person | None = None
    like: tuple[str, ...] = ()


def identify(desk: Desk, act: Act) -> Identity:
    """Return who the first row of a person names.

    Raises:
        Unfit: nobody, somebody else, or somebody who may be two.
        Refused: a birth date lies ahead.
        NotFound: a key is nobody's.
    """
    if act.kind != PATIENT:
        return Identity(enrolled=_named(desk, act))
    person = read_person({n: act.said[n] for n in _OF_A_PERSON if n in act.said})
    if person.born is not None:
        refuse_ahead(person.born, desk.work.today)
    known = desk.known(act.id)
    if known is not None:
        return Identity(enrolled=_again(desk, act, person, known.stream))
    wanted = act.said.get("same-as")
    owner = desk.people.of_mrn(person.mrn) if person.mrn else None
    if wanted is not None and wanted != NEW:
        key = _said_to_be(desk, act, read_patient_key(wanted), owner)
    elif owner is not None:
        key = _of_that_number(desk, act, person, owner)
    else:
        return Identity(new=person, like=_alike(desk, act, person))
    return Identity(enrolled=_joined(desk, act, key))


def _named(desk: Desk, act: Act) -> Patient:
    """Somebody who is enrolled, by the key or the record number."""
    if is_patient_key(act.patient):
        key = read_patient_key(act.patient)
        if desk.people.has_key(key):
            return registry.patient(desk.work.connection, key)
    owner = desk.people.of_mrn(act.patient)
    if owner is not None and desk.people.has_key(owner.where):
        return registry.patient(desk.work.connection, owner.where)
    why = "is nobody's key or record number, and no row of patient stands before it"
    raise Unfit(act, "nobody", PATIENT, why, "begin with a row of patient")


def _again(desk: Desk, act: Act, person: Person, stream: str) -> Patient:
    """Somebody whom an earlier import enrolled, by the same row."""
    key = stream.partition("/")[2]
    if registry.registered(desk.work.connection, key).person != person:
        why = f"its id is that of a row which enrolled {key} as somebody else"
        hint = "give every row of every file an id of its own"
        raise Unfit(act, "changed", "id", why, hint)
    return registry.patient(desk.work.connection, key)


def _said_to_be(desk: Desk, act: Act, key: str, owner: Known | None) -> str:
    """The patient whom `same-as` names."""
    if not desk.people.has_key(key):
        raise NotFound("same-as names no patient", "sitrack patient find")
    if owner is not None and owner.where != key:
        why = f"belongs to {owner.where}, and same-as names another patient"
        raise Unfit(act, "mrn-taken", "mrn", why)
    return key


def _of_that_number(desk: Desk, act: Act, person: Person, owner: Known) -> str:
    """The patient who has the record number, if it is the same person."""
    if not desk.people.has_key(owner.where):
        why = f"stands in {owner.where} as well"
        raise Unfit(act, "twice", "mrn", why, "one person has one row of patient")
    differs = None not in (owner.born, person.born) and owner.born != person.born
    if owner.name != folded(person) or differs:
        why = f"belongs to {owner.where}, whose name or birth date is another"
        hint = f"if it is the same person, write {owner.where} into same-as"
        raise Unfit(act, "mrn-taken", "mrn", why, hint)
    return owner.where


def _alike(desk: Desk, act: Act, person: Person) -> tuple[str, ...]:
    """Who looks like somebody new; who looks the same has to be spoken of."""
    found = desk.people.like(person)
    if found.same and "same-as" not in act.said:
        other = found.same[0].where
        is_key = desk.people.has_key(other)
        mend = (
            other if is_key else f"put the rows of both under one patient with {other}"
        )
        why = f"has the name and the birth date of {other}"
        hint = f"if it is the same person, {mend}; if not, {NEW}"
        raise Unfit(act, "same-person", "same-as", why, hint)
    return tuple(each.where for each in (*found.same, *found.near))


def _joined(desk: Desk, act: Act, key: str) -> Patient:
    found = registry.patient(desk.work.connection, key)
    if act.said.get("payer") not in {None, found.payer}:
        why = f"{key} is enrolled already, and has another payer or none"
        hint = f"sitrack patient edit {key} --payer NAME"
        raise Unfit(act, "not-taken", "payer", why, hint)
    return found
