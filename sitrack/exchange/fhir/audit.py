"""Who read, was refused, took away or got a role, as FHIR AuditEvent.

Shaped as IHE BALP asks (a slice for the patient, one for the data, one requestor beside
the software), and not conformant: nobody here speaks REST. The codes of DICOM name the
act [PS3.15 A.5.3], those of HL7 why.

An act is told once for each patient of the export whom it was about, so that their days
move with them; a read of nobody in it is left out. What concerns no patient (roles,
refusals, a glass broken, an export of everything) is told once.

Where days are moved, only what was about a single patient is told. The day of anything
else would say by how much: today's worklist shows everybody who is waiting, and its
last day is that of the export.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sitrack.exchange.fhir.care import Asked, practitioner
from sitrack.exchange.fhir.r4 import (
    BASE,
    Resource,
    coding,
    concept,
    instant,
    reference,
    resource,
)
from sitrack.exchange.leaving import Journey
from sitrack.exchange.pseudonyms import Names
from sitrack.journey.entries import EXPORTED
from sitrack.record.access import BROKEN_GLASS, READ, REFUSED
from sitrack.record.acts import ROLES_CHANGED, Act

DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_WHY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT: Final = "http://terminology.hl7.org/CodeSystem/object-role"

_TYPES: Final = {
    READ: ("110110", "Patient Record", "R"),
    EXPORTED: ("110106", "Export", "R"),
    REFUSED: ("110113", "Security Alert", "E"),
    BROKEN_GLASS: ("110113", "Security Alert", "E"),
    "staff-added": ("110136", "Security Roles Changed", "C"),
    "role-changed": ("110136", "Security Roles Changed", "U"),
    "staff-retired": ("110136", "Security Roles Changed", "U"),
}
"""Of each kind of act the event, what it is called, and what was done: R read, E tried,
C made, U changed."""
_GLASS: Final = ("110127", "Emergency Override Started")
_APPLICATION: Final = ("110150", "Application")

_OUTCOMES: Final = {"not-eligible": "4", "not-permitted": "8"}
"""What was not done for a reason; what nobody let happen. All else succeeded: 0."""

_OPERATIONS: Final = frozenset({"export", "audit", "staff", "protocol"})
_OPERATORS: Final = frozenset({"auditor", "admin", "scheduler"})
"""Kinds of data, and roles, that are about running the clinic and not about a patient's
treatment."""

_PERSON, _OBJECT_OF_SYSTEM = ("1", "Person"), ("2", "System Object")
_PATIENT, _DOMAIN, _USER = (
    ("1", "Patient"),
    ("4", "Domain Resource"),
    ("11", "Security User Entity"),
)

Roles = dict[str, str]


def events(
    acts: Sequence[Act],
    journeys: Sequence[Journey],
    roles: Mapping[str, str],
    asked: Asked,
    told: set[str],
) -> Iterator[Resource]:
    """Return the events, patient by patient, then those of nobody.

    Args:
        acts: in the order of their writing.
        journeys: those of the bundle; of other patients nothing is told.
        roles: the role that each member of staff has now.
        asked: what the export is to say of whom.
        told: the names of the staff who stand in the bundle; who is missing is added.
    """
    names = asked.names
    telling = _Telling(names, journeys, _roles_then(acts))
    for patient, number in telling.in_order(acts):
        act = acts[number]
        for staff_id in _staff_of(act):
            name = names.staff(staff_id)
            if name not in told:
                told.add(name)
                yield practitioner(name, roles.get(staff_id))
        yield telling.event(number, act, patient)


def _staff_of(act: Act) -> Iterator[str]:
    if not _is_account(act.who):
        yield act.who
    if act.kind in ROLES_CHANGED and "staff" in act.said:
        yield str(act.said["staff"])


def _is_account(who: str) -> bool:
    """Nobody on the staff list: the account of a machine, and no practitioner."""
    return who.startswith("account:")


def _roles_then(acts: Sequence[Act]) -> list[str | None]:
    """The role of who acted, at each act."""
    held: Roles = {}
    then = []
    for act in acts:
        if act.kind in ROLES_CHANGED and "staff" in act.said:
            held[str(act.said["staff"])] = str(act.said["role"])
        then.append(held.get(act.who))
    return then


class _Telling:
    """Acts on their way into a bundle."""

    def __init__(
        self, names: Names, journeys: Sequence[Journey], then: Sequence[str | None]
    ) -> None:
        self.names, self.then = names, then
        self.plans = {str(each.episode.key): each.name for each in journeys}
        self.patients = list(
            dict.fromkeys(each.episode.key.patient for each in journeys)
        )

    def in_order(self, acts: Sequence[Act]) -> Iterator[tuple[str | None, int]]:
        """(patient, place of the act): a patient's own together, in their order."""
        of: dict[str, list[int]] = {patient: [] for patient in self.patients}
        nobodys = []
        for number, act in enumerate(acts):
            about = {key.partition("-")[0] for key in act.keys}
            if self.names.shift_days and len(about) != 1:
                continue
            there = about & of.keys()
            for patient in there:
                of[patient].append(number)
            if (
                not there
                and act.kind != READ
                and not (act.kind == EXPORTED and act.keys)
            ):
                nobodys.append(number)
        for patient, numbers in of.items():
            yield from zip(itertools.repeat(patient), numbers)
        if not self.names.shift_days:
            yield from zip(itertools.repeat(None), nobodys)

    def event(self, number: int, act: Act, patient: str | None) -> Resource:
        code, display, action = _TYPES[act.kind]
        role = self.then[number]
        return resource(
            "AuditEvent",
            f"a-{self.names.act(act.entry_id, patient)}",
            extension=self._place(act),
            type=coding(DICOM, code, display),
            subtype=list(self._subtypes(act)),
            action=action,
            recorded=self._recorded(act, patient),
            outcome=_OUTCOMES.get(str(act.said.get("outcome")), "0"),
            outcomeDesc=act.said.get("outcome"),
            purposeOfEvent=[concept(_WHY, _why(act, role))],
            agent=[self._requestor(act, role), _software()],
            source={"observer": reference("Device", "sitrack")},
            entity=list(self._entities(act, patient)),
        )

    def _place(self, act: Act) -> list[dict[str, Any]] | None:
        """Where it stands in the record; it would join two exports of it."""
        if not self.names.are_real:
            return None
        inside = [
            {"url": "stream", "valueString": act.stream},
            {"url": "seq", "valueInteger": act.seq},
            {"url": "hash", "valueString": act.hash},
        ]
        return [
            {"url": f"{BASE}/StructureDefinition/ledger-entry", "extension": inside}
        ]

    def _subtypes(self, act: Act) -> Iterator[dict[str, Any]]:
        if act.kind == BROKEN_GLASS or act.said.get("break_glass"):
            yield coding(DICOM, *_GLASS)
            yield coding(
                "break-glass", str(act.said.get("code") or act.said["break_glass"])
            )
        if "command" in act.said:
            yield coding("command", str(act.said["command"]))
        elif act.kind == EXPORTED:
            yield coding("export", str(act.said.get("what", "erased")))
        else:
            yield coding("role-change", act.kind)

    def _recorded(self, act: Act, patient: str | None) -> str:
        """To the moment only where nobody is hidden."""
        if self.names.are_real:
            return instant(act.recorded)
        day = act.recorded.astimezone(self.names.zone).date()
        return instant(self.names.day(patient, day) if patient else day)

    def _requestor(self, act: Act, role: str | None) -> dict[str, Any]:
        name = self.names.staff(act.who)
        who: dict[str, Any] = reference("Practitioner", f"s-{name}")
        if _is_account(act.who):
            who = {"identifier": {"system": f"{BASE}/account", "value": name}}
        agent: dict[str, Any] = {"who": who, "requestor": True}
        if role is not None:
            agent["role"] = [concept("role", role)]
        if self.names.are_real and act.said.get("account"):
            agent["altId"] = str(act.said["account"])
        return agent

    def _entities(self, act: Act, patient: str | None) -> Iterator[dict[str, Any]]:
        if act.kind in ROLES_CHANGED:
            yield self._member(act)
            return
        if patient is None:
            yield _entity(None, _OBJECT_OF_SYSTEM, _DOMAIN, _scope(act), _details(act))
            return
        whose = reference("Patient", f"p-{self.names.patient(patient)}")
        yield _entity(whose, _PERSON, _PATIENT)
        plans = [
            reference("CarePlan", f"c-{self.plans[key]}")
            for key in act.keys
            if key.partition("-")[0] == patient and key in self.plans
        ]
        for what in plans or [whose]:
            yield _entity(what, _OBJECT_OF_SYSTEM, _DOMAIN, _scope(act), _details(act))

    def _member(self, act: Act) -> dict[str, Any]:
        """Whose role it was."""
        if "staff" not in act.said:
            return _entity(None, _PERSON, _USER, _scope(act))
        name = self.names.staff(str(act.said["staff"]))
        told = [(each, act.said.get(each)) for each in ("role", "was")]
        return _entity(
            reference("Practitioner", f"s-{name}"), _PERSON, _USER, details=told
        )


def _why(act: Act, role: str | None) -> str:
    of_operations = _scope(act) in _OPERATIONS or role in _OPERATORS
    return "HOPERAT" if of_operations else "TREAT"


def _scope(act: Act) -> str:
    """The kind of data that it was about."""
    if act.kind in ROLES_CHANGED:
        return "staff"
    return "export" if act.kind == EXPORTED else str(act.said.get("scope", "record"))


def _details(act: Act) -> list[tuple[str, Any]]:
    """How it was shown; a digest or a count would join two exports."""
    return [("form", act.said.get("form") or act.said.get("format"))]


def _software() -> dict[str, Any]:
    return {
        "type": concept(DICOM, *_APPLICATION),
        "who": reference("Device", "sitrack"),
        "requestor": False,
    }


def _entity(
    what: dict[str, str] | None,
    kind: tuple[str, str],
    role: tuple[str, str],
    name: str | None = None,
    details: Sequence[tuple[str, Any]] = (),
) -> dict[str, Any]:
    detail = [
        {"type": word, "valueString": str(value)} for word, value in details if value
    ]
    entity = {
        "what": what,
        "type": coding(_ENTITY, *kind),
        "role": coding(_OBJECT, *role),
        "name": name,
        "detail": detail or None,
    }
    return {key: value for key, value in entity.items() if value is not None}
