"""XES and OCEL as another library reads them; r4pm is one that shares nothing with us."""

import json
from collections import Counter
from itertools import pairwise

import pytest
import r4pm
from r4pm import bindings

from sitrack.exchange import ocel, xes
from sitrack.exchange.steps import steps
from sitrack.journey.entries import CORRECTED, RETRACTED
from tests.exchange.clinic_abroad import HIDDEN, found_in, lived, names_of

ROLES = {"rivera": "coordinator", "osei": "clinician"}


@pytest.fixture(params=["real", "hidden"])
def abroad(request, ledger, tmp_path):
    """What leaves a lived clinic, and the names it leaves under."""
    lived(ledger, tmp_path)
    names = names_of(ledger, HIDDEN if request.param == "hidden" else None)
    return found_in(ledger, names), names


def xes_of(abroad):
    found, names = abroad
    return "\n".join(xes.lines(found, names, ROLES, None)) + "\n"


def follows(sequences):
    """How often one step follows directly on another."""
    return Counter(pair for sequence in sequences for pair in pairwise(sequence))


def test_another_library_reads_the_traces_events_and_what_follows_on_what(
    abroad, tmp_path
):
    found, names = abroad
    file = tmp_path / "log.xes"
    file.write_text(xes_of(abroad), encoding="utf-8")
    log = r4pm.import_item("EventLog", str(file))
    told = [[step.name for step in steps(journey, names)] for journey in found]
    graph = bindings.discover_dfg(log)
    edges = {tuple(pair): count for pair, count in _edges(graph)}
    assert edges == dict(follows(told))
    assert dict(_activities(graph)) == dict(
        Counter(step for steps_ in told for step in steps_)
    )


def _edges(graph):
    for edge in graph["directly_follows_relations"]:
        (one, two), count = edge
        yield (one, two), count


def _activities(graph):
    return graph["activities"].items()


def test_each_event_says_both_times_and_how_exact_the_first_is(abroad):
    import xml.etree.ElementTree as ET

    space = "{http://www.xes-standard.org/}"
    root = ET.fromstring(xes_of(abroad))
    events = root.findall(f"{space}trace/{space}event")
    assert events
    for event in events:
        values = {each.get("key"): each.get("value") for each in event}
        assert values.keys() >= {"time:timestamp", "sitrack:recorded", "identity:id"}
        assert values["sitrack:precision"] in {"day", "time"}
        if values["sitrack:precision"] == "day":
            assert "T12:00:00.000" in values["time:timestamp"]


def test_another_library_reads_the_events_objects_and_relations(abroad, tmp_path):
    found, names = abroad
    log = ocel.log(found, names, ROLES)
    file = tmp_path / "log.json"
    file.write_text(json.dumps(log))
    read = bindings.slim_link_ocel(ocel=r4pm.import_item("OCEL", str(file)))
    assert bindings.num_events(ocel=read) == len(log["events"])
    assert bindings.num_objects(ocel=read) == len(log["objects"])


def test_every_relation_of_an_object_log_leads_to_an_object(abroad):
    found, names = abroad
    log = ocel.log(found, names, ROLES)
    ids = {each["id"] for each in log["objects"]}
    assert len(ids) == len(log["objects"])
    for each in (*log["events"], *log["objects"]):
        assert {to["objectId"] for to in each["relationships"]} <= ids
    declared = {kind["name"] for kind in log["objectTypes"]}
    assert {each["type"] for each in log["objects"]} <= declared
    events = Counter(event["type"] for event in log["events"])
    assert set(events) == {kind["name"] for kind in log["eventTypes"]}
    amended = Counter(e.kind for j in found for e in j.entries)
    assert events["correct"] == amended[CORRECTED]
    assert events["retract"] == amended[RETRACTED]


def test_the_same_record_gives_the_same_bytes(ledger, tmp_path):
    lived(ledger, tmp_path)
    for names in (names_of(ledger), names_of(ledger, HIDDEN, 30)):
        twice = [found_in(ledger, names) for _ in range(2)]
        assert xes_of((twice[0], names)) == xes_of((twice[1], names))
        logs = [json.dumps(ocel.log(each, names, ROLES)) for each in twice]
        assert logs[0] == logs[1]
