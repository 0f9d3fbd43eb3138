"""The protocol file: the shipped one loads, and every malformed one is refused."""

from __future__ import annotations

import dataclasses
import re

import pytest

from sitrack.errors import BadInput
from sitrack.journey.assessment import is_judged
from sitrack.pathway.loading import SHIPPED, content_hash, load, shipped_text
from sitrack.pathway.requirements import KINDS
from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import shipped_with

SHIPPED_TEXT = shipped_text()


def refused(old: str, new: str) -> str:
    """The sentence with which the shipped text, so changed, is refused."""
    with pytest.raises(BadInput) as refusal:
        shipped_with((old, new))
    return refusal.value.message


def test_the_shipped_protocol_loads_and_is_named_by_its_content():
    protocol = load(SHIPPED_TEXT)
    assert protocol.id == SHIPPED
    assert protocol.hash == content_hash(SHIPPED_TEXT)
    assert re.fullmatch("[0-9a-f]{64}", protocol.hash)
    assert {stage.id for stage in protocol.stages} == set(Stage)
    assert [stage.id for stage in protocol.stages if stage.final] == ["closed"]


def test_one_changed_character_makes_another_version():
    assert content_hash(SHIPPED_TEXT) != content_hash(SHIPPED_TEXT + "\n")


def test_a_protocol_cannot_be_changed_once_it_is_loaded():
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(SHIPPED_TEXT).initial = "rfa"


def test_every_number_of_every_requirement_has_a_source():
    protocol = load(SHIPPED_TEXT)
    for move in protocol.moves + protocol.status_moves:
        for rule in move.requirements:
            if "number" in KINDS[rule.kind].parameters.values():
                assert rule.sources, f"{move.id}: {rule.kind}"


def test_every_kind_that_is_judged_is_used_by_the_shipped_protocol():
    protocol = load(SHIPPED_TEXT)
    used = {
        r.kind for m in protocol.moves + protocol.status_moves for r in m.requirements
    }
    assert used == set(KINDS)
    assert any(is_judged(r) for m in protocol.moves for r in m.requirements)


def test_a_stage_names_one_move_by_its_target():
    protocol = load(SHIPPED_TEXT)
    assert protocol.move_between("injection", "relief").id == "record-relief"
    assert protocol.move_between("rfa", "relief").id == "record-rfa-relief"
    assert protocol.move_between("conservative-care", "relief").id == (
        "record-conservative-relief"
    )
    assert protocol.move_between("injection", "rfa") is None


def test_moves_are_found_by_name_whether_of_stage_or_of_status():
    protocol = load(SHIPPED_TEXT)
    assert protocol.move_named("repeat-rfa").target == Stage.RFA
    assert protocol.move_named("hold").target == Status.ON_HOLD
    assert protocol.move_named("nobody") is None


def test_an_agent_without_a_window_of_its_own_takes_the_long_one():
    protocol = load(SHIPPED_TEXT)
    assert protocol.window("lidocaine") == 120
    assert protocol.window("bupivacaine") == 480
    assert protocol.window(None) == protocol.window("ropivacaine") == 480


UNKNOWN_KEYS = [
    ('initial = "injection"', 'initial = "injection"\nowner = "me"', "the file"),
    ('id = "fail-injection"', 'id = "fail-injection"\nguard = "x"', "moves[0]"),
    (
        'kind = "same-pattern"',
        'kind = "same-pattern"\nmin_days = "any_day"',
        "moves.repeat-rfa.requirements[5]",
    ),
    ('id = "INJ-SCHED"', 'id = "INJ-SCHED"\ncolour = 1', "follow_ups[0]"),
    (
        'closes = [{ evidence = "belt-stop" }]',
        'closes = [{ evidence = "belt-stop", until = 3 }]',
        "follow_ups.CON-BELT.closes[0]",
    ),
    (
        "response_pct = { value = 50,",
        'response_pct = { note = "x", value = 50,',
        "numbers.response_pct",
    ),
    ("rfa_covered = { ", "rfa_covered = { key = 1, ", "settings.rfa_covered"),
    ("minutes = 120,", "minutes = 120, hours = 2,", "windows.lidocaine"),
    ("contact-1 = { ", "contact-1 = { hours = 1, ", "steps.contact-1"),
    ("final = true", "final = true\ncolour = 1", "stages[9]"),
]


@pytest.mark.parametrize(("old", "new", "place"), UNKNOWN_KEYS)
def test_an_unknown_key_is_refused_and_its_place_is_named(old, new, place):
    assert f"{place} has an unknown key" in refused(old, new)


MISSING = [
    ('initial = "injection"\n', "", "initial is missing"),
    ('title = "The injection failed"\n', "", "moves.fail-injection.title"),
    (
        "response_pct = { value = 50, ",
        "response_pct = { ",
        "numbers.response_pct.value",
    ),
    ('unit = "tests", ', "", "numbers.min_provocative_tests.unit"),
    (
        'kind = "active-therapy"\nmin_visits = "min_therapy_visits"',
        'kind = "active-therapy"',
        "moves.exhaust-conservative.requirements[1] (active-therapy) needs min_visits",
    ),
    ('sources = ["founding 9-11, 14"]\n', "", "moves.repeat-injection cites no source"),
    (
        'sources = ["P14"] }',
        "sources = [] }",
        "conservative_credit_days cites no source",
    ),
    (
        'rfa_covered = { value = true, sources = ["R"]',
        "rfa_covered = { value = true",
        "settings.rfa_covered cites no source",
    ),
    ('other = { minutes = 480, sources = ["K"] }\n', "", "windows.other is missing"),
    ('from = ["referred-out", "closed"]\n', "", "moves.reopen.from must be a list"),
    (
        'from = ["referred-out", "closed"]',
        "from = []",
        "moves.reopen.from names nothing",
    ),
    ('to = "referred-out"\n', "", "moves.refer-out.to is missing"),
    ('anchor = "belt"\n', "", "follow_ups.CON-BELT.anchor must be one of"),
    ("offset = 21\n", "", "follow_ups.BLK-SCHED.offset must be a whole number"),
    ('title = "stop the belt?"\n', "", "follow_ups.CON-BELT.title"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), MISSING)
def test_what_is_missing_is_refused_and_its_place_is_named(old, new, sentence):
    assert sentence in refused(old, new)


def test_a_requirement_without_its_number_is_refused():
    text = 'kind = "rfa-spacing"\nmin_days = "rfa_repeat_spacing_days"'
    message = refused(text, 'kind = "rfa-spacing"\nmin_days = "no_such_number"')
    assert "refers to 'no_such_number', which [numbers] does not hold" in message
    assert "moves.repeat-rfa.requirements[2] (rfa-spacing).min_days" in message


def test_a_flag_that_no_setting_holds_is_refused():
    with pytest.raises(BadInput, match=r"\[settings\] does not hold"):
        load(SHIPPED_TEXT.replace('covered = "rfa_covered"', 'covered = "any_day"'))


DOTTED = [
    ('kind = "nsaid-trial"', 'kind = "os.system"', "requirements[2].kind 'os.system'"),
    ('kind = "nsaid-trial"', 'kind = "no-such-kind"', "'no-such-kind' is not a known"),
    ('id = "waive-rfa"', 'id = "os.system"', "moves[10].id 'os.system'"),
    ('id = "waive-rfa"', 'id = "Waive"', "moves[10].id 'Waive' must be a lower-kebab"),
    ('id = "closed"', 'id = "os.path"', "stages[9].id 'os.path'"),
    ('"not-candidate", "opt', '"os.exit", "opt', "moves.defer-fusion.reasons"),
    ('"pt-intolerable", ', '"a.b", ', "moves.exhaust-conservative.variances"),
    ('only = ["nsaid"]', 'only = ["os.system"]', "follow_ups.CON-NSAID.only"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), DOTTED)
def test_a_name_that_a_library_might_call_is_refused(old, new, sentence):
    assert sentence in refused(old, new)


WRONG_TYPES = [
    ('title = "Sacroiliac cascade of care, 2026.1"', "title = 7", "title is not what"),
    (
        'title = "Sacroiliac cascade of care, 2026.1"',
        'title = "two\\nlines"',
        "the file.title must be a line of text",
    ),
    ('id = "si-2026.1"', 'id = "2026"', "id must look like si-2026.1"),
    ('initial = "injection"', 'initial = "surgery"', "initial names no stage"),
    ("response_pct = { value = 50,", 'response_pct = { value = "50",', "whole number"),
    ("response_pct = { value = 50,", "response_pct = { value = 50.0,", "whole number"),
    ("response_pct = { value = 50,", "response_pct = { value = true,", "whole number"),
    ("response_pct = { value = 50,", "response_pct = { value = 40000,", "out of range"),
    (
        "rfa_covered = { value = true,",
        'rfa_covered = { value = "true",',
        "settings.rfa_covered.value must be true",
    ),
    ("final = true", 'final = "no"', "stages[9].final must be true or false"),
    (
        'kind = "new-injection"\nhard = true',
        'kind = "new-injection"\nhard = "no"',
        "requirements[4].hard must be true or false",
    ),
    ('kind = "nsaid-trial"', "kind = 5", "requirements[2].kind must be a line of text"),
    ('to = "referred-out"', 'to = ["referred-out"]', "moves.refer-out.to"),
    ('to = "referred-out"', 'to = "surgery"', "moves.refer-out.to names nothing"),
    ('from = ["diagnostic-block"]\nto = "rfa"', 'from = "rfa"\nto = "rfa"', "a list"),
    ('command = "episode hold"', "command = 5", "status_moves.hold.command"),
    ('command = "episode hold"', 'command = "rm"', "status_moves.hold.command"),
    (
        'every = 90\ncloses = [{ evidence = "score", from_due = -30 }]',
        "every = 0",
        "REL-CHECK.every",
    ),
    (
        'closes = [{ evidence = "belt-stop" }]',
        "closes = 5",
        "CON-BELT.closes must be a",
    ),
    (
        'closes = [{ evidence = "belt-stop" }]',
        "closes = [5]",
        "closes[0] must be a table",
    ),
    ('{ evidence = "belt-stop" }', '{ evidence = "os.path" }', "closes[0].evidence"),
    ('anchor = "belt"', 'anchor = "moon"', "CON-BELT.anchor must be one of"),
    ('id = "CON-BELT"', 'id = "con-belt"', "id must look like CON-TRIAL"),
    ('kind = "relief-from"\nstage = "rfa"', 'kind = "relief-from"\nstage = 5', "stage"),
    ('classes = ["technical", "indeterminate"]', 'classes = "technical"', "a list of"),
    ('sources = ["founding 7, 8"]', "sources = [7]", "refer-out.sources must be"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_refused_and_named(old, new, sentence):
    assert sentence in refused(old, new)


def test_requirements_that_are_no_list_are_refused():
    move = (
        '\n[[moves]]\nid = "x"\ntitle = "X"\nfrom = ["injection"]\nto = "rfa"\n'
        'sources = ["R"]\nrequirements = 5\n'
    )
    with pytest.raises(BadInput, match=r"moves\.x\.requirements must be a list"):
        load(SHIPPED_TEXT + move)


def test_a_stage_that_no_move_leads_to_is_refused():
    with pytest.raises(BadInput, match="no move leads to the stage referred-out"):
        shipped_with(('to = "referred-out"', 'to = "diagnostic-block"'))


def test_two_moves_between_the_same_stages_are_refused():
    message = refused('to = "referred-out"', 'to = "conservative-care"')
    assert "two moves lead from re-evaluation to conservative-care" in message


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'id = "refer-out"',
            'id = "confirm-source"',
            "moves.confirm-source stands twice",
        ),
        ('id = "INJ-TRIAL"', 'id = "INJ-CHECK"', "follow_ups.INJ-CHECK stands twice"),
        ('kind = "nsaid-trial"', 'kind = "active-therapy"', "repeats the kind active-"),
    ],
)
def test_a_name_that_stands_twice_is_refused(old, new, sentence):
    assert sentence in refused(old, new)


def test_a_stage_that_stands_twice_is_refused():
    again = '\n[[stages]]\nid = "rfa"\npurpose = "Again."\n'
    with pytest.raises(BadInput, match=r"stages\.rfa stands twice"):
        load(SHIPPED_TEXT + again)


@pytest.mark.parametrize(
    "text",
    ["id = ", "= 1", "[[[[", "\x00", "a = 1\na = 2", "x = " + "[" * 20_000, "\ufeff{}"],
)
def test_a_text_that_is_not_toml_is_refused(text):
    with pytest.raises(BadInput, match="the protocol is not TOML"):
        load(text)


def test_an_empty_file_is_refused():
    with pytest.raises(BadInput, match="id is missing"):
        load("")


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(BadInput, match="larger than 1 MB"):
        load("#" * 1_000_001)


@pytest.mark.parametrize("value", ["-50", "101"])
def test_a_percentage_lies_between_nothing_and_all(value):
    text = shipped_text().replace(
        "response_pct = { value = 50", f"response_pct = {{ value = {value}", 1
    )
    with pytest.raises(BadInput, match=r"response_pct\.value is out of range"):
        load(text)


def test_a_protocol_of_before_a_parameter_means_what_it_meant():
    text = SHIPPED_TEXT
    later = {name for kind in KINDS.values() for name in kind.defaults}
    for name in later - {"after_steroid_days", "max_age_days", "required"}:
        text = re.sub(rf'(?m)^{name} = "[a-z_]+"\n', "", text)
    assert len(text) < len(SHIPPED_TEXT) - 800
    now, then = load(SHIPPED_TEXT), load(text)
    assert {
        rule.kind: rule.parameters for m in then.moves for rule in m.requirements
    } == {rule.kind: rule.parameters for m in now.moves for rule in m.requirements}
