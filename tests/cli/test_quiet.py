"""An episode that is put off or on hold says so itself, wherever somebody looks at it."""

import pytest

KEY = "P00013-R"
LOOKS = (("due", KEY, "--explain"), ("due", KEY), ("show", KEY))
PUT_OFF = (
    "Put off until 2025-04-14: off the worklist unless it acts first, and no "
    "reminders but escalations until then; what is due stays due."
)
HELD = (
    "On hold since 2025-04-07 (hospitalised), review 2025-04-30: the clock stands "
    f"still; what was due waits for: sitrack episode resume {KEY}"
)


@pytest.fixture
def put_off(desk):
    desk.written("snooze", KEY, "2025-04-14")
    return desk


@pytest.fixture
def held(desk):
    words = ("episode", "hold", KEY, "--reason", "hospitalised")
    desk.written(*words, "--review", "2025-04-30")
    return desk


def said(desk, words):
    """The screen without its line breaks; none is longer than the terminal."""
    screen = desk.screen(*words).partition("\nNext: ")[0]
    assert max(map(len, screen.splitlines())) <= 80
    return " ".join(screen.split())


@pytest.mark.parametrize("words", LOOKS)
def test_what_is_put_off_says_until_when_and_what_that_does(put_off, words):
    assert PUT_OFF in said(put_off, words)
    assert put_off.answer(*words)["snoozed_until"] == "2025-04-14"


@pytest.mark.parametrize("words", LOOKS)
def test_once_the_day_has_come_nothing_is_said_of_it(put_off, words):
    put_off.day = put_off.day.replace(day=14)
    assert "unless it acts first" not in said(put_off, words)
    assert put_off.answer(*words)["snoozed_until"] is None


@pytest.mark.parametrize("words", LOOKS)
def test_a_hold_says_since_when_the_clock_stands_still_and_what_ends_it(held, words):
    assert HELD in said(held, words)
    assert f"sitrack episode resume {KEY}\n" in held.screen(*words)
    assert held.answer(*words)["status"] == "on-hold"
    [hold] = held.answer(*words)["on_hold"]
    assert (hold["reason"], hold["since"]) == ("hospitalised", "2025-04-07")
    assert (hold["hold"], hold["review"]) == (18, "2025-04-30")


@pytest.mark.parametrize("words", LOOKS)
def test_of_several_holds_each_says_how_it_is_released(held, words):
    again = ("episode", "hold", KEY, "--reason", "patient-request")
    held.written(*again, "--review", "2025-04-28")
    screen = said(held, words)
    assert f"{HELD} 18 " in screen
    assert f"sitrack episode resume {KEY} 19" in screen
    held.written("episode", "resume", KEY, "19")
    assert HELD in said(held, words)


@pytest.mark.parametrize("words", LOOKS)
def test_an_episode_that_is_resumed_says_nothing_of_it(held, words):
    held.written("episode", "resume", KEY)
    assert "On hold since" not in said(held, words)
    assert held.answer(*words)["on_hold"] == []


def row_of(desk, *words):
    [row] = [
        row for row in desk.answer("worklist", *words)["rows"] if row["episode"] == KEY
    ]
    [line] = [
        line for line in desk.screen("worklist", *words).splitlines() if KEY in line
    ]
    return row, line


def test_the_whole_worklist_says_what_is_put_off_and_to_when(put_off):
    row, line = row_of(put_off, "--all")
    assert (row["hidden"], row["snoozed_until"]) == ("snoozed", "2025-04-14")
    assert "put off to 04-14" in line
    assert len(line) <= 80
    put_off.day = put_off.day.replace(day=14)
    row, line = row_of(put_off, "--all")
    assert (row["hidden"], row["snoozed_until"]) != ("snoozed", "2025-04-14")
    assert "put off" not in line


def test_the_whole_worklist_says_what_was_put_off_on_a_day_behind(put_off):
    put_off.day = put_off.day.replace(day=15)
    row, line = row_of(put_off, "--all", "--as-of", "2025-04-08")
    assert row["snoozed_until"] == "2025-04-14"
    assert "put off to 04-14" in line


def test_the_whole_worklist_says_what_is_on_hold(held):
    row, line = row_of(held, "--all")
    assert row["hidden"] == "held"
    assert "on hold" in line
    assert len(line) <= 80
