"""Who read, was refused, took away or got a role, as FHIR: each once, and by its code.

`fhir.resources` takes any code for one: what stands there is compared with a table.
"""

import datetime as dt
import json

import pytest

from sitrack.clock import day_of
from sitrack.record import access, sightings
from sitrack.record.ledger import reading
from sitrack.record.trail import Span
from tests.exchange.clinic_abroad import HIDDEN, found_in, names_of
from tests.exchange.test_fhir import (
    model_faults,
    our_faults,
    resources_of,
    schema_faults,
    text_of,
)
from tests.exchange.watched import NOBODYS_KEY, OSEI, acts_of, episodes_of, watched

CODES = {
    "read": ("110110", {"R"}),
    "exported": ("110106", {"R"}),
    "refused": ("110113", {"E"}),
    "break-glass": ("110113", {"E"}),
    "staff-added": ("110136", {"C"}),
    "role-changed": ("110136", {"U"}),
    "staff-retired": ("110136", {"U"}),
}
"""DICOM's code of each kind of act, and what FHIR says was done."""
SYSTEMS = {
    "type": "http://dicom.nema.org/resources/ontology/DCM",
    "purposeOfEvent": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "entity.type": "http://terminology.hl7.org/CodeSystem/audit-entity-type",
    "entity.role": "http://terminology.hl7.org/CodeSystem/object-role",
}
SLICES = {"patient": ("1", "1"), "data": ("2", "4"), "member": ("1", "11")}


@pytest.fixture(params=["real", "hidden"])
def names(request, ledger):
    return names_of(ledger, HIDDEN if request.param == "hidden" else None)


@pytest.fixture
def clinic(ledger, tmp_path):
    watched(ledger, tmp_path)
    return ledger


def told(ledger, names):
    """The text of an export with its events."""
    return text_of(ledger, found_in(ledger, names), names, acts=acts_of(ledger))


def events_of(ledger, names):
    found = resources_of(told(ledger, names))
    return [each for each in found if each["resourceType"] == "AuditEvent"]


def slices(event):
    """(type, role) of each entity."""
    return [(each["type"]["code"], each["role"]["code"]) for each in event["entity"]]


def command_of(event):
    codes = [each["code"] for each in event["subtype"] if "command" in each["system"]]
    return codes[0] if codes else None


def test_no_checker_finds_a_fault(clinic, names):
    whole = json.loads(told(clinic, names))
    assert list(schema_faults(whole)) == []
    assert list(model_faults(whole)) == []
    assert list(our_faults(whole)) == []


SEEDED = {
    "another action": (schema_faults, lambda event: event.update(action="X")),
    "another outcome": (schema_faults, lambda event: event.update(outcome="1")),
    "no observer": (model_faults, lambda event: event.pop("source")),
    "nobody": (
        our_faults,
        lambda event: event["agent"][0]["who"].update(reference="Practitioner/x"),
    ),
}


@pytest.mark.parametrize("seeded", SEEDED)
def test_each_checker_can_fail(clinic, seeded):
    whole = json.loads(told(clinic, names_of(clinic)))
    checks, change = SEEDED[seeded]
    kinds = [entry["resource"] for entry in whole["entry"]]
    change(
        next(
            each
            for each in kinds
            if each["resourceType"] == "AuditEvent"
            and "reference" in each["agent"][0]["who"]
        )
    )
    assert list(checks(whole)) != []


def test_every_act_is_told_by_the_code_of_the_table(clinic):
    events = events_of(clinic, names_of(clinic))
    kinds = {(each.stream, each.seq): each for each in acts_of(clinic)}
    seen = set()
    for event in events:
        place = {each["url"]: each for each in event["extension"][0]["extension"]}
        where = place["stream"]["valueString"], place["seq"]["valueInteger"]
        act = kinds[where]
        assert place["hash"]["valueString"] == act.hash
        code, actions = CODES[act.kind]
        assert event["type"]["code"] == code
        assert event["type"]["system"] == SYSTEMS["type"]
        assert event["action"] in actions
        seen.add(act.kind)
    assert seen == set(CODES)


def test_one_person_asked_and_the_software_did_it(clinic, names):
    for event in events_of(clinic, names):
        person, software = event["agent"]
        assert [each["requestor"] for each in event["agent"]] == [True, False]
        assert person["who"]
        assert software["who"] == {"reference": "Device/sitrack"}
        assert event["source"]["observer"] == {"reference": "Device/sitrack"}


def test_a_patient_has_a_slice_and_so_have_the_data(clinic, names):
    of_somebody = of_nobody = 0
    for event in events_of(clinic, names):
        for entity in event["entity"]:
            for name in ("type", "role"):
                assert entity[name]["system"] == SYSTEMS[f"entity.{name}"]
        if event["type"]["code"] == "110136":
            assert slices(event) == [SLICES["member"]]
        elif SLICES["patient"] in slices(event):
            of_somebody += 1
            whose, *data = event["entity"]
            assert whose["what"]["reference"].startswith("Patient/")
            assert data
            assert set(slices(event)[1:]) == {SLICES["data"]}
        else:
            of_nobody += 1
            assert slices(event) == [SLICES["data"]]
    assert of_somebody
    assert of_nobody


def test_outcome_and_purpose_are_told_by_what_was_done_and_by_whom(clinic):
    done = {
        (
            command_of(each),
            each.get("outcomeDesc"),
            each["agent"][0]["who"].get("reference"),
        ): (each["outcome"], each["purposeOfEvent"][0]["coding"][0]["code"])
        for each in events_of(clinic, names_of(clinic))
    }
    osei, mensah = "Practitioner/s-osei", "Practitioner/s-mensah"
    assert done["show", "shown", osei] == ("0", "TREAT")
    assert done["show", "shown", mensah] == ("0", "HOPERAT")
    assert done["why", "not-eligible", osei] == ("4", "TREAT")
    assert done["patient erase", "not-permitted", osei] == ("8", "TREAT")
    assert done["audit trail", "not-permitted", osei] == ("8", "HOPERAT")
    assert done["patient show", "shown", None] == ("0", "TREAT")
    for each in events_of(clinic, names_of(clinic)):
        [why] = each["purposeOfEvent"]
        assert why["coding"][0]["system"] == SYSTEMS["purposeOfEvent"]


def test_a_glass_broken_is_an_emergency_both_times(clinic):
    glass = [
        event
        for event in events_of(clinic, names_of(clinic))
        if any(each["code"] == "110127" for each in event["subtype"])
    ]
    assert sorted(event["type"]["code"] for event in glass) == ["110110", "110113"]
    for event in glass:
        assert "safety" in [each["code"] for each in event["subtype"]]


def test_each_patient_has_every_read_that_who_saw_tells_of(clinic):
    events = events_of(clinic, names_of(clinic))
    for patient in {key.partition("-")[0] for key in episodes_of(clinic)}:
        with reading(clinic) as connection:
            rows = sightings.who_saw(connection, patient, Span())
        whose = {"reference": f"Patient/p-{patient}"}
        reads = [
            event
            for event in events
            if event["type"]["code"] == "110110" and event["entity"][0]["what"] == whose
        ]
        expected = [row["command"] for row in rows if row["how"] == "read"]
        assert [command_of(event) for event in reads] == expected


def test_of_a_patient_who_is_not_in_it_only_a_refusal_is_told(clinic, names):
    events = events_of(clinic, names)
    acts = [each for each in acts_of(clinic) if NOBODYS_KEY in each.keys]
    assert [each.kind for each in acts] == ["read", "refused"]
    read, refused = (f"a-{names.act(each.entry_id, None)}" for each in acts)
    there = {event["id"] for event in events}
    assert read not in there
    assert refused in there
    assert NOBODYS_KEY not in json.dumps(events)


def test_an_account_that_is_nobodys_is_no_practitioner(clinic):
    resources = resources_of(told(clinic, names_of(clinic)))
    [event] = [
        each
        for each in resources
        if each["resourceType"] == "AuditEvent"
        and "identifier" in each["agent"][0]["who"]
    ]
    who = event["agent"][0]["who"]["identifier"]
    assert who["value"] == "account:kiosk"
    assert [each for each in resources if "kiosk" in each["id"]] == []


def test_hidden_nobody_is_named_and_no_moment_is_told(clinic):
    text = told(clinic, names_of(clinic, HIDDEN))
    inside = {"rivera", "osei", "mensah", "kiosk", "front-desk", "ab" * 32, "cd" * 32}
    for act in acts_of(clinic):
        inside |= {act.entry_id, act.hash, f"{act.recorded:%H:%M:%S.%f}", *act.keys}
    assert [each for each in sorted(inside) if each in text] == []


def test_the_account_of_the_machine_is_told_where_nobody_is_hidden(clinic):
    [one] = {
        event["agent"][0]["altId"]
        for event in events_of(clinic, names_of(clinic))
        if command_of(event) == "worklist"
    }
    assert one == "front-desk"


def test_the_days_of_a_patient_are_moved_and_what_is_nobodys_stays_out(clinic):
    names = names_of(clinic, HIDDEN, 60)
    events = events_of(clinic, names)
    assert all(SLICES["patient"] in slices(event) for event in events)
    days = {event["id"]: event["recorded"] for event in events}
    shown = {each.partition("-")[0] for each in episodes_of(clinic)}
    expected = {}
    for act in acts_of(clinic):
        about = {key.partition("-")[0] for key in act.keys}
        if len(about) == 1 and about <= shown:
            [patient] = about
            day = names.day(patient, day_of(act.recorded, clinic.zone))
            expected[f"a-{names.act(act.entry_id, patient)}"] = f"{day}T00:00:00Z"
    assert days == expected != {}


def test_a_list_of_many_stays_out_where_days_are_moved(clinic):
    """Its day is everybody's, and the last one that of the export: it tells by how much."""
    still = {command_of(each) for each in events_of(clinic, names_of(clinic, HIDDEN))}
    moved = {
        command_of(each) for each in events_of(clinic, names_of(clinic, HIDDEN, 60))
    }
    assert "worklist" in still - moved
    assert "show" in moved


def test_the_same_record_gives_the_same_bytes_and_a_past_one_for_ever(clinic, names):
    moment = acts_of(clinic)[-1].recorded
    before = told(clinic, names)
    assert before == told(clinic, names)
    clinic.use_clock(lambda: moment + dt.timedelta(days=1))
    access.note(clinic, OSEI, access.Sight("show", "table", [episodes_of(clinic)[0]]))
    assert told(clinic, names) != before
    then = found_in(clinic, names, moment)
    assert text_of(clinic, then, names, acts=acts_of(clinic, moment)) == before
