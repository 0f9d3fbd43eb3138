"""Enrolling patients, and keeping the staff list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sitrack.errors import NotPermitted
from sitrack.journey.entries import Draft, Entry, Provenance
from sitrack.journey.patient import patient_stream
from sitrack.record import registry
from sitrack.record.journal import Ledger, Work, retried, writing
from sitrack.record.registry import Patient, Person, Staff


@dataclass(frozen=True, slots=True)
class Author:
    """Who is at the keyboard: a claim on SQLite, and the account beside it.

    Attributes:
        name: the staff id given with `--as` or in the settings; empty for none.
        account: the name of the operating system's account.
        source: where what is written comes from.
    """

    name: str
    account: str
    source: str = "clinic"

    def payload(self) -> dict[str, Any]:
        """What every entry keeps about the account it was written from."""
        return {"account": self.account}


def author_of(work: Work, author: Author) -> Staff:
    """Return the member of staff who writes.

    Raises:
        NotPermitted: nobody is named, or the name is not on the staff list.
    """
    name = author.name or author.account
    found = registry.staff(work.connection, name)
    if found is None:
        who = f"{name} is not on the staff list" if author.name else "say who you are"
        raise NotPermitted(
            who, "sitrack staff list, then --as ID (or set SITRACK_AS once)"
        )
    return found


def provenance(work: Work, author: Author, performer: str | None = None) -> Provenance:
    """Return who did it and who wrote it, both from the staff list.

    Raises:
        NotPermitted: one of them is not on it.
    """
    recorder = author_of(work, author)
    if performer is not None and registry.staff(work.connection, performer) is None:
        raise NotPermitted(
            f"{performer} is not on the staff list",
            f"sitrack staff add {performer} --role clinician",
        )
    return Provenance(performer, recorder.id, author.source)


def clinician_named(work: Work, name: str | None, what: str) -> Staff:
    """Return the clinician of that id.

    Raises:
        NotPermitted: nobody is named, or the person is no clinician.
    """
    found = registry.staff(work.connection, name) if name else None
    if found is None or found.role != "clinician":
        why = f"{name} is not one on the staff list" if name else "none is named"
        raise NotPermitted(
            f"{what} needs a clinician, and {why}", "see who is one: sitrack staff list"
        )
    return found


def enrol(
    ledger: Ledger, author: Author, person: Person, *, dry_run: bool = False
) -> tuple[Patient, Entry]:
    """Register a patient, and open the patient's stream.

    Raises:
        BadInput: the record number is taken.
        NotPermitted: the author is not on the staff list.
    """

    def act() -> tuple[Patient, Entry]:
        with writing(ledger, dry_run=dry_run) as work:
            who = provenance(work, author)
            patient = registry.add_patient(work, person)
            draft = Draft("enrolled", work.today, who, payload=author.payload())
            return patient, work.append(patient_stream(patient.key), draft)

    result: tuple[Patient, Entry] = retried(act)
    return result


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
        first = not registry.all_staff(work.connection)
        if first:
            who = Provenance(None, member.id, author.source)
        else:
            who = provenance(work, author)
        added = registry.add_staff(work, member.id, member.role, member.email)
        payload: Mapping[str, Any] = {
            **author.payload(),
            "staff": added.id,
            "role": added.role,
        }
        entry = work.append(
            "office", Draft("staff-added", work.today, who, payload=payload)
        )
        return added, entry
