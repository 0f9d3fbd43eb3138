"""Patients as people. Personal data live here, apart from every journey."""

from __future__ import annotations

import datetime as dt
import itertools
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from sitrack.clock import zone_named
from sitrack.errors import BadInput, NotFound, repeated
from sitrack.journey.patient import initials, patient_key
from sitrack.record import tables
from sitrack.record.journal import Work

_MOST_FOUND: Final = 100

_named = tables.patient.alias("named")

# Put together once: it is asked at every write.
_PATIENT: Final = (
    select(tables.patient)
    .join(
        _named,
        tables.patient.c.key == func.coalesce(_named.c.merged_into, _named.c.key),
    )
    .where(_named.c.key == bindparam("of"))
)
_REGISTERED: Final = select(tables.patient).where(
    tables.patient.c.key == bindparam("of")
)


@dataclass(frozen=True, slots=True)
class Person:
    """A patient's identity.

    Attributes:
        given: given name.
        family: family name.
        born: date of birth, or None where it is not known.
        mrn: the clinic's medical record number, or None.
        zone: IANA name of the time zone, where it is not the clinic's; or None.
    """

    given: str
    family: str
    born: dt.date | None
    mrn: str | None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as registered: the key, the person behind it, and who pays.

    Attributes:
        key: `P01428`.
        person: the identity, which screens show only where asked for.
        payer: a coded word, or None where no payer is set.
    """

    key: str
    person: Person
    payer: str | None = None

    @property
    def initials(self) -> str:
        """What screens show of the name."""
        return initials(self.person.given, self.person.family)


def read_person(raw: Mapping[str, Any]) -> Person:
    """Return the person that a form or a JSON object describes.

    Raises:
        BadInput: a field is missing, unknown or wrong; the values are not repeated.
    """
    _refuse_unknown(raw)
    given, family = _line(raw, "given"), _line(raw, "family")
    if not given or not family:
        raise BadInput("given is missing" if not given else "family is missing")
    return Person(given, family, _born(raw), _line(raw, "mrn"), _zone(raw))


_FIELDS: Final = ("given", "family", "born", "mrn", "zone")


def _refuse_unknown(raw: Mapping[str, Any]) -> None:
    for name in raw:
        if name not in _FIELDS:
            raise BadInput(
                f"a patient has no field {repeated(name, 'of that name')}",
                ", ".join(_FIELDS),
            )


def _line(raw: Mapping[str, Any], name: str) -> str | None:
    """A field's text without the spaces around it, in one normal form, or None."""
    value = raw.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 100 or not value.isprintable():
        raise BadInput(f"{name} must be a line of at most 100 characters")
    return unicodedata.normalize("NFC", value.strip()) or None


def _zone(raw: Mapping[str, Any]) -> str | None:
    name = _line(raw, "zone")
    return zone_named(name).key if name else None


def _born(raw: Mapping[str, Any]) -> dt.date | None:
    return read_born(raw["born"]) if raw.get("born") else None


_REGISTRY_LOCK: Final = 7_431_202_602


def one_at_a_time(connection: Connection) -> None:
    """On a server, let nobody else register people until this command ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_REGISTRY_LOCK)))


def add_patient(work: Work, person: Person) -> Patient:
    """Register a person under the next free key.

    Raises:
        BadInput: the medical record number is taken, or the birth lies ahead.
    """
    if person.born is not None and person.born > work.today:
        raise BadInput("born lies in the future")
    one_at_a_time(work.connection)
    table = tables.patient
    if person.mrn is not None:
        query = select(table.c.key).where(table.c.mrn == person.mrn)
        taken = work.connection.execute(query).scalar()
        if taken:
            raise BadInput(
                f"that record number belongs to {taken}", f"sitrack show {taken}"
            )
    highest = work.connection.execute(select(func.max(table.c.number))).scalar()
    number = (highest or 0) + 1
    key = patient_key(number)
    work.connection.execute(
        insert(table),
        {
            "key": key,
            "number": number,
            "given": person.given,
            "family": person.family,
            "born": person.born,
            "mrn": person.mrn,
            "zone": person.zone,
        },
    )
    return Patient(key, person)


def patient(connection: Connection, key: str) -> Patient:
    """Return the patient of that key; of one who was merged, the survivor.

    Raises:
        NotFound: there is none.
    """
    return _found(connection, _PATIENT, key)


def registered(connection: Connection, key: str) -> Patient:
    """Return who was registered under that very key, merged or not.

    Raises:
        NotFound: nobody was.
    """
    return _found(connection, _REGISTERED, key)


def _found(connection: Connection, query: Select[Any], key: str) -> Patient:
    row = connection.execute(query, {"of": key}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no patient {key}", "sitrack patient find")
    return _patient_of(dict(row))


def _patient_of(row: Mapping[str, Any]) -> Patient:
    person = Person(row["given"], row["family"], row["born"], row["mrn"], row["zone"])
    return Patient(row["key"], person, row["payer"])


def set_payer(work: Work, key: str, payer: str | None) -> None:
    """Keep who pays for a patient now; the patient's stream says since when."""
    table = tables.patient
    statement = update(table).where(table.c.key == key).values(payer=payer)
    work.connection.execute(statement)


def find_patients(connection: Connection, raw: Mapping[str, Any]) -> list[Patient]:
    """Return patients by the beginning of a name, by birth date, or by record number.

    Who was merged is found by what they were registered with, and is the survivor.

    Raises:
        BadInput: nothing to look for was given, or it cannot be looked for.
    """
    _refuse_unknown(raw)
    given, family = _line(raw, "given"), _line(raw, "family")
    exact = {"born": _born(raw), "mrn": _line(raw, "mrn")}
    if not (given or family or any(exact.values())):
        raise BadInput("give a name, a date of birth or a record number to look for")
    table = tables.patient
    query = select(table).order_by(table.c.number)
    for name, value in exact.items():
        if value is not None:
            query = query.where(table.c[name] == value)
    # Names are compared here: databases disagree about letters beyond ASCII.
    rows = connection.execute(query).mappings()
    keys = (
        str(row["merged_into"] or row["key"])
        for row in rows
        if _begins(row["given"], given) and _begins(row["family"], family)
    )
    some = list(dict.fromkeys(itertools.islice(keys, _MOST_FOUND)))
    return [registered(connection, key) for key in some]


def _begins(name: str, wanted: str | None) -> bool:
    return name.casefold().startswith((wanted or "").casefold())


def read_born(text: Any) -> dt.date:
    """Return a date of birth.

    Raises:
        BadInput: it is not a date.
    """
    try:
        return dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadInput("born must be a date such as 1970-05-31") from None
