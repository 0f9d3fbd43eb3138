"""Patients' consent to being reached: given, withdrawn, stopped, and who says so.

The entries name a way to a patient by its number, so that no address ever stands in
the permanent record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sitrack.coordination.people import Author, provenance
from sitrack.journey.entries import Draft, Entry
from sitrack.journey.patient import patient_stream, read_patient_key
from sitrack.record import consents, registry
from sitrack.record.consents import ContactPoint
from sitrack.record.journal import Work, retried, writing
from sitrack.record.ledger import Ledger, reading
from sitrack.record.registry import Patient

_KIND = "contact-consent"


@dataclass(frozen=True, slots=True)
class Said:
    """What was written about a patient's consent.

    Attributes:
        patient: whose it is.
        points: the ways to the patient that it is about.
        entry: the last entry that was written.
    """

    patient: Patient
    points: Sequence[ContactPoint]
    entry: Entry


def give(
    ledger: Ledger,
    author: Author,
    patient: str,
    channel: str,
    address: str,
    *,
    after_stop: bool = False,
    dry_run: bool = False,
) -> Said:
    """Write down that a patient consents to be reached at an address.

    Raises:
        BadInput: it is no address, or a STOP came from it.
        NotFound: there is no such patient.
        NotPermitted: the author is not on the staff list.
    """
    plain = consents.read_address(channel, address)

    def act() -> Said:
        with writing(ledger, dry_run=dry_run) as work:
            found = registry.patient(work.connection, read_patient_key(patient))
            work.load(patient_stream(found.key))
            point = consents.give(
                work, found.key, channel, plain, after_stop=after_stop
            )
            more = {"after_stop": True} if after_stop else {}
            return Said(found, [point], note_change(work, author, point, more))

    said: Said = retried(act)
    return said


def withdraw(
    ledger: Ledger,
    author: Author,
    patient: str,
    channel: str | None = None,
    address: str | None = None,
    *,
    dry_run: bool = False,
) -> Said:
    """Write down that a patient is not to be reached so any more.

    Without an address it is every one of the channel; without a channel, every one.

    Raises:
        NotFound: there is no such patient, or no consent to withdraw.
        NotPermitted: the author is not on the staff list.
    """
    plain = consents.read_address(channel or "sms", address) if address else None
    with writing(ledger, dry_run=dry_run) as work:
        found = registry.patient(work.connection, read_patient_key(patient))
        work.load(patient_stream(found.key))
        points = consents.withdraw(work, found.key, channel, plain)
        entries = [note_change(work, author, point) for point in points]
        return Said(found, points, entries[-1])


def stop(
    ledger: Ledger,
    author: Author,
    channel: str,
    address: str,
    *,
    dry_run: bool = False,
) -> Sequence[ContactPoint]:
    """Write down that STOP came from an address: nobody is reached there any more.

    Returns:
        Whose consent it took away.

    Raises:
        BadInput: it is no address.
        NotPermitted: the author is not on the staff list.
    """
    plain = consents.read_address(channel, address)

    def act() -> Sequence[ContactPoint]:
        with writing(ledger, dry_run=dry_run) as work:
            points = consents.stop(work, channel, plain)
            for point in points:
                work.load(patient_stream(point.patient))
                note_change(work, author, point, {"stop": True})
            who = provenance(work, author)
            told = {**author.payload(), "channel": channel, "people": len(points)}
            work.append("office", Draft("stop", work.today, who, payload=told))
            return points

    found: Sequence[ContactPoint] = retried(act)
    return found


def ways_to(ledger: Ledger, patient: str) -> Sequence[ContactPoint]:
    """Return every way to a patient, the latest first."""
    with reading(ledger) as connection:
        return consents.points_of(connection, patient)


def note_change(
    work: Work, author: Author, point: ContactPoint, more: dict[str, Any] | None = None
) -> Entry:
    """Write into the patient's stream what a way to the patient has become."""
    told = {"point": point.id, "channel": point.channel, "consent": point.consent}
    draft = Draft(
        _KIND,
        work.today,
        provenance(work, author),
        payload={**author.payload(), **told, **(more or {})},
    )
    return work.append(patient_stream(point.patient), draft)
