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
    assert f"\n  sitrack patient merge {second} {first}\n" in text
    assert "Brandt" not in text


def test_nobody_is_told_of_where_nobody_is_alike(desk):
    assert "warning" not in added(desk, {**ANA, "family": "Okonkwo-Lindqvist"})


def test_a_rehearsed_enrolment_tells_who_is_alike_and_joins_nobody(desk):
    added(desk, ANA)
    text = added(desk, ANA, "--dry-run")
    assert "may be the same person" in text
    assert "merge" not in text
