"""A word that was misspelt: named once, with what would have been right."""

import pytest

from .keyboard import contents


@pytest.fixture
def misspelt(desk):
    """Type a command that is not understood, and changes nothing; return the error."""

    def act(*words):
        before = contents(desk.file)
        done = desk.type(*words, "--json")
        assert (done.code, done.out) == (2, "")
        assert contents(desk.file) == before
        return done.error

    return act


def test_a_choice_is_told_by_its_name_and_its_list_once(misspelt):
    error = misspelt("contact", "P00013-R", "bogus", "--as", "rivera")
    assert error["message"].startswith("invalid value for 'OUTCOME': 'bogus' is")
    assert error["message"].count("no-answer") == 1


@pytest.mark.parametrize(
    ("sort", "hint"),
    [("bogus", "one of recorded, stream"), ("recordr", "did you mean recorder")],
)
def test_a_column_that_a_trail_does_not_have(misspelt, sort, hint):
    assert misspelt("audit", "trail", "--sort", sort)["hint"].startswith(hint)


def test_a_time_that_is_none_may_have_been_a_day(misspelt):
    error = misspelt("audit", "trail", "--since", "garbage")
    assert "2025-05-31, " in error["hint"]


def test_a_receipt_that_is_none_is_shown_one(misspelt):
    error = misspelt("audit", "verify", "--receipt", "nonsense")
    assert error["message"].startswith("that is no receipt, and the file cannot be")
    assert error["hint"] == "--receipt 'P01428-R#9 4f1c 9ab2 0d3e 77c1'"


def test_a_plan_for_days_that_are_over(misspelt):
    error = misspelt("reminder", "plan", "--until", "-3d")
    assert "is before today" in error["message"]
