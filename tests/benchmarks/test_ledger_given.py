"""One ledger that is there answers the questions about days and proofs, on both kinds.

A ledger of a million patients is loaded once, in hours, and asked by several benchmarks.
"""

import contextlib

import pytest

from benchmarks import as_of, clinic, country, verify
from benchmarks.measure import NotRun
from sitrack.record import verify as checks
from tests import sealing


@pytest.fixture
def large(ledger_url):
    """A clinic of forty, its clock stopped."""
    with contextlib.closing(clinic.make_at(ledger_url, clinic.Mix(40))) as made:
        yield made


def test_a_ledger_that_is_given_is_asked_about_days(large, tmp_path):
    with contextlib.closing(clinic.make(tmp_path, clinic.Mix(4))) as small:
        figures = as_of.questions(large, small, runs=1)
    of_one, floor, folded, census = figures
    assert (of_one.budget, floor.budget, census.budget) == (1.3, 3, 1.5)
    assert clinic.size_of(large) in of_one.what
    assert folded.ratio is None


def test_a_ledger_that_is_given_is_sealed_once_and_proves_itself(large):
    key = verify.sealed(large)
    size = clinic.size_of(large)
    assert verify.sealed(large) == key
    assert clinic.size_of(large) == size
    assert verify.proofs(large, key, runs=1).ratio
    report = checks.verify_ledger(large, lambda _: None, checks.Held(keys=[key]))
    assert not report.faults


def test_a_ledger_under_another_key_is_left_alone(large):
    sealing.register(large)
    size = clinic.size_of(large)
    with pytest.raises(NotRun, match="a key that is not here"):
        verify.sealed(large)
    assert clinic.size_of(large) == size


def test_a_country_is_loaded_into_the_file_that_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(as_of, "SMALL", 20)
    url = clinic.url_of(tmp_path, "kept")
    first = country.run(runs=1, episodes=8, ledger=url)
    monkeypatch.setattr(country, "LARGE", 1)
    again = country.run(runs=1, episodes=9, ledger=url)
    assert first[0].what.startswith("8 patients")
    assert "loaded" in first[0].what
    assert not any("loaded" in figure.what for figure in again)
    assert again[0].what.startswith("8 patients")
    assert "sealed" in again[-2].what
    assert again[-1].budget == 0.5
