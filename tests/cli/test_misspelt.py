"""A word that was misspelt: named once, with what would have been right."""

import datetime as dt
import json

import pytest

from .keyboard import contents, typed


@pytest.fixture
def misspelt(desk):
    """Type a command that is not understood, and changes nothing; return the error."""

    def act(*words):
        before = contents(desk.file)
        done = desk.type(*words, "--json")
        assert (done.code, done.out) == (2, "")
        assert contents(desk.file) == before
        return done.error

    return act


def test_a_choice_is_told_by_its_name_and_its_list_once(misspelt):
    error = misspelt("contact", "P00013-R", "bogus", "--as", "rivera")
    assert error["message"].startswith("invalid value for 'OUTCOME': 'bogus' is")
    assert error["message"].count("no-answer") == 1


@pytest.mark.parametrize(
    ("sort", "hint"),
    [("bogus", "one of recorded, stream"), ("recordr", "did you mean recorder")],
)
def test_a_column_that_a_trail_does_not_have(misspelt, sort, hint):
    assert misspelt("audit", "trail", "--sort", sort)["hint"].startswith(hint)


def test_a_time_that_is_none_may_have_been_a_day(misspelt):
    error = misspelt("audit", "trail", "--since", "garbage")
    assert "2025-05-31, " in error["hint"]


def test_a_receipt_that_is_none_is_shown_one(misspelt):
    error = misspelt("audit", "verify", "--receipt", "nonsense")
    assert error["message"].startswith("that is no receipt, and the file cannot be")
    assert error["hint"] == "--receipt 'P01428-R#9 4f1c 9ab2 0d3e 77c1'"


def test_a_plan_for_days_that_are_over(misspelt):
    error = misspelt("reminder", "plan", "--until", "-3d")
    assert "is before today" in error["message"]


@pytest.mark.parametrize(
    ("given", "says", "example"),
    [
        (
            (),
            "hold: --reason CODE (or --renew N) and --review DATE are missing",
            "--reason pregnancy --review +60d",
        ),
        (
            ("--review", "+30d"),
            "hold: --reason CODE (or --renew N) is missing",
            "--reason pregnancy --review +60d",
        ),
        (
            ("--reason", "brandt"),
            "hold: --review DATE is missing",
            "--reason pregnancy --review +60d",
        ),
        (
            ("--renew", "12"),
            "hold: --review DATE is missing",
            "--renew 12 --review +60d",
        ),
    ],
)
def test_a_hold_names_all_that_it_lacks_at_once(misspelt, given, says, example):
    error = misspelt("episode", "hold", "P00013-R", *given, "--as", "rivera")
    assert error["message"] == says
    assert error["hint"] == f"sitrack episode hold P00013-R {example}"


def test_the_example_of_a_hold_can_be_pasted(desk, misspelt):
    hint = misspelt("episode", "hold", "P00013-R", "--as", "rivera")["hint"]
    _, *words = hint.split()
    assert desk.type(*words, "--as", "rivera").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("worklist",),
        ("worklist", "--all", "--as-of", "2025-04-01"),
        ("next",),
        ("report", "census"),
        ("bulk",),
        ("view", "save", "theirs"),
    ],
)
def test_a_person_or_team_that_there_is_not_in_a_filter(misspelt, words):
    verb = ("assign", "--to", "osei", "-n", "--as", "rivera")
    verb = verb if words == ("bulk",) else ()
    error = misspelt(*words, "owner:rivvera", *verb)
    assert error["message"] == "owner: knows no 'rivvera'"
    assert error["hint"] == "did you mean owner:rivera?"
    error = misspelt(*words, "team:spine", *verb)
    assert error["hint"] == "see who there is: sitrack team list"


def test_a_rule_that_no_protocol_on_record_has(desk, misspelt):
    for words in (
        ("worklist",),
        ("next",),
        ("report", "census"),
        ("view", "save", "v"),
    ):
        error = misspelt(*words, "rule:BLK-DAIRY")
        assert error["message"] == "rule: knows no such name"
        assert error["hint"] == "did you mean rule:BLK-DIARY?"
    known = ("blk-diary", "BOOKED", "red-flag", "nobody", "deceased", "handoff-offered")
    for rule in known:
        desk.answer("worklist", f"rule:{rule}")


def test_every_row_is_found_again_by_its_rule(desk):
    rows = desk.answer("worklist", "--all")["rows"]
    assert rows
    for row in rows:
        again = desk.answer("worklist", "--all", f"rule:{row['rule']}")["rows"]
        assert row["episode"] in {each["episode"] for each in again}


def test_somebody_who_has_left_is_known_for_ever(desk):
    desk.written("staff", "retire", "osei")
    assert desk.answer("worklist", "owner:osei")["rows"] == []
    desk.day += dt.timedelta(days=30)
    assert desk.answer("worklist", "owner:osei", "--as-of", "2025-04-01")["rows"] == []
    desk.written("team", "add", "spine", "--lead", "rivera")
    queue = desk.answer("report", "census", "team:spine")["rows"]
    assert not any(row["episodes"] for row in queue)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["-d", "u.db", "worklist"], "worklist -d u.db"),
        (["--json", "worklist", "stage:rfa"], "worklist stage:rfa --json"),
        (["--as=rivera", "-q", "next", "--mine"], "next --mine --as=rivera -q"),
        (["--as", "demo", "staff", "list"], "staff list --as demo"),
        (["staff", "-q", "list"], "staff list -q"),
        (["-q", "staff", "--as", "kim", "list"], "staff list -q --as kim"),
    ],
)
def test_an_option_before_its_command_is_shown_behind_it(words, meant):
    done = typed(*words)
    assert (done.code, done.out) == (2, "")
    hint = f"hint: options come after their command: sitrack {meant}"
    assert hint in done.err or hint[6:] in done.error["hint"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kim:hunter2@db.example/sitrack",
        "postgresql://db.example/sitrack?user=kim&password=hunter2",
        "kim:hunter2@db.example/sitrack",
        "host=db.example user=kim password=hunter2",
    ],
)
def test_the_password_of_a_database_is_not_repeated(misspelt, url):
    for words in (["-d", url, "worklist"], [f"--database={url}", "worklist"]):
        error = misspelt(*words)
        assert "hunter2" not in str(error)
        assert error["hint"].endswith("URL")
        assert "sitrack worklist" in error["hint"]


@pytest.mark.parametrize("command", ["find", "add"])
def test_a_name_typed_behind_its_command_is_not_repeated(misspelt, command):
    error = misspelt("--json", "patient", command, "Haddad")
    assert "Haddad" not in str(error)
    assert error["hint"].endswith(f": sitrack patient {command} --json")


@pytest.mark.parametrize("words", [["--nosuch", "worklist"], ["-d", "worklist"]])
def test_what_is_no_option_of_it_either_is_only_said_to_be_none(misspelt, words):
    error = misspelt(*words)
    assert error["message"].startswith("there is no option")
    assert error["hint"] == "see: sitrack --help"


def test_a_hand_off_that_waits_for_nobody_shows_where_to_look(desk):
    done = desk.type("episode", "accept", "P00013-R", "--as", "rivera", "--json")
    assert (done.code, done.error["hint"]) == (11, "sitrack history P00013-R")


NAMED = "Maria Keller"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (2, ("why", "P00013-R", NAMED)),
        (2, ("why", "P00013-R", "Keller")),
        (2, ("worklist", "--as-of", NAMED)),
        (2, ("history", "P00013-R", "--as-known", NAMED)),
        (2, ("snooze", "P00013-R", NAMED, "--as", "rivera")),
        (16, ("worklist", "--as", NAMED)),
        (16, ("record", "score", "P00013-R", "--nrs", "3", "--as", NAMED)),
        (
            11,
            (
                *("record", "score", "P00013-R", "--nrs", "3"),
                *("--performer", NAMED, "--as", "rivera"),
            ),
        ),
        (11, ("episode", "assign", "P00013-R", "--to", NAMED, "--as", "rivera")),
        (
            11,
            (
                *("episode", "open", "P00013", "--side", "left"),
                *("--coordinator", NAMED, "--as", "rivera"),
            ),
        ),
        (11, ("staff", "retire", NAMED, "--as", "rivera")),
        (2, (NAMED,)),
        (2, ("Keller",)),
        (2, ("patient", "Keller")),
        (2, ("worklist", "owner:Keller")),
        (2, ("worklist", "Keller:Maria")),
        (11, ("worklist", "@Keller")),
        (2, ("contact", "P00013-R", NAMED, "--as", "rivera")),
        (2, ("due", "P00013-R", NAMED)),
        (2, ("due", "P00013-R", "Maria", "Keller")),
        (2, ("record", "score", "P00013-R", f"--nrs={NAMED}", "--as", "rivera")),
        (2, ("worklist", f"--{NAMED}")),
        (2, ("audit", "trail", "--sort", NAMED)),
        (2, ("audit", "trail", "--kind", NAMED)),
        (2, ("audit", "verify", "--receipt", NAMED)),
        (2, ("--as", NAMED, "staff", "list")),
        (2, ("why", "P00013-R", "rfa", "--policy", NAMED)),
        (2, ("undo", f"P00013-R#{NAMED}", "--as", "rivera")),
        (11, ("undo", "P00013-R#Keller", "-n", "--as", "rivera")),
    ],
)
def test_a_name_typed_where_none_belongs_is_not_repeated(desk, code, words):
    done = desk.type(*words, "--json")
    assert (done.code, done.out) == (code, "")
    assert done.error["message"]
    assert "Keller" not in done.err
    assert "Maria" not in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("why", "P00013-R", "rfaa"), "there is no stage 'rfaa'"),
        (("worklist", "--as-of", "2025-02-30"), "'2025-02-30' is not a day"),
        (("wroklist",), "there is no command 'wroklist'"),
        (("worklist", "--nosuch"), "there is no option --nosuch"),
        (("due", "P00013-R", "rfa"), "got unexpected extra argument (rfa)"),
    ],
)
def test_a_word_that_cannot_be_a_name_is_repeated(desk, words, message):
    done = desk.type(*words, "--json")
    assert (done.code, done.error["message"]) == (2, message)


def test_what_was_meant_is_told_though_it_is_not_repeated(misspelt):
    error = misspelt("why", "P00013-R", "Fusoin")
    assert error["message"] == "there is no stage of that name"
    assert error["hint"].startswith("did you mean fusion")


# --- the record that a hint speaks of


def hint_of(*words):
    """The hint, said alike to people and to programs."""
    hint = typed(*words).err.partition("hint: ")[2].rstrip("\n")
    error = json.loads(typed(*words, "--json").err.splitlines()[-1])["error"]
    assert error["hint"] == hint
    return hint


@pytest.mark.parametrize(
    "typing",
    [
        ("-d", "URL"),
        ("-dURL",),
        ("-qd", "URL"),
        ("--database", "URL"),
        ("--database=URL",),
    ],
)
def test_the_command_of_a_hint_goes_to_the_record_that_was_typed(desk, typing):
    where = [word.replace("URL", desk.url) for word in typing]
    words = ("advance", "P00013-R", "rfa", "--as", "rivera")
    hint = hint_of(*words, *where)
    assert hint.endswith(f"sitrack why P00013-R rfa -d {desk.url}")
    assert typed(*hint.partition("sitrack ")[2].split()).code == 0


def test_no_record_is_made_elsewhere_than_where_it_was_looked_for(tmp_path):
    url = f"sqlite:///{tmp_path / 'of two words.db'}"
    assert hint_of("worklist", "-d", url) == f"sitrack db init -d '{url}'"


def test_without_such_an_option_a_hint_stays_as_it_is(desk, monkeypatch):
    assert hint_of("worklist") == "sitrack db init"
    monkeypatch.setenv("SITRACK_DATABASE_URL", desk.url)
    hint = hint_of("advance", "P00013-R", "rfa", "--as", "rivera")
    assert hint.endswith("sitrack why P00013-R rfa")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (
            ("worklist", "--as", "nobody1"),
            "sitrack staff list -d URL, then --as ID (or set SITRACK_AS once)",
        ),
        (("wroklist",), "did you mean worklist? see: sitrack --help"),
        (("worklist", "--xyzzy"), "see: sitrack worklist --help"),
        (("worklist", "@none"), "sitrack view list -d URL (@calls)"),
        (
            (
                *("entry", "correct", "P00013-R", "2", "--set", "text=x", "--yes"),
                *("--reason", "typing-error", "--as", "rivera"),
            ),
            "take it out (sitrack entry retract P00013-R N -d URL), and write it anew",
        ),
    ],
)
def test_the_record_stands_behind_the_command_and_not_behind_the_hint(
    desk, words, hint
):
    assert hint_of(*words, "-d", desk.url) == hint.replace("URL", desk.url)


@pytest.mark.parametrize(
    "url",
    ["postgresql://kim:hush@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x?password=hush"],
)
def test_a_hint_tells_no_password(url):
    assert "hush" not in hint_of("worklist", "-d", url)


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize("option", ["--database", "--config", "--as"])
def test_an_option_that_is_empty_is_not_taken_for_one_left_out(option, empty):
    done = typed("worklist", option, empty)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {option} is empty\nhint: give it a value")
    assert typed("db", "init", "--zone", "UTC", "-d", empty).code == 2
