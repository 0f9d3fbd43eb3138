"""The first morning on an empty machine, by what each screen says comes next."""

import json
import stat

import pytest

from tests.clinic import Clinic

from .keyboard import Terminal, typed, typed_outside


@pytest.fixture
def type_here(home):
    """Type without `-d`: where the record is, is found out as on any machine."""

    def act(*words, stdin=""):
        done = typed(*words, stdin=stdin)
        assert done.code == 0, done.err
        return done.out

    return act


def test_a_machine_without_a_record_says_how_to_make_one(home):
    file = home / "data" / "sitrack" / "sitrack.db"
    for words in (
        ["worklist"],
        ["show", "P00013"],
        ["staff", "list"],
        ["db", "status"],
    ):
        done = typed(*words)
        assert (done.code, done.out) == (14, "")
        assert (
            done.err
            == f"error: there is no database at {file}\nhint: sitrack db init\n"
        )
    assert list(home.iterdir()) == []


def test_from_nothing_to_the_first_worklist(home, type_here, monkeypatch):
    file = home / "data" / "sitrack" / "sitrack.db"
    made = type_here("db", "init", "--zone", "Europe/London")
    assert made.splitlines() == [
        f"made a ledger at sqlite:///{file}",
        "clinic's zone: Europe/London",
        "Next: sitrack staff add YOUR-ID --role coordinator",
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert type_here("db", "path") == f"{file}\n"
    assert "real patients" in type_here("db", "status")

    added = type_here("staff", "add", "rivera", "--role", "coordinator")
    assert (
        added.splitlines()[-1] == "Next: export SITRACK_AS=rivera, and leave out --as"
    )
    monkeypatch.setenv("SITRACK_AS", "rivera")

    person = json.dumps({"given": "Mary", "family": "King"})
    enrolled = type_here("patient", "add", "--from", "-", stdin=person)
    step = enrolled.splitlines()[-1]
    assert step == "Next: sitrack episode open P00013 --side left|right"
    opened = type_here("episode", "open", "P00013", "--side", "right")
    assert opened.splitlines()[0] == "P00013-R  M.K.  right SI joint  Injection"

    asked = type_here("why", "P00013-R", "relief", "--format", "table")
    step = asked.partition("Next: sitrack ")[2].replace("\\\n", " ")
    assert step.startswith("record injection P00013-R")
    recorded = type_here(*step.split())
    assert "Injection, fluoroscopy, contrast in joint, NRS 8" in recorded

    rows = json.loads(type_here("worklist", "--json"))["rows"]
    assert [(row["episode"], row["rule"]) for row in rows] == [
        ("P00013-R", "INJ-DIARY")
    ]
    assert type_here("reminder", "run", "--format", "table").startswith("0 fired")
    assert type_here("audit", "verify", "--format", "table").endswith(
        "The record holds.\n"
    )


def test_sitrack_alone_says_how_far_the_record_is(home, type_here, monkeypatch):
    monkeypatch.setenv("SITRACK_AS", "rivera")
    person = json.dumps({"given": "Mary", "family": "King"})
    steps = {
        "Next: sitrack db init": ("db", "init", "--zone", "UTC"),
        "Next: sitrack staff add YOUR-ID --role coordinator": (
            *("staff", "add", "rivera", "--role", "coordinator"),
        ),
        "Next: sitrack patient add": ("patient", "add", "--from", "-"),
        "Next: sitrack episode open PATIENT --side left|right": (
            *("episode", "open", "P00013", "--side", "right"),
        ),
    }
    for step, words in steps.items():
        assert type_here().splitlines()[-1] == step
        type_here(*words, stdin=person)
    assert type_here().splitlines()[-2:] == ["", "Next: sitrack worklist"]


def test_a_record_that_cannot_be_looked_at_is_one_for_the_doctor(home, monkeypatch):
    other = home / "other.db"
    for content in (b"", b"no database"):
        other.write_bytes(content)
        monkeypatch.setenv("SITRACK_DATABASE_URL", f"sqlite:///{other}")
        assert typed().out.endswith("Next: sitrack doctor\n")
    (home / "half.toml").write_text("as =")
    monkeypatch.setenv("SITRACK_CONFIG", str(home / "half.toml"))
    assert typed().out.endswith("Next: sitrack doctor\n")


def test_how_far_a_record_is_on_a_server_too(ledger, monkeypatch):
    url = ledger.url.render_as_string(hide_password=False)
    monkeypatch.setenv("SITRACK_DATABASE_URL", url)
    assert typed().out.endswith("--role coordinator\n")
    Clinic(ledger).walked()
    assert typed().out.endswith("\nNext: sitrack worklist\n")


def test_who_writes_before_there_is_any_staff_is_told_how_to_begin(home, type_here):
    type_here("db", "init", "--zone", "UTC")
    person = '{"given": "Ana", "family": "Brandt"}'
    done = typed("patient", "add", "--from", "-", stdin=person)
    assert done.code == 16
    assert done.err == (
        "error: nobody is on the staff list yet\n"
        "hint: sitrack staff add YOUR-ID --role coordinator\n"
    )


def test_a_path_in_an_error_goes_to_the_next_line_whole(home, tmp_path):
    path = tmp_path / "a-folder-with-a-name" / "of-many-words.db"
    url = f"sqlite:///{path}"
    columns = len("error: there is no database at ") + len(str(path)) - 5
    wide = {"COLUMNS": str(columns)}
    with Terminal("worklist", "-d", url, env=wide) as terminal:
        code, text = terminal.end()
    assert code == 14
    assert f"\n    {path}\n" in text


def test_a_second_record_is_not_made_over_the_first(home, type_here):
    type_here("db", "init", "--zone", "UTC")
    file = home / "data" / "sitrack" / "sitrack.db"
    before = file.read_bytes()
    done = typed("db", "init", "--zone", "UTC")
    assert (done.code, done.out) == (14, "")
    assert file.read_bytes() == before


def test_a_zone_that_there_is_not_makes_no_record(home):
    done = typed("db", "init", "--zone", "Europe/Londen")
    assert (done.code, done.out) == (2, "")
    assert not (home / "data" / "sitrack" / "sitrack.db").exists()


def test_the_order_in_which_the_record_is_looked_for(home, tmp_path, monkeypatch):
    def where(*words):
        return typed("db", "path", *words).out.strip()

    default = str(home / "data" / "sitrack" / "sitrack.db")
    assert where() == default
    settings = home / "config" / "sitrack" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('database_url = "sqlite:////srv/file.db"\n')
    assert where() == "/srv/file.db"
    other = tmp_path / "other.toml"
    other.write_text('database_url = "sqlite:////srv/other.db"\n')
    assert where("--config", other) == "/srv/other.db"
    monkeypatch.setenv("SITRACK_DATABASE_URL", "sqlite:////srv/variable.db")
    assert where("--config", other) == "/srv/variable.db"
    assert where("-d", "sqlite:////srv/flag.db") == "/srv/flag.db"
    monkeypatch.setenv("SITRACK_DATABASE_URL", "")
    assert where() == "/srv/file.db"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text('database_url = "sqlite:////srv/here.db"\n')
    (tmp_path / "sitrack.toml").write_text('database_url = "sqlite:////srv/here.db"\n')
    assert where() == "/srv/file.db"


def test_a_process_of_its_own_begins_the_same_way(home):
    env = {"HOME": str(home), "SITRACK_AS": "rivera"}
    none = typed_outside("worklist", env=env)
    assert (none.code, none.out) == (14, "")
    assert none.err.endswith("hint: sitrack db init\n")
    assert typed_outside("db", "init", "--zone", "UTC", env=env).code == 0
    added = typed_outside("staff", "add", "rivera", "--role", "coordinator", env=env)
    assert added.code == 0
    person = '{"given": "Al", "family": "Ek"}'
    words = ("patient", "add", "--from", "-", "--json")
    enrolled = typed_outside(*words, env=env, stdin=person)
    assert enrolled.json["patient"] == "P00013"
