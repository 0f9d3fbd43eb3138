"""FHIR bundles by three checkers that share nothing with us, and by a table of targets.

None of them finds everything: HL7's schema knows wrong codes and not missing elements,
`fhir.resources` the other way round, and neither follows a reference.
"""

import gzip
import json
from collections import Counter
from importlib import import_module
from pathlib import Path

import jsonschema_rs
import pytest

from sitrack.exchange.fhir import bundle
from sitrack.exchange.fhir.care import Asked
from sitrack.journey.entries import RETRACTED
from sitrack.record import registry
from sitrack.record.ledger import reading
from tests.exchange.clinic_abroad import HIDDEN, found_in, lived, names_of

SCHEMA = Path(__file__).parent / "fhir-r4.schema.json.gz"
"""HL7's own, of the resources that we write (CC0)."""
ROLES = {"rivera": "coordinator", "osei": "clinician"}
TARGETS = {
    ("CarePlan", "subject"): {"Patient"},
    ("CarePlan", "author"): {"Practitioner"},
    ("CarePlan", "addresses"): {"Condition"},
    ("CarePlan", "activity.reference"): {"Task"},
    ("Condition", "subject"): {"Patient"},
    ("Task", "basedOn"): {"CarePlan"},
    ("Task", "for"): {"Patient"},
    ("Task", "focus"): {"Procedure"},
    ("Task", "owner"): {"Practitioner"},
    ("Procedure", "basedOn"): {"CarePlan"},
    ("Procedure", "subject"): {"Patient"},
    ("Procedure", "performer.actor"): {"Practitioner"},
    ("Observation", "basedOn"): {"CarePlan"},
    ("Observation", "subject"): {"Patient"},
    ("Observation", "partOf"): {"Procedure"},
    ("Observation", "performer"): {"Practitioner"},
    ("Communication", "basedOn"): {"CarePlan", "Task"},
    ("Communication", "subject"): {"Patient"},
    ("Communication", "sender"): {"Practitioner", "Device"},
    ("Provenance", "target"): {
        *("Task", "CarePlan", "Procedure", "Observation", "Communication"),
    },
    ("Provenance", "agent.who"): {"Practitioner", "Device"},
    ("Provenance", "entity.what"): {
        *("Task", "Procedure", "Observation", "Communication"),
    },
    ("AuditEvent", "agent.who"): {"Practitioner", "Device"},
    ("AuditEvent", "source.observer"): {"Device"},
    ("AuditEvent", "entity.what"): {"Patient", "CarePlan", "Practitioner"},
}


@pytest.fixture(params=["real", "hidden"])
def names(request, ledger):
    return names_of(ledger, HIDDEN if request.param == "hidden" else None, 20)


@pytest.fixture
def found(ledger, names, tmp_path):
    lived(ledger, tmp_path)
    return found_in(ledger, names)


def text_of(ledger, found, names, unmasked=False, acts=()):
    with reading(ledger) as connection:
        keys = {journey.episode.key.patient for journey in found}
        people = {key: registry.patient(connection, key) for key in keys}
    asked = Asked(names, "M53.3", unmasked)
    made = bundle.resources(found, people, ROLES, asked, "1", acts)
    return "\n".join(bundle.lines(made)) + "\n"


def resources_of(text):
    return [entry["resource"] for entry in json.loads(text)["entry"]]


def test_no_checker_finds_a_fault(ledger, found, names):
    whole = json.loads(text_of(ledger, found, names))
    assert list(schema_faults(whole)) == []
    assert list(model_faults(whole)) == []
    assert list(our_faults(whole)) == []


def schema_faults(whole):
    """What HL7's schema finds."""
    schema = json.loads(gzip.decompress(SCHEMA.read_bytes()))
    for fault in jsonschema_rs.validator_for(schema).iter_errors(whole):
        yield fault.message


def model_faults(whole):
    """What the models of `fhir.resources` find."""
    for entry in whole["entry"]:
        kind = entry["resource"]["resourceType"]
        model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        try:
            model.model_validate(entry["resource"])
        except ValueError as error:
            yield str(error)


def our_faults(whole):
    """What neither of the others looks for."""
    there = {
        f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in whole["entry"]
    }
    urls = Counter(entry["fullUrl"] for entry in whole["entry"])
    yield from (f"{url} twice" for url, number in urls.items() if number > 1)
    for entry in whole["entry"]:
        resource = entry["resource"]
        for place, value in leaves(resource):
            if value in ([], {}, "", None):
                yield f"{place} is empty"
            if place.endswith("reference") and isinstance(value, str):
                yield from reference_faults(resource, place, value, there)
        for period in ("period", "executionPeriod"):
            told = resource.get(period, {})
            if told.get("start", "") > told.get("end", "9"):
                yield f"{resource['id']} ends before it starts"
        wrong = (
            resource.get("verificationStatus", {}).get("coding", [{}])[0].get("code")
        )
        if wrong == "entered-in-error" and "clinicalStatus" in resource:
            yield "con-5"


def reference_faults(resource, place, value, there):
    if value not in there:
        yield f"{value} is not there"
    where = place.removesuffix(".reference")
    if value.partition("/")[0] not in TARGETS[resource["resourceType"], where]:
        yield f"{resource['resourceType']}.{where} leads to {value}"


def leaves(value, place=""):
    """Every value of a document with the path that leads to it, lists left out."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list) and value:
        for each in value:
            yield from leaves(each, place)
    else:
        yield place, value


SEEDED = {
    "a wrong code": (schema_faults, lambda task: task.update(status="done")),
    "an unknown element": (schema_faults, lambda task: task.update(colour="red")),
    "a missing element": (model_faults, lambda task: task.pop("intent")),
    "no day": (model_faults, lambda task: task.update(authoredOn="2025-02-30")),
    "nothing": (our_faults, lambda task: task.update(note=[])),
    "nobody": (our_faults, lambda task: task["for"].update(reference="Patient/x")),
    "a device": (our_faults, lambda task: task.update(owner=task["for"])),
    "an early end": (
        our_faults,
        lambda task: task.update(executionPeriod={"start": "2025", "end": "2024"}),
    ),
}


@pytest.mark.parametrize("seeded", SEEDED)
def test_each_checker_can_fail(ledger, tmp_path, seeded):
    lived(ledger, tmp_path, acts=20, seed=1)
    names = names_of(ledger)
    whole = json.loads(text_of(ledger, found_in(ledger, names), names))
    checks, change = SEEDED[seeded]
    kinds = [entry["resource"] for entry in whole["entry"]]
    change(next(each for each in kinds if each["resourceType"] == "Task"))
    assert list(checks(whole)) != []


def test_every_entry_has_a_provenance_with_both_times(ledger, found, names):
    resources = resources_of(text_of(ledger, found, names))
    told = {r["id"]: r for r in resources if r["resourceType"] == "Provenance"}
    entries = [(j, entry) for j in found for entry in j.entries]
    assert len(told) == len(entries)
    for journey, entry in entries:
        one = told[f"w-{journey.name}-{entry.seq}"]
        assert one["occurredDateTime"]
        assert one["recorded"].endswith("Z")
        [place] = one["extension"]
        where = {
            e["url"]: e.get("valueInteger") or e.get("valueString")
            for e in place["extension"]
        }
        assert where["seq"] == entry.seq
        assert where.get("hash") == (entry.hash if names.are_real else None)


def test_what_was_retracted_is_entered_in_error_and_stays(ledger, found, names):
    resources = {r["id"]: r for r in resources_of(text_of(ledger, found, names))}
    for journey in found:
        standing = {each.seq for each in journey.stands}
        for entry in journey.entries:
            if entry.kind == RETRACTED and entry.corrects not in standing:
                gone = resources.get(f"e-{journey.name}-{entry.corrects}")
                if gone is not None:
                    assert gone["status"] == "entered-in-error"


def test_the_same_record_gives_the_same_bytes(ledger, found, names):
    again = found_in(ledger, names)
    assert text_of(ledger, found, names) == text_of(ledger, again, names)


def test_a_name_leaves_only_where_it_is_asked_for(ledger, tmp_path):
    lived(ledger, tmp_path, acts=20, seed=1)
    for secret, unmasked, expected in (
        (None, False, False),
        (None, True, True),
        (HIDDEN, True, False),
    ):
        names = names_of(ledger, secret)
        text = text_of(ledger, found_in(ledger, names), names, unmasked)
        assert ("King" in text) is expected
