"""Enrolling patients, and keeping the staff list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sitrack.coordination.days import refuse_impossible
from sitrack.errors import BadInput, NotFound, NotPermitted, may_be_repeated
from sitrack.journey.entries import ENROLLED, PAYER_SET, Draft, Entry, Provenance
from sitrack.journey.patient import patient_stream, read_patient_key
from sitrack.pathway.policy import payer_named
from sitrack.record import history, registry, roles, staff
from sitrack.record.journal import Work, retried, writing
from sitrack.record.ledger import Ledger, Reader
from sitrack.record.registry import Patient, Person
from sitrack.record.staff import Staff


@dataclass(frozen=True, slots=True)
class Author:
    """Who is at the keyboard: a claim on SQLite, and the account beside it.

    Attributes:
        name: the staff id given with `--as` or in the settings; empty for none.
        account: the name of the operating system's account.
        source: where what is written comes from.
        command: the words that were typed, which their role must have; empty for
            what a program of ours writes.
    """

    name: str
    account: str
    source: str = "clinic"
    command: str = ""

    def payload(self) -> dict[str, Any]:
        """What every entry keeps about the account it was written from."""
        return {"account": self.account}


def author_of(work: Work, author: Author) -> Staff:
    """Return the member of staff who writes.

    Raises:
        NotPermitted: nobody is named, the name is not on the staff list, not that of
            the login, or retired; or their role does not have the command.
    """
    return writer(work.connection, work.ledger, author)


def writer(connection: Reader, ledger: Ledger, author: Author) -> Staff:
    """Return who would write, before anything is; see `author_of`."""
    name = staff.acting(ledger.login, author.name, author.account)
    found = staff.member(connection, name)
    if found is None:
        if not staff.everybody(connection):
            first = "sitrack staff add YOUR-ID --role coordinator"
            raise NotPermitted("nobody is on the staff list yet", first)
        who = (
            f"{staff.called(name)} is not on the staff list"
            if author.name
            else "say who you are"
        )
        raise NotPermitted(
            who, "sitrack staff list, then --as ID (or set SITRACK_AS once)"
        )
    staff.refuse_retired(found)
    if author.command:
        held = staff.held_roles(connection)
        roles.refuse(found.id, found.role, author.command, held)
    return found


def provenance(work: Work, author: Author, performer: str | None = None) -> Provenance:
    """Return who did it and who wrote it, both from the staff list.

    Raises:
        NotPermitted: who writes is not on it.
        NotFound: the performer is not.
    """
    recorder = author_of(work, author)
    if performer is not None and staff.member(work.connection, performer) is None:
        new = performer if may_be_repeated(performer) else "ID"
        raise NotFound(
            f"{staff.called(performer)} is not on the staff list",
            f"sitrack staff add {new} --role clinician",
        )
    return Provenance(performer, recorder.id, author.source)


def clinician_named(work: Work, name: str | None, what: str) -> Staff:
    """Return the clinician of that id.

    Raises:
        NotPermitted: nobody is named, or the person is no clinician.
    """
    found = staff.active(work.connection, name) if name else None
    if found is None or found.role != "clinician":
        why = (
            f"{staff.called(name)} is not one on the staff list"
            if name
            else "none is named"
        )
        raise NotPermitted(
            f"{what} needs a clinician, and {why}", "see who is one: sitrack staff list"
        )
    return found


def enrol(
    ledger: Ledger,
    author: Author,
    person: Person,
    *,
    payer: str | None = None,
    dry_run: bool = False,
) -> tuple[Patient, Entry]:
    """Register a patient, and open the patient's stream.

    Raises:
        BadInput: the record number is taken, or the payer is no coded word.
        NotPermitted: the author is not on the staff list.
    """
    if payer is not None:
        payer_named(payer)

    def act() -> tuple[Patient, Entry]:
        with writing(ledger, dry_run=dry_run) as work:
            who = provenance(work, author)
            patient = registry.add_patient(work, person)
            draft = Draft(ENROLLED, work.today, who, payload=author.payload())
            entry = work.append(patient_stream(patient.key), draft)
            if payer is not None:
                _pays(work, author, who, patient.key, payer, work.today)
                registry.set_payer(work, patient.key, payer)
            return replace(patient, payer=payer), entry

    result: tuple[Patient, Entry] = retried(act)
    return result


def set_payer(
    ledger: Ledger,
    author: Author,
    key: str,
    payer: str | None,
    *,
    on: dt.date | None = None,
    dry_run: bool = False,
) -> tuple[Patient, Entry]:
    """Say who pays for a patient from a day on; None for nobody any more.

    Raises:
        BadInput: it is no coded word, or is so already.
        Refused: the day cannot be.
        NotFound: there is no such patient.
        NotPermitted: the author is not on the staff list.
    """
    if payer is not None:
        payer_named(payer)
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        patient = registry.patient(work.connection, read_patient_key(key))
        work.load(patient_stream(patient.key))
        day = on or work.today
        refuse_impossible(day, work.today, patient.person.born)
        if history.payer_at(work.connection, ledger, patient.key, day) == payer:
            said = f"{payer} pays" if payer else "nobody pays"
            raise BadInput(
                f"{said} for {patient.key} on {day} already",
                f"sitrack patient show {patient.key}",
            )
        entry = _pays(work, author, who, patient.key, payer, day)
        now = history.payer_at(work.connection, ledger, patient.key, work.today)
        registry.set_payer(work, patient.key, now)
        return replace(patient, payer=now), entry


def _pays(
    work: Work,
    author: Author,
    who: Provenance,
    key: str,
    payer: str | None,
    day: dt.date,
) -> Entry:
    payload = {**author.payload(), "payer": payer}
    return work.append(patient_stream(key), Draft(PAYER_SET, day, who, payload=payload))


def add_staff(
    ledger: Ledger,
    author: Author,
    member: Staff,
    *,
    dry_run: bool = False,
) -> tuple[Staff, Entry]:
    """Put somebody on the staff list. The first one may be added by anybody.

    Raises:
        BadInput: the id is shared, malformed or taken.
        NotPermitted: the author is not on the list, once there is one.
    """
    with writing(ledger, dry_run=dry_run) as work:
        registry.one_at_a_time(work.connection)
        first = not staff.everybody(work.connection)
        if first:
            who = Provenance(None, member.id, author.source)
        else:
            who = provenance(work, author)
        added = staff.add(work, member.id, member.role, member.email, member.zone)
        payload: Mapping[str, Any] = {
            **author.payload(),
            "staff": added.id,
            "role": added.role,
        }
        entry = work.append(
            "office", Draft("staff-added", work.today, who, payload=payload)
        )
        return added, entry


def change_role(
    ledger: Ledger, author: Author, staff_id: str, role: str, *, dry_run: bool = False
) -> tuple[Staff, Entry]:
    """Give somebody on the staff list another role; an admin's, another admin changes.

    Raises:
        NotFound: nobody of that id is on the staff list.
        BadInput: it is no role, or the one that they have.
        NotPermitted: an admin would change their own, or the author may change none.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who, found = _of_somebody_else(work, author, staff_id)
        changed = staff.give_role(work, found, role)
        payload = {
            **author.payload(),
            "staff": changed.id,
            "role": changed.role,
            "was": found.role,
        }
        entry = work.append(
            "office", Draft("role-changed", work.today, who, payload=payload)
        )
        return changed, entry


def retire_staff(
    ledger: Ledger, author: Author, staff_id: str, *, dry_run: bool = False
) -> tuple[Staff, Entry]:
    """End somebody's work with the record; an admin's, another admin ends.

    Raises:
        NotFound: nobody of that id is on the staff list.
        NotPermitted: an admin would end their own, the author may end nobody's, or it
            has ended already.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who, found = _of_somebody_else(work, author, staff_id)
        gone = staff.retire(work, found)
        payload = {**author.payload(), "staff": gone.id, "role": gone.role}
        entry = work.append(
            "office", Draft("staff-retired", work.today, who, payload=payload)
        )
        return gone, entry


def _of_somebody_else(
    work: Work, author: Author, staff_id: str
) -> tuple[Provenance, Staff]:
    """Who asks, and whom it is about; an admin's duties are not in their own hands."""
    registry.one_at_a_time(work.connection)
    who = provenance(work, author)
    found = staff.member(work.connection, staff_id)
    if found is None:
        raise NotFound(
            f"{staff.called(staff_id)} is not on the staff list", "sitrack staff list"
        )
    staff.refuse_retired(found)
    if found.role == "admin" and found.id == who.recorder:
        raise NotPermitted(
            "an admin's role is changed by another admin",
            "make somebody else an admin, who then changes yours",
        )
    return who, found
