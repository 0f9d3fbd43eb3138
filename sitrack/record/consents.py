"""How patients may be reached: addresses, and consent to each of them, one by one.

Consent belongs to a person, a channel and an address together: whoever consents to a
text message on one number has not consented to another, or to e-mail. A STOP comes
from a number, whoever may share it, and silences that number for everybody.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.sql import ColumnElement

from sitrack.errors import BadInput, NotFound
from sitrack.record import tables
from sitrack.record.journal import Work
from sitrack.settings import is_plain_address

KINDS: Final = ("sms", "email")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}\Z", re.ASCII)
_BETWEEN_DIGITS: Final = str.maketrans("", "", " -./()\u00a0")


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One way to one patient.

    Attributes:
        id: its number; what entries name, so that no address stands in them.
        patient: key of the patient.
        channel: `sms` or `email`.
        address: kept out of `repr`, and so out of logs.
        consent: `given`, `withdrawn` or `wrong-number`.
        since: since that day.
    """

    id: int
    patient: str
    channel: str
    address: str = field(repr=False)
    consent: str
    since: dt.date


def read_address(channel: str, text: str) -> str:
    """Return an address as it is kept: an e-mail address, or a number as +41791234567.

    Raises:
        BadInput: it is none; it is not repeated.
    """
    plain = text.strip()
    if channel == "email":
        if not is_plain_address(plain):
            raise BadInput("that is not one e-mail address")
        return plain
    number = plain.translate(_BETWEEN_DIGITS)
    if not _NUMBER.match(number):
        raise BadInput(
            "that is not a number with its country code", "such as +44 20 7946 0000"
        )
    return number


def points_of(connection: Connection, patient: str) -> list[ContactPoint]:
    """Return every way to a patient, the latest first."""
    table = tables.contact_point
    query = select(table).where(table.c.patient == patient)
    return [
        ContactPoint(**row)
        for row in connection.execute(
            query.order_by(table.c.since.desc(), table.c.id.desc())
        ).mappings()
    ]


def _may_be_used() -> ColumnElement[bool]:
    points, stops = tables.contact_point, tables.opt_out
    stopped = (
        select(stops.c.address)
        .where(stops.c.channel == points.c.channel, stops.c.address == points.c.address)
        .exists()
    )
    return and_(points.c.consent == "given", ~stopped)


def address_of(connection: Connection, patient: str, channel: str) -> str | None:
    """Return where a patient consents to be reached so, the latest; or None."""
    table = tables.contact_point
    query = (
        select(table.c.address)
        .where(table.c.patient == patient, table.c.channel == channel, _may_be_used())
        .order_by(table.c.since.desc(), table.c.id.desc())
        .limit(1)
    )
    found: str | None = connection.execute(query).scalar()
    return found


def consenting(
    connection: Connection, patients: Collection[str], channel: str
) -> set[str]:
    """Return those of the patients who consent to be reached so."""
    table = tables.contact_point
    query = select(table.c.patient).where(
        table.c.patient.in_(patients), table.c.channel == channel, _may_be_used()
    )
    return set(connection.execute(query).scalars())


def give(
    work: Work, patient: str, channel: str, address: str, *, after_stop: bool = False
) -> ContactPoint:
    """Write down that a patient consents to be reached so.

    Args:
        work: a writing transaction.
        patient: key of the patient.
        channel: `sms` or `email`.
        address: as `read_address` returns it.
        after_stop: a STOP came from this address, and the patient asked for messages
            again.

    Raises:
        BadInput: a STOP came from this address.
    """
    stops = tables.opt_out
    of_address = and_(stops.c.channel == channel, stops.c.address == address)
    if after_stop:
        work.connection.execute(delete(stops).where(of_address))
    elif work.connection.execute(select(stops).where(of_address)).first() is not None:
        raise BadInput(
            "somebody who uses this address said STOP",
            "where the patient asked for messages again: --after-stop",
        )
    table = tables.contact_point
    is_it = and_(
        table.c.patient == patient,
        table.c.channel == channel,
        table.c.address == address,
    )
    values = {"consent": "given", "since": work.today}
    changed = update(table).where(is_it).values(values).returning(table)
    row = work.connection.execute(changed).mappings().one_or_none()
    if row is None:
        place = {"patient": patient, "channel": channel, "address": address}
        fresh = insert(table).returning(table)
        row = work.connection.execute(fresh, place | values).mappings().one()
    return ContactPoint(**row)


def withdraw(
    work: Work,
    patient: str,
    channel: str | None = None,
    address: str | None = None,
    *,
    why: str = "withdrawn",
) -> list[ContactPoint]:
    """Write down that a patient is not to be reached so any more; return what changed.

    Args:
        work: a writing transaction.
        patient: key of the patient.
        channel: that one alone; None is every one.
        address: that one alone; None is every one.
        why: `withdrawn`, or `wrong-number`.

    Raises:
        NotFound: there is no consent to withdraw.
    """
    table = tables.contact_point
    wanted = [table.c.patient == patient, table.c.consent == "given"]
    wanted += [table.c.channel == channel] if channel else []
    wanted += [table.c.address == address] if address else []
    found = _changed(work, and_(*wanted), why)
    if not found:
        raise NotFound(
            f"{patient} gave no such consent", f"sitrack patient show {patient}"
        )
    return found


def stop(work: Work, channel: str, address: str) -> list[ContactPoint]:
    """Write down a STOP from an address; return whose consent it withdraws."""
    table = tables.opt_out
    of_address = and_(table.c.channel == channel, table.c.address == address)
    if work.connection.execute(select(table).where(of_address)).first() is None:
        row = {"channel": channel, "address": address, "since": work.today}
        work.connection.execute(insert(table), row)
    points = tables.contact_point
    its = and_(points.c.channel == channel, points.c.address == address)
    return _changed(work, and_(its, points.c.consent == "given"), "withdrawn")


def _changed(work: Work, which: Any, consent: str) -> list[ContactPoint]:
    table = tables.contact_point
    statement = (
        update(table)
        .where(which)
        .values(consent=consent, since=work.today)
        .returning(table)
    )
    rows = work.connection.execute(statement).mappings()
    return sorted((ContactPoint(**row) for row in rows), key=lambda each: each.id)
