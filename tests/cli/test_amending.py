"""Amending at the command line: what is asked, what is refused, what is told."""

import pytest

from .keyboard import SYNTHETIC, Terminal, contents
from .test_exit_codes import refuses

EXAM = ("entry", "correct", "P00013-R", "6")
FEWER = ("--set", "positive=faber", "--set", "negative=aslr,gaenslen")
WHY = ("--reason", "typing-error")
AS = ("--as", "rivera")


@pytest.fixture
def fails(desk):
    """Type a command at the desk that must fail and change nothing."""

    def act(code, *words):
        when = ("-d", desk.url, "--now", f"{desk.day}T09:00")
        return refuses(code, *words, *when, where=desk.file)

    return act


@pytest.fixture
def at(desk):
    """Type a command at a terminal of its own."""

    def terminal(*words):
        return Terminal(*words, *AS, "-d", desk.url, "--now", f"{desk.day}T09:00")

    return terminal


# --- asked first


def test_whoever_agrees_to_the_effects_has_them_written(desk, at):
    with at(*EXAM, *FEWER, *WHY) as terminal:
        terminal.wait_for("holds no more")
        terminal.wait_for("Write this? [y/N]: ").type("y")
        code, text = terminal.end()
    assert code == 0
    assert "recorded P00013-R#18 " in text
    shown = [line for line in text.splitlines() if "-d sqlite:" not in line]
    assert max(map(len, shown)) <= 80
    assert desk.answer("show", "P00013-R")["version"] == 18


@pytest.mark.parametrize("answer", ["n", ""])
def test_whoever_does_not_agree_has_nothing_written(desk, at, answer):
    before = contents(desk.file)
    with at("undo") as terminal:
        terminal.wait_for("Write this? [y/N]: ").type(answer)
        code, text = terminal.end()
    assert code == 0
    assert "Nothing was kept." in text
    assert contents(desk.file) == before


def test_ctrl_c_at_the_question_takes_everything_back(desk, at):
    before = contents(desk.file)
    with at("entry", "retract", "P00013-R", "17", *WHY) as terminal:
        terminal.wait_for("Write this? [y/N]: ").interrupt()
        code, text = terminal.end()
    assert code == 130
    assert "Traceback" not in text
    assert contents(desk.file) == before


def test_what_somebody_else_wrote_while_it_was_looked_at_is_not_run_over(desk, at):
    with at(*EXAM, *FEWER, *WHY) as terminal:
        terminal.wait_for("Write this? [y/N]: ")
        desk.written("record", "score", "P00013-R", "--nrs", "6")
        before = contents(desk.file)
        terminal.type("y")
        code, _ = terminal.end()
    assert code == 12
    assert contents(desk.file) == before


def test_nobody_is_asked_where_nobody_is_there_or_wants_to_be(desk, fails, at):
    for words in ((*EXAM, *FEWER, *WHY), ("undo",), ("undo", "--no-input")):
        error = fails(2, *words, *AS)
        assert "--yes" in error["hint"]
    with at("undo", "--no-input") as terminal:
        code, text = terminal.end()
    assert code == 2
    assert "--dry-run" in text


# --- what cannot be understood, is not there, or may not be


@pytest.mark.parametrize(
    ("code", "words", "says"),
    [
        (2, (*EXAM, "--set", "nonsense", *WHY), "--set takes a field"),
        (2, (*EXAM, "--set", "=3", *WHY), "--set takes a field"),
        (2, (*EXAM, "--set", "7.", *WHY), "--set takes a field"),
        (2, (*EXAM, "--set", "7.nrs=3", *WHY), "nothing is set of #6"),
        (2, (*EXAM, "--set", "on=soon", *WHY), "is not a day"),
        (2, (*EXAM, *FEWER, "--reason", "because"), "typing-error"),
        (2, (*EXAM, *FEWER), "--reason"),
        (2, (*EXAM, *WHY), "--set"),
        (2, ("entry", "retract", "P00013-R", *WHY), "N..."),
        (2, ("entry", "retract", "P00013-R", "#7", *WHY), "integer"),
        (10, (*EXAM, "--set", "on=+3d", *WHY), "cannot be so"),
        (10, ("entry", "retract", "P00013-R", "2", *WHY), "cannot go alone"),
        (11, ("entry", "retract", "P00013-R", "99", *WHY), "no entry #99"),
        (11, ("entry", "retract", "P00014-R", "9", *WHY), "nobody's key"),
        (11, ("entry", "retract", "P00021", "2", *WHY), "several open episodes"),
        (
            11,
            ("entry", "transfer", "P00013-R", "17", "--to", "P00037-R", *WHY),
            "no patient",
        ),
        (2, ("entry", "transfer", "P00013-R", "17", *WHY), "--to"),
        (11, ("undo", "P00013-R#99"), "no entry #99"),
        (2, ("undo", "P00013-R"), "names no command"),
        (10, ("undo", "P00013-R#2"), "cannot go alone"),
        (12, (*EXAM, *FEWER, *WHY, "--expect-version", "16"), "is at #17"),
    ],
)
def test_what_cannot_be_amended_leaves_everything_as_it_was(fails, code, words, says):
    error = fails(code, *words, "--yes", *AS)
    assert says in error["message"]


def test_who_amends_is_on_the_staff_list(fails):
    fails(16, *EXAM, *FEWER, *WHY, "--yes", "--as", "stranger")


def test_nothing_is_there_to_be_undone_of_somebody_who_wrote_nothing(fails):
    error = fails(11, "undo", "--yes", "--as", "osei")
    assert "osei has written nothing" in error["message"]


# --- what can be said


def test_a_day_is_typed_as_everywhere(desk):
    done = desk.written(*EXAM, "--set", "on=-66d", *WHY, "--yes")
    assert done["schema"] == "sitrack.amended/1"
    rows = desk.answer("history", "P00013-R")["rows"]
    assert (rows[-1]["corrects"], rows[-1]["happened"]) == (6, "2025-01-31")


def test_what_is_written_by_somebody_else_is_told_before_it_is_taken_back(desk):
    desk.answer("record", "score", "P00013-R", "--nrs", "6", "--as", "osei")
    done = desk.type("undo", "P00013-R#18", "-n", *AS)
    assert "#18 was" in done.out
    assert "(written by osei)" in " ".join(done.out.split())


def test_words_say_why_and_stand_in_the_history(desk):
    words = ("entry", "retract", "P00013-R", "17", *WHY, "--text", "-", "--yes")
    desk.written(*words, stdin="This was of another patient.")
    screen = desk.screen("history", "P00013-R")
    assert "reason: typing-error" in screen
    assert "says: This was of another patient." in screen


def test_a_quiet_answer_is_the_effects_and_the_receipt(desk):
    done = desk.type("undo", "--yes", "-q", *AS)
    assert done.err == ""
    assert "Next:" not in done.out
    assert "recorded " in done.out


# --- an alert is seen, and goes with its cause


def test_an_alert_is_told_by_every_write_until_it_is_taken_back(desk):
    made = desk.type(*EXAM, *FEWER, *WHY, "--yes", *AS)
    assert "Next: sitrack why P00013-R" in made.out
    after = desk.type("record", "score", "P00013-R", "--nrs", "6", *AS)
    assert "Next: sitrack why P00013-R" in after.out
    alerts = [row["alert"] for row in desk.answer("worklist")["rows"]]
    assert alerts[0] == "guard-no-longer-met"
    desk.written("undo", "P00013-R#18", "--yes")
    assert desk.answer("show", "P00013-R")["broken"] == []
    alerts = [row["alert"] for row in desk.answer("worklist")["rows"]]
    assert set(alerts) == {None}


def test_mine_shows_the_alerts_of_mine_and_of_nobody_else(desk, monkeypatch):
    desk.written(*EXAM, *FEWER, *WHY, "--yes")
    for who, keys in (("rivera", ["P00013-R"]), ("osei", [])):
        monkeypatch.setenv("SITRACK_AS", who)
        rows = desk.answer("worklist", "--mine")["rows"]
        assert [row["episode"] for row in rows if row["alert"]] == keys


@pytest.mark.parametrize("verb", ["correct", "retract", "transfer"])
def test_help_names_every_reason_and_begins_with_an_example(desk, verb):
    text = desk.type("entry", verb, "--help").out.replace(SYNTHETIC, "")
    flat = " ".join(text.split())
    assert f"sitrack entry {verb} P01428-" in flat
    for reason in ("typing-error", "wrong-patient", "source-corrected"):
        assert reason in flat
    assert max(map(len, text.splitlines())) <= 80


def test_a_pipe_says_of_each_entry_whether_it_stands(desk):
    desk.written(*EXAM, *FEWER, *WHY, "--yes")
    desk.written("entry", "retract", "P00013-R", "17", *WHY, "--yes")
    heads, *rows = desk.type("history", "P00013-R").out.splitlines()
    cells = [dict(zip(heads.split("\t"), row.split("\t"), strict=True)) for row in rows]
    told = {row["entry"]: (row["amended_by"], row["retracted"]) for row in cells}
    assert told["P00013-R#6"] == ("18", "no")
    assert told["P00013-R#17"] == ("19", "yes")
    assert [row["corrects"] for row in cells[-2:]] == ["6", "17"]
