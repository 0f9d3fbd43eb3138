"""A queue, a claim, a hand-off and an absence, as people type them."""

import pytest

from sitrack.record.journal import load_stream
from sitrack.record.ledger import open_ledger, reading

from .notation import Story

SPINE = ("team", "add", "spine", "--lead", "okafor", "--join", "rivera")


@pytest.fixture
def story(ledger_url, tmp_path):
    made = Story(ledger_url, tmp_path, "right", "2025-01-06")
    made.written("staff", "add", "okafor", "--role", "coordinator")
    made.written(*SPINE)
    return made


def whose(story, *more):
    """(owner, team, alert) of the episode, as the worklist shows it."""
    rows = story.answer("worklist", "--all", *more)["rows"]
    [row] = [each for each in rows if each["episode"] == story.key]
    return row["owner"], row["team"], row["alert"]


def by(story, who, *words):
    return story.type(*words, "--as", who, "--json")


def test_an_episode_goes_from_hand_to_hand_and_every_day_says_whose_it_was(story):
    key = story.key
    assert whose(story) == ("rivera", None, None)
    story.day = story.day.replace(day=7)
    story.written("episode", "assign", key, "--to", "spine")
    assert whose(story) == (None, "spine", None)
    [queued] = story.answer("worklist", "--all", "team:spine", "owner:none")["rows"]
    assert queued["episode"] == key

    story.day = story.day.replace(day=8)
    assert by(story, "okafor", "episode", "claim", key).code == 0
    late = by(story, "rivera", "episode", "claim", key)
    assert (late.code, late.out) == (12, "")
    assert late.error["message"] == f"{key} is okafor's: nothing was changed"
    assert by(story, "osei", "episode", "handoff", key, *TO_RIVERA).code == 16

    story.day = story.day.replace(day=9)
    offered = by(story, "okafor", "episode", "handoff", key, *TO_RIVERA)
    assert offered.code == 0
    assert whose(story) == ("okafor", "spine", None)
    [asked] = by(story, "rivera", "worklist", "--mine").json["rows"]
    assert (asked["rule"], asked["offered_to"]) == ("handoff-offered", "rivera")
    assert by(story, "osei", "episode", "accept", key).code == 16

    story.day = story.day.replace(day=10)
    assert by(story, "rivera", "episode", "accept", key).code == 0
    assert by(story, "rivera", "episode", "accept", key).code == 11
    then = [whose(story, "--as-of", f"2025-01-{day:02}")[:2] for day in range(6, 11)]
    assert then == [
        ("rivera", None),
        (None, "spine"),
        ("okafor", "spine"),
        ("okafor", "spine"),
        ("rivera", "spine"),
    ]
    whats = [row["what"] for row in story.answer("history", key)["rows"]][1:]
    assert whats == [
        "Assigned to the queue of spine",
        "Claimed by okafor, from the queue of spine",
        "Hand-off to rivera offered, absence, answer by 2025-01-14",
        "Hand-off #4 accepted by rivera",
    ]
    assert story.answer("audit", "verify")["holds"] is True


TO_RIVERA = ("--to", "rivera", "--reason", "absence")


def test_while_somebody_is_away_their_cover_sees_and_hears_of_it(story):
    away = ("absence", "add", "rivera", "--until", "+4d")
    story.written(*away)
    assert whose(story) == (None, None, "coordinator-away")
    story.written(*away, "--cover", "okafor")
    assert whose(story) == ("okafor", None, None)
    rows = by(story, "okafor", "worklist", "--mine", "--all").json["rows"]
    assert [row["episode"] for row in rows] == [story.key]
    assert [row["cover"] for row in story.answer("absence", "list")["rows"]] == [
        "okafor"
    ]
    story.written("absence", "end", "rivera")
    assert whose(story) == ("rivera", None, None)
    assert story.answer("absence", "list")["rows"] == []
    assert story.answer("audit", "verify")["holds"] is True


def test_a_rehearsal_of_several_is_written_down_with_their_keys(story):
    story.written("episode", "assign", story.key, "--to", "spine", "-n")
    assert whose(story) == ("rivera", None, None)
    ledger = open_ledger(story.url)
    with reading(ledger) as connection:
        log = load_stream(connection, "access/rivera")
    ledger.close()
    rehearsed = [
        entry.payload for entry in log if entry.payload["outcome"] == "rehearsed"
    ]
    assert [each["keys"] for each in rehearsed] == [[story.key]]
