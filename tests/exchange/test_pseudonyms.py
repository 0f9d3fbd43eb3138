"""Whoever holds two exports cannot tell who is who in them, nor find anybody's key."""

import datetime as dt
import json
import re

import pytest

from sitrack.exchange import ocel, xes
from sitrack.exchange.pseudonyms import Names, new_secret
from sitrack.journey.patient import patient_key
from tests.exchange.clinic_abroad import HIDDEN, found_in, lived, names_of
from tests.exchange.test_fhir import text_of
from tests.exchange.watched import acts_of, watched

TOKEN = re.compile(r"[A-Za-z0-9-]*[0-9a-f]{8,}[A-Za-z0-9-]*")
"""What could stand for somebody: anything with eight digits or letters of a hash."""


def texts_of(ledger, names):
    found = found_in(ledger, names)
    return {
        "xes": "\n".join(xes.lines(found, names, {}, None)),
        "ocel": json.dumps(ocel.log(found, names, {})),
        "fhir": text_of(ledger, found, names, acts=acts_of(ledger)),
    }


@pytest.fixture
def exports(ledger, tmp_path):
    """Three forms of the same ledger, twice, each time with a secret of its own."""
    watched(ledger, tmp_path, acts=90, seed=None)
    return [texts_of(ledger, names_of(ledger, new_secret())) for _ in range(2)]


def test_two_exports_have_no_name_in_common(ledger, exports):
    one, two = exports
    protocol = {journey.protocol.hash for journey in found_in(ledger, names_of(ledger))}
    for form in one:
        common = set(TOKEN.findall(one[form])) & set(TOKEN.findall(two[form]))
        assert {each for each in common if not each.endswith(tuple(protocol))} == set()


def test_no_key_hash_or_moment_of_the_record_leaves(ledger, exports):
    found = found_in(ledger, names_of(ledger))
    inside = {journey.name for journey in found}
    inside |= {journey.episode.key.patient for journey in found}
    for journey in found:
        for entry in journey.entries:
            inside |= {entry.entry_id, entry.hash, entry.batch, entry.commitment}
            inside.add(f"{entry.recorded:%H:%M:%S.%f}")
    inside |= {"rivera", "osei"}
    for texts in exports:
        for form, text in texts.items():
            assert [each for each in inside if each in text] == [], form


def test_the_same_secret_gives_the_same_export(ledger, tmp_path):
    lived(ledger, tmp_path, acts=20)
    names = names_of(ledger, HIDDEN, 30)
    assert texts_of(ledger, names) == texts_of(ledger, names)


def test_a_shift_keeps_what_lies_between_two_days():
    names = Names(dt.UTC, HIDDEN, 60)
    first, shifts = dt.date(2025, 3, 1), set()
    for number in range(1, 40):
        key = patient_key(number)
        moved = names.day(key, first)
        shifts.add((moved - first).days)
        for days in (0, 1, 400):
            later = names.day(key, first + dt.timedelta(days))
            assert (later - moved).days == days
    assert len(shifts) > 20
    assert max(map(abs, shifts)) <= 60


def test_nobody_is_found_by_trying_every_key():
    """Without the secret, a dictionary of all keys leads nowhere."""
    mine = Names(dt.UTC, new_secret())
    called = mine.patient(patient_key(1))
    guesses = (Names(dt.UTC, bytes(32)), Names(dt.UTC, None))
    for number in range(1, 500):
        assert all(each.patient(patient_key(number)) != called for each in guesses)
