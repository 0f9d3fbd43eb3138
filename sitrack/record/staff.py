"""The staff list: who works with the record, each under an id of their own."""

from __future__ import annotations

import functools
import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from sitrack.clock import zone_named
from sitrack.errors import BadInput
from sitrack.record import tables
from sitrack.record.journal import Work
from sitrack.record.roles import ROLES
from sitrack.settings import is_plain_address

_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,30}\Z", re.ASCII)
_SHARED: Final = {
    "admin",
    "administrator",
    "clinic",
    "coordinator",
    "doctor",
    "front-desk",
    "guest",
    "lead",
    "nurse",
    "office",
    "reception",
    "root",
    "staff",
    "system",
    "user",
}


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who works with the record: a personal id, a role, an address.

    Attributes:
        zone: IANA name of the time zone, where it is not the clinic's; or None.
    """

    id: str
    role: str
    email: str | None
    zone: str | None = None


def add(
    work: Work, staff_id: str, role: str, email: str | None, zone: str | None = None
) -> Staff:
    """Register somebody who works with the record, under an id of their own.

    Raises:
        BadInput: the id is shared, malformed or taken, or the role or address is none.
    """
    if not _ID.match(staff_id) or staff_id in _SHARED:
        raise BadInput(
            "a staff id names one person: lower-case letters, digits, hyphens",
            "such as: sitrack staff add rivera --role coordinator",
        )
    _refuse_unknown(role)
    if email is not None and not is_plain_address(email):
        raise BadInput("that is not one e-mail address")
    if member(work.connection, staff_id) is not None:
        raise BadInput(f"{staff_id} is on the staff list already", "sitrack staff list")
    added = Staff(staff_id, role, email, zone_named(zone).key if zone else None)
    work.connection.execute(insert(tables.staff), asdict(added))
    return added


def _refuse_unknown(role: str) -> None:
    if role not in ROLES:
        raise BadInput("that is not a role", ", ".join(ROLES))


def give_role(work: Work, found: Staff, role: str) -> Staff:
    """Give somebody on the staff list another role.

    Raises:
        BadInput: it is no role, or the one that they have.
    """
    _refuse_unknown(role)
    if role == found.role:
        raise BadInput(f"{found.id} has that role already", "sitrack staff list")
    table = tables.staff
    change = update(table).where(table.c.id == found.id).values(role=role)
    work.connection.execute(change)
    return replace(found, role=role)


def member(connection: Connection, staff_id: str) -> Staff | None:
    """Return the member of staff of that id, or None."""
    found = connection.execute(_member_query(), {"of": staff_id}).mappings()
    row = found.one_or_none()
    return None if row is None else Staff(**row)


def everybody(connection: Connection) -> list[Staff]:
    """Return everybody on the staff list, by id."""
    query = select(tables.staff).order_by(tables.staff.c.id)
    return [Staff(**row) for row in connection.execute(query).mappings()]


def held_roles(connection: Connection) -> set[str]:
    """Return every role that somebody on the staff list has."""
    return set(connection.execute(_roles_query()).scalars())


# Put together once, when they are first needed: they are asked at every command.


@functools.cache
def _member_query() -> Select[Any]:
    return select(tables.staff).where(tables.staff.c.id == bindparam("of"))


@functools.cache
def _roles_query() -> Select[Any]:
    return select(tables.staff.c.role).distinct()
