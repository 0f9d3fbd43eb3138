"""One verb on many episodes: a plan, a typed count, a result for each, one undo."""

from contextlib import closing

import pytest

from sitrack.record import history
from sitrack.record.ledger import open_ledger, reading
from tests.clinic import codes_of

from .golden import same_as_kept
from .keyboard import Terminal, contents

KEYS = ["P00013-R", "P00021-L", "P00021-R"]
WHO = ("--as", "rivera")
MINE = ("bulk", "owner:rivera")
HOLD = ("--reason", "pregnancy", "--review", "+30d")


def stand(desk):
    """(coordinator, version) of every episode."""
    found = {}
    with closing(open_ledger(desk.url)) as ledger, reading(ledger) as connection:
        for name in KEYS:
            key = history.key_of_stream(f"episode/{name}")
            episode = history.episode_at(connection, ledger, key)
            found[name] = episode.coordinator, episode.version
    return found


def codes(desk):
    with closing(open_ledger(desk.url)) as ledger:
        return codes_of(ledger)


@pytest.fixture
def at(desk):
    def terminal(*words):
        return Terminal(*words, *WHO, "-d", desk.url, "--now", f"{desk.day}T09:00")

    return terminal


# --- the plan


@pytest.fixture
def mixed(desk):
    """A desk at which one of the three is on hold, and cannot be put off."""
    desk.written("episode", "hold", KEYS[2], *HOLD)
    return desk


@pytest.mark.parametrize(
    ("name", "verb"),
    [("snooze", ["snooze", "+3d"]), ("advance", ["advance", "re-evaluation"])],
)
def test_the_plan_says_of_each_what_would_happen_and_why_not(mixed, name, verb):
    before = contents(mixed.file)
    words = ("bulk", "stage:injection or stage:diagnostic-block", *verb, "-n")
    same_as_kept(f"bulk-{name}-plan.txt", mixed.type(*words, *WHO).out)
    same_as_kept(f"bulk-{name}-plan.json", mixed.answer(*words, *WHO))
    assert contents(mixed.file) == before


def test_a_rehearsal_is_written_down_like_a_read(desk):
    desk.answer(*MINE, "snooze", "+3d", "-n", *WHO)
    rows = desk.answer("audit", "who-saw", "P00021-L", "--as", "rivera")["rows"]
    assert [row["outcome"] for row in rows if row["command"] == "bulk snooze"] == [
        "rehearsed"
    ]


def test_a_filter_that_picks_nobody_does_nothing(desk):
    done = desk.type("bulk", "stage:rfa", "snooze", "+3d", *WHO)
    assert (done.code, done.out) == (0, "The filter picks no episode.\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["bulk", "snooze", "+3d"], "say which episodes"),
        (["bulk", "stage:rfa"], "say what to do with them"),
        (["bulk", "stgae:rfa", "snooze", "+3d"], "no field"),
        (["bulk", "stage:rfa", "erase"], "there is no command 'erase'"),
        ([*MINE, "snooze", "+3d", "--max", "2"], "picks 3 episodes, more than 2"),
        ([*MINE, "snooze", "+3d", "--count", "2"], "possible to 3 of 3, and not to 2"),
        ([*MINE, "snooze", "+3d"], "nobody is here to type how many"),
        ([*MINE, "snooze", "+3d", "--reason", "rain"], "--reason takes"),
    ],
)
def test_what_cannot_be_understood_writes_nothing(desk, words, says):
    before = contents(desk.file)
    done = desk.type(*words, *(WHO if words[2:] else ()))
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert contents(desk.file) == before


# --- doing it


def test_all_of_it_is_one_command_and_one_undo(desk):
    before = stand(desk)
    answer = desk.written(*MINE, "assign", "--to", "osei", "--count", "3")
    assert (answer["done"], answer["refused"]) == (3, 0)
    assert {who for who, _ in stand(desk).values()} == {"osei"}
    undone = desk.written("undo", "--yes")
    assert [row["episode"] for row in undone["rows"]] == KEYS
    after = stand(desk)
    assert {who for who, _ in after.values()} == {"rivera"}
    assert all(after[key][1] == before[key][1] + 2 for key in KEYS)
    assert codes(desk) == set()


def test_it_can_be_taken_back_by_its_name_later(desk):
    batch = desk.written(*MINE, "assign", "--to", "osei", "--count", "3")["batch"]
    desk.written("record", "note", "P00021-L", "--text", "-", stdin="Called back.")
    desk.written("undo", batch, "--yes")
    assert {who for who, _ in stand(desk).values()} == {"rivera"}


def test_where_some_are_refused_the_others_are_done_and_it_leaves_with_fifteen(mixed):
    done = mixed.type(*MINE, "snooze", "+3d", "--count", "2", "--json", *WHO)
    assert (done.code, done.error["type"]) == (15, "partly-done")
    assert "done to 2 of 3; 1 stand as they stood" in done.error["message"]
    assert (done.json["done"], done.json["refused"]) == (2, 1)
    *put_off, held = done.json["rows"]
    assert {row["outcome"] for row in put_off} == {"done"}
    assert all(row["receipt"] for row in put_off)
    told = [held[name] for name in ("episode", "outcome", "code", "findings", "entry")]
    assert told == [KEYS[2], "refused", 10, ["NOT_ALLOWED_FROM_STATE"], None]
    assert codes(mixed) == set()
    seen = mixed.answer("audit", "who-saw", KEYS[2], "--as", "rivera")["rows"]
    mine = [row["outcome"] for row in seen if row["command"] == "bulk snooze"]
    assert mine == ["not-eligible"]


def test_where_it_is_possible_to_nobody_nothing_is_kept(desk):
    before = contents(desk.file)
    done = desk.type(*MINE, "advance", "rfa", "--count", "0", *WHO)
    assert done.code == 10
    assert "possible to none of the 3" in done.err
    assert contents(desk.file) == before


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (["snooze", "+3d"], "snoozed"),
        (["contact", "sent", "--channel", "letter"], "contact"),
        (["hold", *HOLD], "held"),
        (["assign", "--to", "osei"], "assigned"),
    ],
)
def test_every_verb_does_what_it_does_to_one(desk, verb, kind):
    answer = desk.written(*MINE, *verb, "--count", "3")
    assert [row["episode"] for row in answer["rows"]] == KEYS
    for row in answer["rows"]:
        history = desk.answer("history", row["episode"])["rows"]
        assert (history[-1]["kind"], history[-1]["batch"]) == (kind, answer["batch"])
    assert codes(desk) == set()


# --- asked first


def test_whoever_types_how_many_they_are_has_it_done(desk, at):
    with at(*MINE, "assign", "--to", "osei") as terminal:
        terminal.wait_for("P00021-R").wait_for("3 episodes: 3 possible")
        terminal.wait_for("(3 of 3; Enter: none): ").type("3")
        code, text = terminal.end()
    assert code == 0
    assert "3 done, 0 refused." in text
    assert {who for who, _ in stand(desk).values()} == {"osei"}


@pytest.mark.parametrize("typed", ["", "y", "2"])
def test_whoever_types_anything_else_has_not(desk, at, typed):
    before = contents(desk.file)
    with at(*MINE, "assign", "--to", "osei") as terminal:
        terminal.wait_for("Enter: none): ").type(typed)
        code, text = terminal.end()
    assert (code, "Nothing was kept." in text) == (0, True)
    assert contents(desk.file) == before
