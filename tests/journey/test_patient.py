"""Keys that no slip of the finger turns into somebody else's, and initials."""

from __future__ import annotations

import pytest

from sitrack.errors import NotFound
from sitrack.journey.patient import (
    EpisodeKey,
    initials,
    is_patient_key,
    patient_key,
    patient_stream,
    read_episode_key,
    read_patient_key,
)
from sitrack.pathway.stages import Side

NUMBERS = [*range(1, 26), *range(140, 150), 999, 1428, 9999, *range(10_000, 10_010)]
MORE = [123_456, 999_999, 5_550_123]
KEYS = [patient_key(number) for number in NUMBERS + MORE]


def test_there_are_fifty_keys_and_none_twice():
    assert len(set(KEYS)) == len(KEYS) >= 50


def test_a_key_has_at_least_four_digits_and_one_to_check_them():
    assert patient_key(142) == "P01428"
    assert patient_key(1).startswith("P0001")
    assert patient_key(123_456).startswith("P123456")


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_read_back(key):
    assert read_patient_key(key) == read_patient_key(key.lower()) == key
    assert is_patient_key(key)


@pytest.mark.complaint(25)
@pytest.mark.parametrize("key", KEYS)
def test_one_wrong_digit_names_nobody(key):
    for place in range(1, len(key)):
        for digit in set("0123456789") - {key[place]}:
            typed = key[:place] + digit + key[place + 1 :]
            with pytest.raises(NotFound, match="is nobody's key"):
                read_patient_key(typed)


@pytest.mark.parametrize("key", KEYS)
def test_two_swapped_neighbours_name_nobody(key):
    for place in range(1, len(key) - 1):
        one, two = key[place : place + 2]
        if one != two:
            typed = key[:place] + two + one + key[place + 2 :]
            with pytest.raises(NotFound, match="is nobody's key"):
                read_patient_key(typed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "P0142",
        "01428",
        "Q01428",
        "P01428 ",
        "P01428\n",
        "P\u0660\u0661428",
        "P01428-R",
    ],
)
def test_what_is_no_key_is_not_found(text):
    with pytest.raises(NotFound, match="not a patient key"):
        read_patient_key(text)
    assert not is_patient_key(text)


@pytest.mark.parametrize(
    ("text", "side", "ordinal"),
    [
        ("P01428-R", Side.RIGHT, 1),
        ("p01428-l", Side.LEFT, 1),
        ("P01428-R2", Side.RIGHT, 2),
        ("P01428-L99", Side.LEFT, 99),
    ],
)
def test_an_episode_key_names_patient_side_and_turn(text, side, ordinal):
    key = read_episode_key(text)
    assert key == EpisodeKey("P01428", side, ordinal)
    assert str(key) == text.upper()
    assert read_episode_key(str(key)) == key


@pytest.mark.parametrize(
    "text",
    ["P01428", "P01428-", "P01428-X", "P01428-R0", "P01428-R1", "P01428-R100", "-R"],
)
def test_what_is_no_episode_key_is_not_found(text):
    with pytest.raises(NotFound, match="not an episode key"):
        read_episode_key(text)


def test_a_typo_in_an_episode_key_names_nobody():
    with pytest.raises(NotFound, match="is nobody's key"):
        read_episode_key("P01429-R")


def test_streams_are_named_by_what_they_hold():
    assert patient_stream("P01428") == "patient/P01428"
    assert read_episode_key("P01428-R2").stream == "episode/P01428-R2"


@pytest.mark.parametrize(
    ("given", "family", "shown"),
    [
        ("Maria", "Keller", "M.K."),
        ("élodie", "ångström", "É.Å."),
        ("", "Keller", "K."),
        (" ", "", "-"),
        ("\x1b[31m", "Keller", "K."),
    ],
)
def test_screens_show_initials_only(given, family, shown):
    assert initials(given, family) == shown


def test_a_key_has_one_spelling():
    assert read_patient_key("P01428") == "P01428"
    with pytest.raises(NotFound, match="is nobody's key"):
        read_patient_key("P001428")
