"""Puts the resources together: one bundle of the type `collection`, for a file.

Resources come in a fixed order and with ids of the record: the same record gives the
same bytes. It is written resource by resource, and never held whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sitrack.exchange.fhir import audit, care, provenance, signs
from sitrack.exchange.fhir.care import Asked
from sitrack.exchange.fhir.r4 import BASE, Resource
from sitrack.exchange.leaving import Journey
from sitrack.record.acts import Act
from sitrack.record.registry import Patient


def resources(
    found: Sequence[Journey],
    people: Mapping[str, Patient],
    roles: Mapping[str, str],
    asked: Asked,
    version: str,
    acts: Sequence[Act] = (),
) -> Iterator[Resource]:
    """Return every resource, in its order.

    Args:
        found: the journeys.
        people: the patients, by their keys.
        roles: the role of each member of staff, by their ids.
        asked: what the export is to say.
        version: of this software.
        acts: who looked, where that is asked for.
    """
    told: set[str] = set()
    yield care.device(version)
    for journey in found:
        yield from _people(journey, people, roles, asked, told)
        yield from care.of_journey(journey, asked)
        yield from signs.of_journey(journey, asked.names)
        yield from provenance.of_journey(journey, asked.names)
    yield from audit.events(acts, found, roles, asked, told)


def _people(
    journey: Journey,
    people: Mapping[str, Patient],
    roles: Mapping[str, str],
    asked: Asked,
    told: set[str],
) -> Iterator[Resource]:
    """Whom a journey speaks of, each at their first."""
    key = journey.episode.key.patient
    if key not in told:
        told.add(key)
        yield care.patient(people[key], asked)
    named = {asked.names.staff(each): each for each in care.staff_of(journey)}
    for name in sorted(named.keys() - told):
        told.add(name)
        yield care.practitioner(name, roles.get(named[name]))


def lines(found: Iterable[Resource]) -> Iterator[str]:
    """Return the bundle, a line for each resource."""
    yield '{"resourceType": "Bundle", "type": "collection", "entry": ['
    before = ""
    for each in found:
        url = f"{BASE}/{each['resourceType']}/{each['id']}"
        entry = json.dumps({"fullUrl": url, "resource": each}, ensure_ascii=True)
        if before:
            yield f"{before},"
        before = entry
    yield before
    yield "]}"
