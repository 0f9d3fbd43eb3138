"""Prompts are a courtesy of terminals: each has a flag, and Ctrl-C takes all back."""

import json

import pytest

from .keyboard import SYNTHETIC, Terminal, contents, typed


@pytest.fixture
def at(desk):
    """Type a command at a terminal of its own."""

    def terminal(*words):
        return Terminal(*words, "-d", desk.url, "--now", f"{desk.day}T09:00")

    return terminal


def test_a_patient_is_asked_for_and_enrolled(desk, at):
    with at("patient", "add", "--as", "rivera") as terminal:
        terminal.wait_for("Given name").type("Nora")
        terminal.wait_for("Family name").type("Quist")
        terminal.wait_for("Date of birth").type("1961-02-03")
        terminal.wait_for("Record number").type("")
        code, text = terminal.end()
    assert code == 0
    assert "P00037  N.Q.  enrolled\n" in text
    assert "\nNext: sitrack episode open P00037 --side left|right" in text
    shown = desk.answer("patient", "show", "P00037", "--no-mask")
    assert (shown["given"], shown["born"], shown["mrn"]) == ("Nora", "1961-02-03", None)


def test_a_name_is_asked_for_again_until_it_is_given(at):
    with at("patient", "add", "--as", "rivera") as terminal:
        terminal.wait_for("Given name: ").type("")
        terminal.wait_for("Given name: ").type("Nora")
        terminal.wait_for("Family name").type("Quist")
        terminal.wait_for("Date of birth").type("")
        terminal.wait_for("Record number").type("")
        assert terminal.end()[0] == 0


STAFF = ("staff", "add", "okafor", "--role", "clinician", "--as", "rivera")


def test_staff_is_asked_for_an_address(desk, at):
    with at(
        "staff", "add", "okafor", "--role", "clinician", "--as", "rivera"
    ) as terminal:
        terminal.wait_for("E-mail address").type("okafor@clinic.example")
        code, text = terminal.end()
    assert code == 0
    assert "okafor, clinician, is on the staff list\n" in text
    rows = desk.answer("staff", "list")["rows"]
    [okafor] = [row for row in rows if row["staff"] == "okafor"]
    assert (okafor["role"], okafor["email"]) == ("clinician", True)


def test_a_note_is_asked_for(desk, at):
    with at("record", "note", "P00013-R", "--as", "rivera") as terminal:
        terminal.wait_for("Note").type("Walks to the clinic again.")
        assert terminal.end()[0] == 0
    assert "says: Walks to the clinic again." in desk.screen("history", "P00013-R")


def test_a_form_asks_only_for_what_is_missing_and_says_the_short_way(desk, at):
    with at("record", "score", "P00013-R", "--as", "rivera") as terminal:
        terminal.wait_for("Pain, 0 to 10 (--nrs)").type("eleven")
        terminal.wait_for("takes a score from 0 to 10")
        terminal.wait_for("Pain, 0 to 10 (--nrs)").type("6")
        for name in ("--vas", "--odi", "--pgic"):
            terminal.wait_for(name).type("")
        code, text = terminal.end()
    assert code == 0
    assert "= sitrack record score P00013-R --nrs 6\n" in text
    assert "Score, NRS 6" in text


@pytest.mark.parametrize(
    ("kind", "key", "who", "code", "told"),
    [
        ("score", "P00092-R", "rivera", 11, "error: there is no patient P00092"),
        ("note", "P00013-L", "rivera", 11, "error: there is no episode P00013-L"),
        ("score", "P00021", "rivera", 11, "error: P00021 has several open episodes"),
        ("score", "P00013-R", "reader", 16, "error: record score is for"),
        ("note", "P00013-R", "reader", 16, "error: record note is for"),
    ],
)
def test_nothing_is_asked_whose_answer_could_not_be_kept(
    desk, at, kind, key, who, code, told
):
    desk.written("staff", "add", "reader", "--role", "auditor")
    before = contents(desk.file)
    with at("record", kind, key, "--as", who) as terminal:
        ended, text = terminal.end()
    assert ended == code
    assert told in " ".join(text.split())
    assert "--nrs" not in text
    assert "Note" not in text
    assert contents(desk.file) == before


def test_a_diary_asks_for_its_readings_until_an_empty_line(at):
    with at("record", "diary", "P00021-L", "--as", "rivera") as terminal:
        terminal.wait_for("Reading, such as 1h=2").type("1h=2")
        terminal.wait_for("(empty ends)").type("2h=eleven")
        terminal.wait_for("cannot be understood")
        terminal.wait_for("(empty ends)").type("2h=3")
        terminal.wait_for("(empty ends)").type("")
        code, text = terminal.end()
    assert code == 0
    line = "= sitrack record diary P00021-L --reading 1h=2 --reading 2h=3\n"
    assert line in text


def test_a_procedure_asks_for_what_it_cannot_be_without(at):
    words = ("record", "injection", "P00021-R", "--contrast", "in-joint")
    with at(*words, "--as", "rivera") as terminal:
        terminal.wait_for("--guidance: fluoroscopy, ct").type("ct")
        terminal.wait_for("(--nrs)").type("7")
        code, text = terminal.end()
    assert code == 0
    assert "--guidance ct --contrast in-joint --nrs 7\n" in " ".join(text.split(" "))


def test_ctrl_c_at_a_prompt_takes_everything_back(desk, at):
    before = contents(desk.file)
    for prompt, *words in (
        ("Given name: ", "patient", "add", "--as", "rivera"),
        ("(Enter for none): ", *STAFF),
        ("Note: ", "record", "note", "P00013-R", "--as", "rivera"),
    ):
        with at(*words) as terminal:
            terminal.wait_for(prompt).interrupt()
            code, text = terminal.end()
        assert code == 130
        assert "error: interrupted; what was not finished was undone" in text
        assert "Traceback" not in text
    assert contents(desk.file) == before


def test_the_end_of_input_at_a_prompt_is_an_interruption_too(desk, at):
    before = contents(desk.file)
    with at("patient", "add", "--as", "rivera") as terminal:
        terminal.wait_for("Given name").press("\x04")
        assert terminal.end()[0] == 130
    assert contents(desk.file) == before


def test_ctrl_c_ends_a_watch_cleanly(desk, at):
    with at("reminder", "watch", "--every", "3600") as terminal:
        terminal.wait_for("watching, a round every 3600 s; stop with Ctrl-C")
        terminal.wait_for("3 fired, 3 sent")
        terminal.interrupt()
        code, text = terminal.end()
    assert code == 0
    assert "Traceback" not in text
    assert desk.answer("reminder", "run")["rows"] == []


def test_without_a_terminal_nothing_is_asked_and_the_flag_is_named(desk):
    for words, flag in (
        (("patient", "add"), "--from"),
        (("record", "note", "P00013-R"), "--text"),
    ):
        done = desk.type(*words, "--as", "rivera")
        assert (done.code, done.out) == (2, "")
        assert flag in done.err


def test_no_input_asks_nothing_at_a_terminal_either(at):
    for words in (
        ("patient", "add"),
        ("record", "note", "P00013-R"),
        ("patient", "find"),
    ):
        who = () if words[1] == "find" else ("--as", "rivera")
        with at(*words, *who, "--no-input") as terminal:
            code, text = terminal.end()
        assert code == 2
        assert "is missing" in text


def test_what_is_looked_for_is_asked_at_a_prompt_and_not_in_argv(at):
    with at("patient", "find") as terminal:
        terminal.wait_for("Given name").type("")
        terminal.wait_for("Family name").type("Brandt")
        terminal.wait_for("Date of birth").type("")
        terminal.wait_for("Record number").type("")
        code, text = terminal.end()
    assert code == 0
    assert "\nP00021     A.B.\n" in text


def test_an_error_is_broken_at_the_edge_of_a_terminal_and_whole_in_a_pipe(desk, at):
    words = (
        "advance",
        "P00013-R",
        "re-evaluation",
        "--reason",
        "boredom",
        "--as",
        "rivera",
    )
    with at(*words) as terminal:
        code, text = terminal.end()
    piped = desk.type(*words)
    assert code == piped.code == 2
    assert (
        max(map(len, text.splitlines())) <= 80 < max(map(len, piped.err.splitlines()))
    )
    assert " ".join(text.split()) == " ".join(piped.err.split())


def test_a_long_screen_waits_in_a_pager_and_is_not_cut_without_one(desk, at):
    with at("history", "P00013-R", "--no-pager") as terminal:
        code, text = terminal.end()
    assert code == 0
    assert text == SYNTHETIC + desk.screen("history", "P00013-R")


def test_json_at_a_terminal_is_json(desk, at):
    with at("worklist", "--json", "-q") as terminal:
        _, text = terminal.end()
    assert json.loads(text) == desk.answer("worklist")
    assert typed("worklist", "-d", desk.url, "--json").json["schema"]
