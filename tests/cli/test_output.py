"""Where an answer goes decides its form; nothing that came from outside can act."""

import csv
import io
import json
import unicodedata

import pytest

from .keyboard import Terminal, contents, typed

READS = [
    ["worklist"],
    ["show", "P00013-R"],
    ["show", "P00021"],
    ["patient", "show", "P00013", "--no-mask"],
    ["why", "P00013-R"],
    ["history", "P00013-R"],
    ["due", "P00013-R", "--explain"],
    ["episode", "list"],
    ["staff", "list"],
    ["reminder", "plan", "--until", "+60d"],
    ["pathway", "show"],
    ["pathway", "list"],
    ["audit", "verify"],
]
FORMS = ["table", "json", "ndjson", "csv", "tsv"]

HOSTILE = (
    "\x1b]0;you are owned\x07\x1b[31mred\x1b[0m "
    "over\rwritten \u202egnihton\u202c \u2066hid\u2069 \x9b2J [bold]loud[/bold] <b>"
)


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_a_table_is_never_wider_than_its_terminal(desk, monkeypatch, words, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = desk.screen(*words).splitlines()
    # A URL stays whole, on a line of its own: it is there to be pasted.
    lines = [line for line in lines if not line.startswith("  -d ")]
    assert max(map(len, lines)) <= max(80, columns)


def test_a_wide_terminal_is_used(desk, monkeypatch):
    narrow = desk.screen("history", "P00013-R")
    monkeypatch.setenv("COLUMNS", "120")
    wide = desk.screen("history", "P00013-R")
    assert len(wide.splitlines()) < len(narrow.splitlines())
    assert "Injection, fluoroscopy, contrast in joint, NRS 8, ODI 52" in wide


@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_a_pipe_gets_every_row_whole_in_columns(desk, words):
    piped = desk.type(*words).out
    assert piped == desk.type(*words, "--format", "tsv").out
    rows = list(csv.DictReader(io.StringIO(piped), dialect="excel-tab"))
    assert len(rows) == len(desk.answer(*words)["rows"])
    assert "…" not in piped
    assert "\x1b" not in piped


@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_every_form_holds_the_same_rows(desk, words):
    whole = desk.answer(*words)["rows"]
    by_line = desk.type(*words, "--format", "ndjson").out.splitlines()
    assert [json.loads(line) for line in by_line] == whole
    table = list(csv.DictReader(io.StringIO(desk.type(*words, "--format", "csv").out)))
    assert len(table) == len(whole)
    for row, same in zip(table, whole, strict=True):
        plain = {name: same[name] for name in row if isinstance(same[name], str)}
        assert {name: row[name] for name in plain} == plain


def test_dates_are_exact_in_a_pipe(desk):
    [first, *_] = csv.DictReader(
        io.StringIO(desk.type("worklist").out), dialect="excel-tab"
    )
    assert (first["due"], first["days"]) == ("2025-04-07", "0")


def test_a_cell_is_no_formula(desk):
    for given, family in (("=1+1", "Adams"), ("+44", "Brown"), ("@SUM(A1)", "Clark")):
        person = json.dumps({"given": given, "family": family})
        desk.written("patient", "add", "--from", "-", stdin=person)
        known = json.dumps({"family": family})
        words = ("patient", "find", "--from", "-", "--no-mask", "--format")
        for form, dialect in (("csv", "excel"), ("tsv", "excel-tab")):
            out = desk.type(*words, form, stdin=known).out
            [row] = csv.DictReader(io.StringIO(out), dialect=dialect)
            assert row["given"] == f"'{given}"


def acts(text, form):
    """What in a text could act on a terminal, beside the ends of lines and cells."""
    harmless = "\n\t" if form == "tsv" else "\n"
    return {
        char
        for char in text
        if char not in harmless
        and unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"}
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_hostile_note_is_spelled_out_on_every_screen(desk, form):
    words = ("record", "note", "P00013-R", "--as", "rivera", "--text", "-")
    assert desk.type(*words, stdin=HOSTILE).code == 0
    shown = ""
    for read in (*READS, ["history", "P00013-R", "--reverse"]):
        out = desk.type(*read, "--format", form).out
        assert acts(out, form) == set(), read
        shown += out
    if form == "table":
        assert "\\u001B]0;you are owned\\u0007" in shown
        assert "[bold]loud[/bold]" in shown
    if form == "json":
        rows = desk.answer("history", "P00013-R")["rows"]
        assert rows[-1]["payload"]["text"] == HOSTILE


@pytest.mark.parametrize(
    "part", ["\x1b[31m", "\r", "\n", "\u202e", "\u2066", "\x9b", "\x00"]
)
def test_a_name_that_could_act_is_no_name(desk, part):
    person = json.dumps({"given": f"Ma{part}ry", "family": "King"})
    words = ("patient", "add", "--from", "-", "--as", "rivera")
    done = desk.type(*words, stdin=person)
    assert (done.code, done.out) == (2, "")
    assert acts(done.err, "table") == set()
    assert "Ma" not in done.err


def test_a_name_in_markup_is_shown_as_it_is_written(desk):
    person = json.dumps({"given": "[red]Al[/red]", "family": "<b>Ek</b>"})
    key = desk.written("patient", "add", "--from", "-", stdin=person)["patient"]
    assert "[red]Al[/red] <b>Ek</b>" in desk.screen("show", key, "--no-mask")


@pytest.mark.parametrize("word", ["\x1b[31mred", "\u202edettap"])
def test_what_was_typed_is_spelled_out_in_its_error(desk, word):
    for words in (
        ["why", "P00013-R", word],
        [word],
        ["worklist", f"--{word}"],
        ["show", word],
    ):
        done = desk.type(*words)
        assert done.code in {2, 11}
        assert acts(done.err, "table") == set()
        assert acts(desk.type(*words, "--json").err, "json") == set()


def test_a_terminal_gets_a_table_in_colour_and_none_where_none_is_wanted(desk):
    words = ("why", "P00013-R", "rfa", "-d", desk.url, "--now", f"{desk.day}T09:00")
    for env, more, coloured in (
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"TERM": "dumb"}, (), False),
        ({}, ("--color", "never"), False),
    ):
        with Terminal(*words, *more, "-q", env=env) as terminal:
            code, text = terminal.end()
        assert code == 0
        assert text.startswith("No. P00013-R (M.K., right) may not move to RFA")
        assert ("\x1b[" in text) is coloured


def test_colour_never_carries_meaning_alone(desk):
    coloured = desk.type(
        "why", "P00013-R", "rfa", "--format", "table", "--color", "always"
    )
    plain = desk.screen("why", "P00013-R", "rfa")
    assert "\x1b[31mno" in coloured.out
    assert "\n  no   Consent is on record" in plain


def test_quiet_leaves_the_answer_and_nothing_else(desk):
    loud = desk.type(
        "record", "score", "P00013-R", "--nrs", "6", "--as", "rivera", "-n"
    )
    quiet = desk.type(
        "record", "score", "P00013-R", "--nrs", "6", "--as", "rivera", "-q"
    )
    assert (loud.code, quiet.code) == (0, 0)
    assert "Next:" not in quiet.out
    assert "recorded P00013-R#18" in quiet.out
    assert quiet.err == ""
    rows = desk.type("reminder", "run", "--quiet")
    assert rows.code == 0


def test_verbose_says_which_record_is_used(desk):
    done = desk.type("worklist", "-v")
    assert done.told == f"record: {desk.url} (named by flag)\n"


def test_a_long_screen_is_not_paged_in_a_pipe(desk):
    assert (
        desk.type("history", "P00013-R").out
        == desk.type("history", "P00013-R", "--no-pager").out
    )


def test_a_password_is_shown_nowhere(postgresql_url):
    url = postgresql_url.replace("postgres:@", "postgres:hunter2@")
    assert "hunter2" in url
    for words in (
        ["db", "path"],
        ["db", "status"],
        ["db", "init", "--zone", "UTC"],
        ["worklist", "-v"],
    ):
        done = typed(*words, "-d", url)
        assert "hunter2" not in done.out + done.err


DRY = [
    ["record", "score", "P00013-R", "--nrs", "6"],
    ["advance", "P00013-R", "rfa", "--variance", "clinical-judgement"],
    ["episode", "open", "P00013", "--side", "left"],
    ["patient", "add", "--from", "-"],
    ["staff", "add", "okafor", "--role", "clinician"],
]


@pytest.mark.parametrize("words", DRY, ids=" ".join)
def test_a_dry_run_checks_everything_and_keeps_nothing(desk, words):
    more = {"advance": ("--clinician", "osei", "--text", "-")}.get(words[0], ())
    stdin = '{"given": "Al", "family": "Ek"}'
    before = contents(desk.file)
    dry = desk.type(*words, *more, "--as", "rivera", "--dry-run", stdin=stdin)
    twin = desk.type(*words, *more, "--as", "rivera", "-n", "--json", stdin=stdin)
    assert (dry.code, twin.code) == (0, 0)
    assert "would " in dry.out
    assert twin.json["dry_run"] is True
    assert contents(desk.file) == before
    assert desk.type(*words, *more, "--as", "rivera", stdin=stdin).code == 0
    assert contents(desk.file) != before
