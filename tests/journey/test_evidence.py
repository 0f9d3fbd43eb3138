"""The forms: what they take, in which bounds, and how they are kept."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest

from sitrack.errors import BadInput
from sitrack.journey.evidence import (
    Reading,
    drug_class,
    from_json,
    read_reading,
    read_value,
    read_values,
    to_json,
)
from sitrack.journey.forms import KINDS


def read(kind: str, **values):
    return read_values(KINDS[kind], values)


FIELDS = {
    (kind.name, field.name): field for kind in KINDS.values() for field in kind.fields
}


def value(kind: str, name: str, raw):
    return read_value(kind, FIELDS[kind, name], raw)


# --- bounds

IN_BOUNDS = [
    ("score", "nrs", ["0", "0.5", "7", "7.50", "10", 7, "-0"]),
    ("score", "vas", ["0", "1", "55", "100"]),
    ("score", "odi", ["0", "48", "100"]),
    ("score", "pgic", ["1", "7", 3]),
    ("therapy", "visits", ["0", "400"]),
    ("therapy", "adherence", ["0", "100"]),
    ("injection", "steroid_mg", ["0", "2.5", "500"]),
    ("rfa", "lesions", ["1", "60"]),
    ("medication", "drug", ["naproxen", "Naproxen", "co-codamol.30"]),
    ("medication", "start", ["2025-02-17", dt.date(2025, 2, 17)]),
    ("therapy", "intolerance", [True]),
]
OUT_OF_BOUNDS = [
    ("score", "nrs", ["-0.5", "10.5", "11", "7.3", "7.25", "seven", "", "NaN", "1e9"]),
    ("score", "nrs", ["Infinity", "-Infinity", "sNaN", True, None, [7], "7,5"]),
    ("score", "vas", ["-1", "101", "55.5"]),
    ("score", "odi", ["-1", "101", "48.5"]),
    ("score", "pgic", ["0", "8", "2.5"]),
    ("therapy", "visits", ["-1", "401", "4.5"]),
    ("therapy", "adherence", ["101"]),
    ("injection", "steroid_mg", ["501", "0.0001"]),
    ("rfa", "lesions", ["0", "61"]),
    ("medication", "drug", ["two words", "", "-x", "ibuprofén", "x" * 41, 7]),
    ("medication", "start", ["17.02.2025", "2025-02-30", "yesterday", ""]),
    ("therapy", "intolerance", ["yes", 1]),
    ("therapy", "type", ["yoga", "", 5]),
    ("exam", "positive", ["faber,nose", "", ",", 5, [1]]),
]


def rows(table):
    return [(kind, name, raw) for kind, name, raws in table for raw in raws]


@pytest.mark.parametrize(("kind", "name", "raw"), rows(IN_BOUNDS))
def test_a_value_in_bounds_is_taken(kind, name, raw):
    assert value(kind, name, raw) is not None


@pytest.mark.parametrize(("kind", "name", "raw"), rows(OUT_OF_BOUNDS))
def test_a_value_out_of_bounds_is_refused_and_its_option_is_named(kind, name, raw):
    with pytest.raises(BadInput) as refusal:
        value(kind, name, raw)
    assert f"--{name.replace('_', '-')}" in refusal.value.message
    assert refusal.value.hint == f"see: sitrack record {kind} --help"


def test_half_points_are_kept_exactly():
    assert value("score", "nrs", "7.5") == Decimal("7.5")
    assert value("score", "nrs", 7.5) == Decimal("7.5")
    assert str(value("score", "nrs", "7.0")) == "7"


def test_words_from_a_list_are_kept_in_its_order_and_once():
    given = "gaenslen, faber,gaenslen"
    assert value("exam", "positive", given) == ("faber", "gaenslen")


def test_a_refusal_never_repeats_what_was_typed():
    with pytest.raises(BadInput) as refusal:
        value("medication", "drug", "John Smith")
    assert "Smith" not in refusal.value.message


# --- whole forms


def test_defaults_are_filled_in_and_absent_values_left_out():
    values = read("injection", guidance="ct", nrs="8")
    assert values == {
        "guidance": "ct",
        "contrast": "unknown",
        "purpose": "both",
        "nrs": Decimal(8),
    }
    assert read("block", nrs="8")["nerves"] == ("l5", "s1", "s2", "s3")


@pytest.mark.parametrize(
    ("kind", "values", "option"),
    [
        ("injection", {"nrs": 8}, "--guidance"),
        ("rfa", {"guidance": "ct", "nrs": 8}, "--technique"),
        ("consent", {}, "--procedure"),
        ("opinion", {"from": "hip"}, "--verdict"),
        ("attestation", {}, "--about"),
        ("therapy", {"visits": 4}, "--type"),
        ("medication", {"dose": "500mg"}, "--drug"),
    ],
)
def test_a_required_value_that_is_missing_is_named(kind, values, option):
    with pytest.raises(BadInput, match=f"{option} is missing"):
        read(kind, **values)


@pytest.mark.parametrize(
    ("kind", "values", "options"),
    [
        ("score", {"method": "phone"}, "--nrs, --vas, --odi, --pgic"),
        ("exam", {"fortin": "yes"}, "--positive, --negative"),
    ],
)
def test_a_form_that_says_nothing_is_refused(kind, values, options):
    with pytest.raises(BadInput, match=f"give at least one of {options}"):
        read(kind, **values)


def test_a_field_that_the_form_lacks_is_refused():
    with pytest.raises(BadInput, match="score has no field 'stage'"):
        read("score", nrs=3, stage="rfa")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_example_of_every_form_can_be_read(kind):
    known = {field.name.replace("_", "-"): field for field in kind.fields}
    words = kind.example.split()
    values = {}
    for option, given in itertools.pairwise(words):
        name = option.removeprefix("--")
        if option.startswith("--") and name in known:
            values[known[name].name] = given
    assert values
    assert read_values(kind, values).keys() >= values.keys()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_default_is_one_that_the_field_takes(kind):
    for field in kind.fields:
        if field.default is not None:
            assert read_value(kind.name, field, field.default) == field.default


def test_only_an_attestation_needs_a_clinician():
    assert [kind.name for kind in KINDS.values() if kind.clinician] == ["attestation"]


def test_the_procedures_are_those_done_to_the_joint_and_its_nerves():
    procedures = {kind.name for kind in KINDS.values() if kind.procedure}
    assert procedures == {"injection", "block", "rfa"}


# --- kept as JSON


def test_values_come_back_from_json_as_they_were():
    values = read(
        "therapy", type="passive", start="2025-02-01", visits=5, intolerance=True
    )
    stored = to_json(values)
    assert stored["start"] == "2025-02-01"
    assert from_json(KINDS["therapy"], stored) == values
    score = read("score", nrs="7.5", vas="10")
    assert to_json(score)["nrs"] == "7.5"
    assert to_json(score)["vas"] == "10"
    assert from_json(KINDS["score"], to_json(score)) == score
    exam = read("exam", positive="faber,aslr")
    assert to_json(exam) == {"positive": ["faber", "aslr"]}
    assert from_json(KINDS["exam"], to_json(exam)) == exam


def test_a_stored_field_that_this_version_lacks_is_left_out():
    assert from_json(KINDS["note"], {"topic": "safety", "mood": "good"}) == {
        "topic": "safety"
    }


# --- diary readings


@pytest.mark.parametrize(
    ("text", "minutes", "score"),
    [
        ("1h=2", 60, "2"),
        ("0.5h=3", 30, "3"),
        ("30m=3.5", 30, "3.5"),
        ("0.25h=0", 15, "0"),
        ("72h=10", 4320, "10"),
        ("0m=10", 0, "10"),
    ],
)
def test_a_reading_is_a_time_and_a_score(text, minutes, score):
    assert read_reading(text, "nrs") == Reading(minutes, Decimal(score))


@pytest.mark.parametrize(
    "text",
    [
        *("1h", "=2", "h=2", "1h=", "1h=2.3", "1h=-1", "-1h=2", "1d=2", "1h=2 "),
        *("1h=11", "1h=10.5", "0.33h=2", "73h=2", "1h=2\n", "1H=2", "\u0661h=2", ""),
    ],
)
def test_what_is_no_reading_is_refused(text):
    with pytest.raises(BadInput):
        read_reading(text, "nrs")


def test_a_reading_in_millimetres_goes_to_a_hundred_in_whole_steps():
    assert read_reading("1h=100", "vas").score == 100
    for text in ("1h=101", "1h=55.5"):
        with pytest.raises(BadInput, match="outside the VAS scale"):
            read_reading(text, "vas")


# --- drugs


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"drug": "naproxen"}, "nsaid"),
        ({"drug": "celecoxib"}, "nsaid"),
        ({"drug": "gabapentin"}, "gabapentin"),
        ({"drug": "pregabalin"}, "pregabalin"),
        ({"drug": "paracetamol"}, "other"),
        ({"drug": "brandname", "drug_class": "nsaid"}, "nsaid"),
    ],
)
def test_a_drug_is_known_by_its_name_or_by_the_class_given(values, expected):
    assert drug_class(values) == expected
