"""A list that is empty or whole says of the rest what is true of it, and nothing more."""

import pytest

EVERYBODY = "Nobody needs anything today."
A_PART = "Nothing matches; the whole list: sitrack worklist"


@pytest.fixture
def quiet(desk):
    """The desk on a day on which nobody needs anything."""
    for key in ("P00013-R", "P00021-L", "P00021-R"):
        desk.written("snooze", key, "+3d")
    return desk


@pytest.mark.parametrize("command", ["worklist", "next"])
def test_where_nobody_needs_anything_that_is_said(quiet, command):
    assert EVERYBODY in quiet.screen(command)


@pytest.mark.parametrize(
    "words",
    [
        *(["worklist", "stage:rfa"], ["worklist", "--mine"], ["worklist", "--lost"]),
        *(["worklist", "--lapsed"], ["worklist", "--since", "yesterday"]),
        *(["next", "stage:rfa"], ["next", "--mine"], ["next", "--since", "yesterday"]),
    ],
)
def test_of_an_empty_part_nothing_is_said_about_the_rest(quiet, words):
    screen = quiet.screen(*words, "--as", "osei")
    assert A_PART in screen
    assert EVERYBODY not in screen


def test_who_lapsed_long_ago_is_named_where_nothing_else_is(desk):
    desk.day = desk.day.replace(year=2027)
    for words in (["worklist"], ["next"]):
        assert "Nobody is due today; who lapsed long ago: sitrack worklist --l" in (
            desk.screen(*words)
        )
    part = desk.screen("worklist", "side:left")
    assert "Of these nobody is due today; who lapsed long ago: " in part
    assert max(map(len, part.splitlines())) <= 80
    assert A_PART in desk.screen("worklist", "stage:rfa")


def test_all_of_a_list_counts_what_is_not_due_yet_apart(desk):
    rows = desk.answer("worklist", "--all", "--as-of", "2025-03-31")["rows"]
    later = {row["episode"] for row in rows if row["hidden"] == "not_due"}
    assert later
    assert len(later) < len(rows)
    _, _, *lines, footer = desk.screen(
        "worklist", "--all", "--as-of", "2025-03-31"
    ).splitlines()
    bands = {line.split()[0]: line.split()[1] for line in lines}
    assert {key for key, band in bands.items() if band == "-"} == later
    assert f"{len(rows)} shown: " in footer
    assert f"{len(later)} not due yet | hidden: none" in footer


def test_putting_off_to_a_day_that_is_over_is_told_how_to_say_a_day_ahead(desk):
    for day, hint in (
        ("2025-04-06", "give a day ahead, such as +3d"),
        ("tomorrow", "tomorrow is +1d"),
        ("2027-04-07", "to wait for longer: sitrack episode hold --help"),
    ):
        done = desk.type("snooze", "P00013-R", day, "--as", "rivera", "--json")
        assert (done.code, done.error["hint"]) == (2, hint)
