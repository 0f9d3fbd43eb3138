"""The staff list: who works with the record, each under an id of their own."""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from sitrack.clock import zone_named
from sitrack.errors import BadInput, NotPermitted, may_be_repeated
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
        retired: the day from which they work with the record no more, or None.
    """

    id: str
    role: str
    email: str | None
    zone: str | None = None
    retired: dt.date | None = None


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
    before = member(work.connection, staff_id)
    if before is not None:
        why = "retired, and an id is one person's for ever"
        there = why if before.retired else "on the staff list already"
        raise BadInput(f"{staff_id} is {there}", "sitrack staff list")
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


def retire(work: Work, found: Staff) -> Staff:
    """End somebody's work with the record; what they wrote keeps their name.

    Their address goes: what would have been sent to them is undeliverable, and so
    comes up on the worklist.
    """
    table = tables.staff
    gone = {"retired": work.today, "email": None}
    work.connection.execute(update(table).where(table.c.id == found.id).values(gone))
    return replace(found, retired=work.today, email=None)


def refuse_retired(found: Staff) -> None:
    """Refuse somebody who works with the record no more.

    Raises:
        NotPermitted: since when.
    """
    if found.retired is not None:
        raise NotPermitted(
            f"{found.id} is retired since {found.retired}", "sitrack staff list"
        )


def called(name: str) -> str:
    """Return how an error calls somebody by the id that was typed for them."""
    return name if may_be_repeated(name) else "whoever was named"


def active(connection: Connection, staff_id: str) -> Staff | None:
    """Return the member of staff of that id who works with the record today, or None."""
    found = member(connection, staff_id)
    return found if found is not None and found.retired is None else None


def member(connection: Connection, staff_id: str) -> Staff | None:
    """Return who has that id, retired or not; or None."""
    found = connection.execute(_member_query(), {"of": staff_id}).mappings()
    row = found.one_or_none()
    return None if row is None else Staff(**row)


def acting(login: str | None, claimed: str, account: str) -> str:
    """Return by which id somebody acts: their login's, else as claimed, else the account's.

    Args:
        login: whose login of the server it is; None where a name is a claim.
        claimed: the id given with the command or in the settings; empty for none.
        account: the account of the operating system.

    Raises:
        NotPermitted: the login is one person's, and the name another's.
    """
    if login is None:
        return claimed or account
    if claimed not in {"", login}:
        raise NotPermitted(
            f"this is the login of {login}, who acts under no other name",
            "leave out --as, and unset SITRACK_AS",
        )
    return login


def everybody(connection: Connection) -> list[Staff]:
    """Return everybody who is or was on the staff list, by id."""
    query = select(tables.staff).order_by(tables.staff.c.id)
    return [Staff(**row) for row in connection.execute(query).mappings()]


def held_roles(connection: Connection) -> set[str]:
    """Return every role that somebody has who is not retired."""
    return set(connection.execute(_roles_query()).scalars())


# Put together once, when they are first needed: they are asked at every command.


@functools.cache
def _member_query() -> Select[Any]:
    return select(tables.staff).where(tables.staff.c.id == bindparam("of"))


@functools.cache
def _roles_query() -> Select[Any]:
    is_active = tables.staff.c.retired.is_(None)
    return select(tables.staff.c.role).where(is_active).distinct()
