"""Somebody is enrolled who may be there already."""

import json

ANA = {"given": "Ana", "family": "Brandt", "born": "1970-05-31"}


def added(desk, person, *words):
    words = ("patient", "add", "--from", "-", *words, "--as", "rivera")
    done = desk.type(*words, stdin=json.dumps(person))
    assert done.code == 0, done.err
    return done.out


def test_who_is_enrolled_twice_is_told_of_at_once(desk):
    first = added(desk, ANA).split()[0]
    text = added(desk, {**ANA, "given": "Anna"})
    second = text.split()[0]
    assert (
        f"warning: {first} may be the same person (sitrack show {first}); if so:"
        in text
    )
    # Keys coincide between records: pasted, it joins nobody of another one.
    merging = f"\n  sitrack patient merge {second} {first} -d {desk.url}\n"
    assert merging in text.replace(" \\\n ", "")
    assert "Brandt" not in text


def test_nobody_is_told_of_where_nobody_is_alike(desk):
    assert "warning" not in added(desk, {**ANA, "family": "Okonkwo-Lindqvist"})


def test_a_rehearsed_enrolment_tells_who_is_alike_and_joins_nobody(desk):
    added(desk, ANA)
    text = added(desk, ANA, "--dry-run")
    assert "may be the same person" in text
    assert "merge" not in text


def test_whoever_is_named_as_alike_was_seen_and_the_log_says_so(desk):
    first = added(desk, ANA).split()[0]
    added(desk, ANA)
    added(desk, ANA, "--dry-run")
    desk.written("staff", "add", "kim", "--role", "auditor")
    rows = desk.answer("audit", "who-saw", first, "--as", "kim")["rows"]
    seen = [row["outcome"] for row in rows if row["command"] == "patient add"]
    assert seen == ["shown", "rehearsed"]


def test_whoever_may_enrol_nobody_is_told_of_nobody_and_no_reading_is_logged(desk):
    first = added(desk, ANA).split()[0]
    desk.written("staff", "add", "kim", "--role", "auditor")
    words = ("patient", "add", "--from", "-", "--as", "kim")
    done = desk.type(*words, stdin=json.dumps(ANA))
    assert (done.code, done.out) == (16, "")
    assert first not in done.err
    rows = desk.answer("audit", "who-saw", first, "--as", "kim")["rows"]
    assert {row["how"] for row in rows} == {"wrote"}
