"""The shell is offered keys, stages, staff and views: no names, and at once."""

import subprocess
import sys

import pytest

from sitrack.cli.completion import FILTERS
from sitrack.record import filters
from tests.clinic import Clinic

from .keyboard import surroundings, typed


def completed(url, line, **more):
    """What bash is offered for the last word of a line."""
    words = line.split(" ")
    env = surroundings(
        {
            "SITRACK_DATABASE_URL": url,
            "_SITRACK_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            **more,
        }
    )
    done = subprocess.run(
        [sys.executable, "-m", "sitrack"],
        check=False,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [word.partition(",")[2] for word in done.stdout.split()], done.stderr


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sitrack wo", ["worklist"]),
        ("sitrack entry re", ["retract"]),
        ("sitrack record sc", ["score", "screen"]),
        ("sitrack why p0002", ["P00021-L", "P00021-R"]),
        ("sitrack show P00013", ["P00013-R"]),
        ("sitrack advance P00013-R rel", ["relief"]),
        ("sitrack advance P00013-R rfa --clinician o", ["osei"]),
        ("sitrack record score P00013-R --as ri", ["rivera"]),
        ("sitrack why P00013-R rfa --policy med", ["medicare-lcd-2023"]),
        ("sitrack patient edit P00013 --payer st", ["strict"]),
        ("sitrack worklist own", ["owner:"]),
        ("sitrack worklist @c", ["@calls"]),
        ("sitrack episode finish P00013-R --dis", ["--disposition"]),
        ("sitrack nonsense x", []),
        ("sitrack why P09", []),
    ],
)
def test_a_word_is_completed(desk, line, offered):
    assert completed(desk.url, line) == (offered, "")


def test_an_entry_is_offered_by_its_key_on_postgresql_too(ledger):
    clinic = Clinic(ledger)
    key = clinic.walked()
    url = ledger.url.render_as_string(hide_password=False)
    assert completed(url, "sitrack why P")[0] == [str(key)]
    assert completed(url, "sitrack advance X Y --clinician o")[0] == ["osei"]


def test_nothing_is_offered_where_the_record_is_away(tmp_path):
    missing = f"sqlite:///{tmp_path / 'none.db'}"
    assert completed(missing, "sitrack why P") == ([], "")
    assert not (tmp_path / "none.db").exists()
    unverified = "postgresql://db.clinic.example/sitrack"
    assert completed(unverified, "sitrack why P") == ([], "")
    assert completed("nonsense", "sitrack why P") == ([], "")


def test_no_database_library_is_loaded_for_a_file(desk):
    traced = {"PYTHONPROFILEIMPORTTIME": "1"}
    words, said = completed(desk.url, "sitrack why P00013", **traced)
    assert words == ["P00013-R"]
    loaded = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert "click" in loaded
    assert not {"sqlalchemy", "psycopg", "transitions", "rich"} & loaded


def test_every_field_of_a_filter_is_offered():
    assert {f"{name}:" for name in filters._FIELDS} == set(FILTERS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell):
    done = typed("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert "_SITRACK_COMPLETE" in done.out
