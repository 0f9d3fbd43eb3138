"""`record KIND PATIENT --both`: the words of each side, and what is said of them."""

import pytest

from sitrack.journey import forms

from .test_json import leaves

BOTH = ("record", "injection", "P00021", "--both", "--guidance", "ct")
"""A patient both of whose sides are open; two weeks ago the right one began."""
WHO = ("--as", "rivera")

WRONG = {
    "nrs=8": "injection: a word after the key cannot be understood",
    "left": "injection: a word after the key cannot be understood",
    "left.nrs": "injection: a word after the key cannot be understood",
    "left.nrs=": "injection: a word after the key cannot be understood",
    "middle.nrs=8": "injection: a word after the key cannot be understood",
    "Zebedeus": "injection: a word after the key cannot be understood",
    "left.gudiance=ct": "injection has no left.gudiance",
    "left.reading=1h=2": "injection has no left.reading",
    "left.for=2": "injection has no left.for",
    "left.sedation=maybe": "injection: left.sedation takes yes or no",
    "left.expect-version=two": "injection: left.expect-version takes a number, such as 7",
    "left.nrs=80": "left side: injection: --nrs takes a score from 0 to 10 in steps of 0.5",
}


@pytest.mark.parametrize("word", WRONG)
def test_a_word_that_cannot_be_understood_is_refused(desk, word):
    before = desk.answer("history", "P00021-L")
    done = desk.type(*BOTH, "right.nrs=7", word, *WHO, "--json")
    assert (done.code, done.out) == (2, "")
    assert done.error["message"] == WRONG[word]
    assert done.error["hint"]
    assert "Zebedeus" not in done.err
    assert desk.answer("history", "P00021-L") == before


def test_a_word_that_is_nearly_right_is_suggested(desk):
    done = desk.type(*BOTH, "left.gudiance=ct", *WHO, "--json")
    assert done.error["hint"].startswith("did you mean left.guidance? ")


def test_a_value_of_a_side_is_given_once_and_a_reading_as_often_as_there_are(desk):
    done = desk.type(*BOTH, "left.nrs=8", "left.nrs=7", *WHO, "--json")
    assert done.error["message"] == "injection: left.nrs is given twice"
    desk.written(*BOTH, "--nrs", "8")
    readings = ["left.reading=1h=2", "left.reading=2h=3", "right.reading=1h=1"]
    desk.written("record", "diary", "P00021", "--both", *readings)
    kept = {
        side: desk.answer("history", f"P00021-{side}")["rows"][-1]["payload"][
            "readings"
        ]
        for side in "LR"
    }
    assert [each["score"] for each in kept["L"]] == ["2", "3"]
    assert [each["score"] for each in kept["R"]] == ["1"]


def values_of(desk, side):
    return desk.answer("history", f"P00021-{side}")["rows"][-1]["payload"]["values"]


def test_what_is_said_of_one_side_stands_in_place_of_what_is_said_of_both(desk):
    own = ("right.contrast=not-in-joint", "left.sedation=yes", "right.nrs=6")
    desk.written(*BOTH, "--contrast", "in-joint", "--nrs", "8", *own)
    left, right = values_of(desk, "L"), values_of(desk, "R")
    assert (left["contrast"], left["nrs"], left["sedation"]) == ("in-joint", "8", True)
    assert (right["contrast"], right["nrs"]) == ("not-in-joint", "6")
    assert "sedation" not in right


def test_what_must_be_given_may_be_said_of_each_side(desk):
    words = ("record", "injection", "P00021", "--both", "--nrs", "8")
    desk.written(*words, "left.guidance=ct", "right.guidance=fluoroscopy")
    assert [values_of(desk, side)["guidance"] for side in "LR"] == ["ct", "fluoroscopy"]
    done = desk.type(*words, "left.guidance=ct", *WHO, "--json")
    assert done.code == 2
    assert done.error["message"] == "right side: injection: --guidance is missing"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (
            ["P00021-L", "--both", "--nrs", "7"],
            "score: --both takes the patient's key",
            "sitrack record score P00021 --both",
        ),
        (
            ["P00021", "--both", "--side", "left", "--nrs", "7"],
            "score: give --both or --side, not both",
            "see: sitrack record score --help",
        ),
        (
            ["P00021", "--both", "--expect-version", "2", "--nrs", "7"],
            "score: with --both, --expect-version is said of each side",
            "left.expect-version=2 right.expect-version=2",
        ),
        (
            ["P00021", "--both", "--for", "2", "--nrs", "7"],
            "score: with --both, --for is said of each side",
            "left.for=2 right.for=2",
        ),
        (
            ["P00021-L", "left.nrs=7"],
            "score: a value of one side goes with --both",
            "see: sitrack record score --help",
        ),
    ],
)
def test_what_does_not_go_with_both_is_said(desk, words, message, hint):
    done = desk.type("record", "score", *words, *WHO, "--json")
    assert (done.code, done.out) == (2, "")
    assert (done.error["message"], done.error["hint"]) == (message, hint)


def test_a_version_that_has_passed_stops_both_sides(desk):
    words = ("record", "score", "P00021", "--both", "--nrs", "7")
    done = desk.type(*words, "right.expect-version=9", *WHO, "--json")
    assert (done.code, done.error["type"]) == (12, "written-first")
    assert len(desk.answer("history", "P00021-R")["rows"]) == 1


def test_a_patient_with_one_side_open_has_no_session_on_both(desk):
    words = ("record", "score", "P00013", "--both", "--nrs", "7")
    done = desk.type(*words, *WHO, "--json")
    assert (done.code, done.out) == (11, "")
    assert done.error["message"] == "P00013 has no open episode on the left"
    assert done.error["hint"] == "sitrack episode open P00013 --side left"


RECORDED = {path[1]: command for path, command in leaves() if path[0] == "record"}


@pytest.mark.parametrize("kind", sorted(RECORDED))
def test_every_kind_is_taken_on_both_sides_but_what_is_of_one(kind):
    names = {name for param in RECORDED[kind].params for name in param.opts}
    assert ("--both" in names) is not forms.KINDS[kind].one_side


def test_only_a_signature_and_an_adverse_event_are_of_one_side():
    alone = {kind.name for kind in forms.KINDS.values() if kind.one_side}
    assert alone == {"attestation", "adverse"}
