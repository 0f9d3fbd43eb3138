"""Two keys of one person, as commands are typed."""

from .golden import same_as_kept
from .test_json import leaves

PERSON = '{"given": "Marie", "family": "King"}'
TWIN = "P00037"


def enrolled(desk):
    done = desk.written("patient", "add", "--from", "-", stdin=PERSON)
    assert done["patient"] == TWIN


def test_a_merge_and_the_way_back_answer_with_the_episodes_that_follow(desk):
    enrolled(desk)
    desk.written("episode", "open", TWIN, "--side", "left")
    merged = desk.written("patient", "merge", TWIN, "P00013")
    same_as_kept("merged.json", merged)
    same_as_kept("unmerged.json", desk.written("patient", "unmerge", TWIN))
    assert desk.answer("audit", "verify")["holds"] is True


def test_the_screens_say_what_was_done_and_what_comes_next(desk):
    enrolled(desk)
    desk.written("episode", "open", TWIN, "--side", "left")
    who = ("--as", "rivera")
    rehearsed = desk.type("patient", "merge", TWIN, "P00013", "-n", *who)
    assert "would be one with P00013" in rehearsed.out
    assert "recorded" not in rehearsed.out
    done = desk.type("patient", "merge", TWIN, "P00013", *who)
    assert done.out.splitlines()[:2] == [
        "P00037 (M.K.) is one with P00013 (M.K.); 1 episode follows",
        "  P00037-L  injection, active",
    ]
    assert "Next: sitrack show P00013" in done.out
    shown = desk.answer("show", TWIN)
    assert (shown["patient"], shown["merged"]) == ("P00013", [TWIN])
    assert "also P00037" in desk.screen("show", "P00013")
    listed = desk.answer("episode", "list", TWIN)["rows"]
    assert [row["episode"] for row in listed] == ["P00013-R", "P00037-L"]


def test_two_open_episodes_of_a_side_are_told_with_the_way_out(desk):
    done = desk.type("patient", "merge", "P00021", "P00013", "--as", "rivera", "--json")
    assert (done.code, done.out) == (10, "")
    assert "P00013-R and P00021-R are both open" in done.error["message"]
    assert "sitrack entry transfer" in done.error["hint"]


def test_the_words_for_it_are_two():
    names = {path for path, _ in leaves()}
    assert {("patient", "merge"), ("patient", "unmerge")} <= names
