"""Who wrote each entry, when it happened and when it was written, as FHIR Provenance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sitrack.exchange.fhir.care import stay_of
from sitrack.exchange.fhir.r4 import (
    BASE,
    Resource,
    coding,
    concept,
    instant,
    moment,
    reference,
    resource,
)
from sitrack.exchange.fhir.signs import resource_of
from sitrack.exchange.leaving import Journey
from sitrack.exchange.pseudonyms import Names
from sitrack.journey.entries import CORRECTED, RETRACTED, Entry

_OPERATION: Final = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
_ACTIVITY: Final = {
    CORRECTED: ("UPDATE", "amend"),
    RETRACTED: ("NULLIFY", "deprecate"),
}
_FIRST: Final = ("CREATE", "originate")


def of_journey(journey: Journey, names: Names) -> Iterator[Resource]:
    """Return one for each entry, in their order."""
    for entry in journey.entries:
        yield _of_entry(journey, entry, names)


def _of_entry(journey: Journey, entry: Entry, names: Names) -> Resource:
    patient = journey.episode.key.patient
    at, exact = names.happened(patient, entry.occurred)
    written = names.day(patient, entry.recorded.astimezone(names.zone).date())
    operation, lifecycle = _ACTIVITY.get(entry.kind, _FIRST)
    activity = concept(_OPERATION, operation)
    activity["coding"] += [
        coding(_LIFECYCLE, lifecycle),
        coding("action", _action(entry)),
    ]
    return resource(
        "Provenance",
        f"w-{journey.name}-{entry.seq}",
        extension=[_ledger_entry(journey, entry, names)],
        target=_targets(journey, entry),
        occurredDateTime=moment(at, exact=exact),
        recorded=instant(entry.recorded if names.are_real else written),
        activity=activity,
        agent=list(_agents(entry, names)),
        entity=_entities(journey, entry),
    )


def _action(entry: Entry) -> str:
    return str((entry.payload or {}).get("move", entry.kind))


def _ledger_entry(journey: Journey, entry: Entry, names: Names) -> dict[str, Any]:
    """Where it stands in the record; its hash would join two exports of it."""
    inside: list[dict[str, Any]] = [
        {"url": "stream", "valueString": journey.name},
        {"url": "seq", "valueInteger": entry.seq},
    ]
    if names.are_real:
        inside.append({"url": "hash", "valueString": entry.hash})
    return {"url": f"{BASE}/StructureDefinition/ledger-entry", "extension": inside}


def _targets(journey: Journey, entry: Entry) -> list[dict[str, str]]:
    """The stays that it ended and began, or the evidence that it states."""
    found = []
    visits = list(journey.episode.visits)
    for place, visit in enumerate(visits):
        if visit.seq == entry.seq:
            found += [stay_of(journey, visits[place - 1].seq)] if place else []
            found.append(stay_of(journey, visit.seq))
    stated = resource_of(journey, entry.seq)
    if stated is not None:
        found.append(stated)
    if not found and entry.corrects is not None:
        amended = _amended(journey, entry.corrects)
        found += [amended] if amended else []
    return found or [reference("CarePlan", f"c-{journey.name}")]


def _amended(journey: Journey, number: int) -> dict[str, str] | None:
    if any(visit.seq == number for visit in journey.episode.visits):
        return stay_of(journey, number)
    return resource_of(journey, number)


def _agents(entry: Entry, names: Names) -> Iterator[dict[str, Any]]:
    who = entry.provenance
    first = who.performer or who.recorder
    attests = entry.kind == "attestation"
    role = "attester" if attests else "performer" if who.performer else "enterer"
    yield _agent(role, first, names)
    if who.performer and who.performer != who.recorder:
        yield _agent("enterer", who.recorder, names)
    yield {
        "type": concept(_ROLE, "assembler"),
        "who": reference("Device", "sitrack"),
    }


def _agent(role: str, staff_id: str, names: Names) -> dict[str, Any]:
    return {
        "type": concept(_ROLE, role),
        "who": reference("Practitioner", f"s-{names.staff(staff_id)}"),
    }


def _entities(journey: Journey, entry: Entry) -> list[dict[str, Any]] | None:
    """What an amendment amends."""
    if entry.corrects is None:
        return None
    amended = _amended(journey, entry.corrects)
    if amended is None:
        return None
    role = "removal" if entry.kind == RETRACTED else "revision"
    return [{"role": role, "what": amended}]
