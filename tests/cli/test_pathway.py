"""A clinic's own protocol at the command line: check, diff, adopt, migrate."""

import json
import stat

import pytest

from sitrack.pathway.loading import shipped_text

from .golden import same_as_kept
from .keyboard import Terminal, contents, typed

NORTH = """\
derives = "si-2026.1"
id = "north-2026.1"
title = "The north clinic, 2026"

[numbers]
block_min_pct = { value = 75, sources = ["C2"] }

[[follow_ups]]
id = "BLK-ESC"
offset = "8w"

[[follow_ups]]
id = "INJ-CHECK"
remove = true

[[follow_ups]]
id = "INJ-SCHED"
offset = "5bd"

[calendar]
country = "GB"
region = "ENG"
years = [2025, 2026]
closed = [{ day = "12-24", name = "Christmas Eve" }]
"""
SIGNED = ("--clinician", "osei", "--as", "rivera")
MIGRATE = ("pathway", "migrate", "north-2026.1", *SIGNED)
WRONG = """\
derives = "si-2026.1"
id = "north-2026.1"
title = "North"
[numbers]
blok_min_pct = { value = 75 }
steroid_pct = { value = 150 }
"""
EMPTY = """\
derives = "si-2026.1"
id = "north-2026.1"
title = "North"
[numbers]
blocks_required = { value = 0 }
[[follow_ups]]
id = "INJ-SCHED"
remove = true
"""


@pytest.fixture
def file(tmp_path):
    """A clinic's protocol file with that text; by default the north clinic's."""

    def written(text=NORTH, name="north.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


@pytest.fixture
def adopted(desk, file):
    """The clinic after it adopted the north clinic's protocol."""
    desk.written("pathway", "adopt", file(), "--clinician", "osei")
    return desk


def kept(name, text):
    same_as_kept(f"{name}.txt", text)
    assert max(map(len, text.splitlines()), default=0) <= 80


# --- check


def test_a_derived_file_is_checked_without_any_record(file):
    done = typed("pathway", "check", file())
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("north-2026.1  ")
    assert lines[1].startswith("derived from si-2026.1  ")
    assert lines[1].endswith(", 5 changed")
    assert lines[-1] == "sound"


def test_what_does_not_fit_is_named_whole_and_leaves_with_10(file):
    done = typed("pathway", "check", file(WRONG))
    assert done.code == 10
    assert done.out.splitlines() == [
        (
            "  unsound: protocol: numbers.blok_min_pct names nothing that is there; "
            "did you mean block_min_pct?"
        ),
        "  unsound: protocol: numbers.steroid_pct.value is out of range",
    ]
    twin = typed("pathway", "check", file(WRONG), "--json")
    assert (twin.code, twin.error["code"]) == (10, 10)
    assert (twin.json["sound"], twin.json["protocol"]) == (False, None)
    assert [row["fault"] for row in twin.json["rows"]] == [
        line.removeprefix("  unsound: ") for line in done.out.splitlines()
    ]


def test_what_is_not_sound_is_named_whole_and_leaves_with_10(file):
    done = typed("pathway", "check", file(EMPTY))
    assert done.code == 10
    assert [line for line in done.out.splitlines() if "unsound" in line] == [
        "  unsound: injection has no follow-up that starts when it is entered",
        "  unsound: block-positive demands nothing by positive-blocks: required is 0",
    ]


def test_a_file_may_derive_from_what_the_clinic_adopted(adopted, file):
    text = (
        'derives = "north-2026.1"\nid = "north-2026.2"\ntitle = "Next"\n'
        "[numbers]\nsteroid_pct = { value = 60 }\n"
    )
    later = file(text, "later.toml")
    assert adopted.type("pathway", "check", later).code == 0
    done = adopted.answer("pathway", "diff", "si-2026.1", later)
    names = {row["name"] for row in done["rows"]}
    assert {"steroid_pct", "block_min_pct", "INJ-CHECK"} <= names
    nowhere = typed("pathway", "check", later)
    assert nowhere.code == 14  # there is no record of its own to look into


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("derives = 5\n", 2),
        ('derives = "si-2026.1"\nmoves = []\n', 2),
        (NORTH.replace('"si-2026.1"', '"si-1999.1"'), 11),
        (NORTH.replace("[numbers]", "[numbers"), 2),
    ],
)
def test_what_cannot_be_understood_is_an_error_of_its_own(desk, file, text, code):
    assert desk.type("pathway", "check", file(text)).code == code


# --- diff and show


def test_what_differs_is_told_line_by_line(desk, file):
    kept("pathway-diff", desk.screen("pathway", "diff", "si-2026.1", file()))


def test_a_protocol_is_named_by_file_id_or_hash(adopted, file):
    mine = next(
        row
        for row in adopted.answer("pathway", "list")["rows"]
        if row["protocol"] == "north-2026.1"
    )
    for word in ("north-2026.1", mine["hash"], mine["hash"][:10]):
        done = adopted.answer("pathway", "diff", word, file())
        assert (done["rows"], done["from"]["hash"]) == ([], mine["hash"])
        assert adopted.answer("pathway", "show", word)["hash"] == mine["hash"]
    screen = adopted.screen("pathway", "diff", "north-2026.1", file())
    assert screen.splitlines()[-1] == "Nothing that counts differs."
    done = adopted.type("pathway", "diff", "north-2026.1", "north-2026.7")
    assert (done.code, done.out) == (11, "")


def test_what_a_clinic_changed_is_marked_where_the_numbers_are_shown(desk, file):
    screen = desk.screen("pathway", "show", file())
    assert "  block_min_pct  75 % (the clinic's own) [C2]" in screen
    assert "  block_spacing_days  14 d [S8]" in screen
    assert (
        "  INJ-SCHED  record the injection: entry + 5 bd (the clinic's own)" in screen
    )
    assert screen.splitlines()[1].startswith("derived from si-2026.1  (")
    assert "  fusion_requires_rfa  yes [founding 38]" in screen
    assert "  contact-1  7 days [O6]" in screen
    answer = desk.answer("pathway", "show", file())
    changed = [each["name"] for each in answer["numbers"] if each["changed"]]
    assert changed == ["block_min_pct"]
    assert answer["derived"]["protocol"] == "si-2026.1"
    assert "calendar" in answer["derived"]["changed"]


# --- adopt


def test_an_adoption_says_who_follows_it(desk, file):
    words = ("pathway", "adopt", file(), *SIGNED)
    rehearsed = desk.type(*words, "--dry-run")
    kept("pathway-adopt-dry-run", rehearsed.out)
    kept("pathway-adopt", desk.type(*words).out)
    kept("pathway-list-adopted", desk.screen("pathway", "list"))
    opened = desk.written("episode", "open", "P00013", "--side", "left")["episode"]
    assert desk.answer("show", opened)["protocol"] == "north-2026.1"
    assert desk.answer("show", "P00013-R")["protocol"] == "si-2026.1"


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        (EMPTY, SIGNED, 10),
        (WRONG, SIGNED, 2),
        (NORTH, ("--clinician", "rivera", "--as", "rivera"), 16),
        (NORTH, ("--clinician", "osei"), 16),
        (NORTH, ("--as", "rivera"), 2),
        (shipped_text(), SIGNED, 2),
        (NORTH.replace("north-2026.1", "si-2026.1"), SIGNED, 2),
    ],
)
def test_what_may_not_be_adopted_changes_nothing(desk, file, text, words, code):
    path = file(text)
    before = contents(desk.file)
    done = desk.type("pathway", "adopt", path, *words)
    assert (done.code, done.out) == (code, "")
    assert done.told.startswith("error: ")
    assert contents(desk.file) == before


def test_a_file_that_cannot_be_read_is_said_so(desk, file, tmp_path):
    folder = tmp_path / "a-folder.toml"
    folder.mkdir()
    assert stat.S_ISDIR(folder.stat().st_mode)
    for path in (folder, tmp_path / "none.toml"):
        done = desk.type("pathway", "adopt", path, *SIGNED)
        assert (done.code, done.out) == (2, "")
        assert "the protocol file cannot be read: " in done.told


# --- migrate


def test_a_migration_is_rehearsed_episode_by_episode(adopted):
    before = contents(adopted.file)
    done = adopted.type(*MIGRATE, "--all", "--dry-run")
    assert done.code == 0
    kept("pathway-migrate-dry-run", done.out)
    assert contents(adopted.file) == before


def test_what_can_be_brought_over_is_and_the_rest_stays(adopted):
    done = adopted.type(*MIGRATE, "--all", "--yes")
    assert done.code == 15
    kept("pathway-migrate", done.out)
    assert done.told.startswith("error: 1 episode stays on the protocol it has\n")
    pinned = {
        key: adopted.answer("show", key)["protocol"]
        for key in ("P00013-R", "P00021-L", "P00021-R")
    }
    assert pinned == {
        "P00013-R": "north-2026.1",
        "P00021-L": "si-2026.1",
        "P00021-R": "north-2026.1",
    }
    assert adopted.answer("audit", "verify")["holds"] is True
    last = adopted.answer("history", "P00013-R")["rows"][-1]
    assert last["kind"] == "migrated"
    assert last["what"] == (
        "Protocol changed: si-2026.1 → north-2026.1, signed by osei"
    )


def test_one_that_needs_a_person_is_brought_over_by_its_name(adopted):
    adopted.type(*MIGRATE, "--all", "--yes")
    again = adopted.type(*MIGRATE, "--all", "--yes", "--json")
    assert (again.code, again.error["code"]) == (10, 10)
    [row] = again.json["rows"]
    assert (row["verdict"], row["outcome"]) == ("needs-a-person", "stayed")
    assert again.json["already"] == 2
    done = adopted.type(*MIGRATE, "--episode", "P00021-L", "--yes", "--json")
    assert done.code == 0
    assert done.json["rows"][0]["outcome"] == "migrated"
    assert adopted.answer("show", "P00021-L")["protocol"] == "north-2026.1"


def test_what_would_be_illegal_stays_even_by_its_name(adopted, file):
    text = NORTH.replace("north-2026.1", "north-2026.2").replace(
        "block_min_pct = { value = 75",
        "conservative_before_procedure_days = { value = 365",
    )
    adopted.written("pathway", "adopt", file(text, "b.toml"), "--clinician", "osei")
    words = ("pathway", "migrate", "north-2026.2", *SIGNED, "--episode", "P00013-R")
    before = contents(adopted.file)
    done = adopted.type(*words, "--yes", "--json")
    assert (done.code, contents(adopted.file)) == (10, before)
    [row] = done.json["rows"]
    assert (row["verdict"], row["outcome"]) == ("would-be-illegal", "stayed")
    assert row["why"][0].startswith("exhaust-conservative of 2025-03-17: ")


def test_nothing_is_done_that_nobody_agreed_to(adopted):
    before = contents(adopted.file)
    done = adopted.type(*MIGRATE, "--all")
    assert (done.code, done.out) == (2, "")
    assert "--yes" in done.told
    for words in ((), ("--all", "--episode", "P00013-R")):
        assert adopted.type(*MIGRATE, *words, "--yes").code == 2
    assert contents(adopted.file) == before


def test_it_is_asked_at_a_terminal_after_the_rehearsal(adopted):
    words = (*MIGRATE, "--all", "-d", adopted.url, "--now", f"{adopted.day}T09:00")
    before = contents(adopted.file)
    with Terminal(*words) as terminal:
        terminal.wait_for("P00013-R").wait_for("Migrate 2 episodes to north-2026.1?")
        terminal.type("n")
        assert terminal.end()[0] == 130
    assert contents(adopted.file) == before
    with Terminal(*words) as terminal:
        terminal.wait_for("Migrate 2 episodes to north-2026.1?").type("y")
        assert terminal.end()[0] == 15


def test_a_second_time_there_is_nothing_to_do(adopted):
    adopted.type(*MIGRATE, "--all", "--yes")
    adopted.type(*MIGRATE, "--episode", "P00021-L", "--yes")
    before = contents(adopted.file)
    done = adopted.type(*MIGRATE, "--all")
    assert done.code == 0
    assert done.out.splitlines()[-1] == "0 episodes: 3 on it already"
    assert contents(adopted.file) == before


def test_the_json_of_a_migration_is_kept(adopted):
    done = adopted.type(*MIGRATE, "--all", "--yes", "--json")
    assert done.out.count("\n") == 1
    assert list(done.json)[:2] == ["schema", "as_of"]
    same_as_kept("migration.json", done.json)


def test_the_json_of_an_adoption_is_kept(desk, file):
    answer = desk.written("pathway", "adopt", file(), "--clinician", "osei")
    assert answer["schema"] == "sitrack.adopted/1"
    same_as_kept("adopted.json", answer)


def test_the_json_of_a_difference_is_kept(desk, file):
    answer = desk.answer("pathway", "diff", "si-2026.1", file())
    same_as_kept("pathway-diff.json", answer)
    rows = desk.type("pathway", "diff", "si-2026.1", file(), "--format", "ndjson")
    assert [json.loads(line) for line in rows.out.splitlines()] == answer["rows"]


def test_a_migration_is_undone_like_any_command(adopted):
    adopted.type(*MIGRATE, "--all", "--yes")
    done = adopted.type("undo", "--as", "rivera", "--yes", "--json")
    assert done.code == 0, done.err
    assert adopted.answer("show", "P00013-R")["protocol"] == "si-2026.1"
    assert adopted.answer("audit", "verify")["holds"] is True
    again = adopted.type(*MIGRATE, "--all", "--dry-run", "--json").json
    assert again["already"] == 0


# --- the arithmetic of a due date


def test_closed_days_and_holidays_are_named_where_they_are_passed_over(desk, file):
    desk.day = desk.day.replace(day=14)
    desk.written("pathway", "adopt", file(EASTER), "--clinician", "osei")
    key = desk.written("episode", "open", "P00013", "--side", "left")["episode"]
    kept("due-explain-business", desk.screen("due", key, "--explain"))
    row = next(
        row for row in desk.answer("due", key)["rows"] if row["rule"] == "INJ-SCHED"
    )
    assert (row["offset"], row["unit"], row["due"]) == (5, "bd", "2025-04-24")
    assert row["calendar"] == "business days of GB-ENG"
    assert (row["anchor_entry"], row["weekend_days"]) == (1, 2)
    assert row["closed"] == [
        {"day": "2025-04-16", "name": "staff day"},
        {"day": "2025-04-18", "name": "Good Friday"},
        {"day": "2025-04-21", "name": "Easter Monday"},
    ]
    assert row["listed_until"] is None


EASTER = NORTH.replace(
    "closed = [", 'closed = [{ day = 2025-04-16, name = "staff day" }, '
)


def test_a_count_that_outlives_the_list_of_holidays_says_so(desk, file):
    text = NORTH.replace("[2025, 2026]", "[2024, 2024]")
    desk.written("pathway", "adopt", file(text), "--clinician", "osei")
    key = desk.written("episode", "open", "P00013", "--side", "left")["episode"]
    screen = " ".join(desk.screen("due", key, "--explain").split())
    assert "no holidays are listed after 2024" in screen
    assert desk.answer("due", key)["rows"][0]["listed_until"] == 2024


def test_days_on_hold_are_told_hold_by_hold(desk):
    words = ("episode", "hold", "P00013-R", "--reason", "hospitalised")
    desk.written(*words, "--review", "2025-04-30")
    held = desk.screen("due", "P00013-R", "--explain")
    assert "review of the hold 2025-04-30, #18" in held
    desk.day = desk.day.replace(day=21)
    desk.written("episode", "resume", "P00013-R")
    kept("due-explain-held", desk.screen("due", "P00013-R", "--explain"))
    row = desk.answer("due", "P00013-R")["rows"][-1]
    assert (row["rule"], row["holds"], row["offset"]) == ("BLK-ESC", 14, 42)
    assert row["due"] == "2025-05-12"
    [hold] = row["held"]
    assert (hold["hold"], hold["reason"], hold["days"]) == (18, "hospitalised", 14)
    assert (hold["since"], hold["until"]) == ("2025-04-07", "2025-04-21")
