"""The shell is offered keys, stages, staff and views: no names, and at once."""

import shutil
import subprocess
import sys

import pytest

from sitrack.cli.completion import FILTERS
from sitrack.coordination import teams
from sitrack.record import filters
from tests.clinic import RIVERA, Clinic

from .keyboard import surroundings, typed

PEOPLE = ["osei", "rivera"]
OWNERS = ["owner:osei", "owner:rivera"]


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
        ("sitrack worklist stage:rf", ["stage:rfa"]),
        ("sitrack worklist owner:", ["owner:me", "owner:none", *OWNERS]),
        ("sitrack next held:", ["held:yes", "held:no"]),
        ("sitrack worklist episode:p0002", ["episode:P00021-L", "episode:P00021-R"]),
        ("sitrack bulk sta", ["stage:", "status:"]),
        ("sitrack bulk stage:rfa ow", ["owner:"]),
        ("sitrack bulk stage:rfa ass", ["assign"]),
        ("sitrack view delete c", ["calls"]),
        ("sitrack patient merge P0002", ["P00021"]),
        ("sitrack patient merge P00021 P0001", ["P00013"]),
        ("sitrack episode open P0002", ["P00021"]),
        ("sitrack episode finish P00013-R --dis", ["--disposition"]),
        ("sitrack episode finish P00013-R --disposition res", ["resolved"]),
        ("sitrack episode hold P00013-R --reason p", ["pregnancy", "patient-request"]),
        ("sitrack bulk stage:rfa hold --reason preg", ["pregnancy"]),
        ("sitrack episode reopen P00013-R --reason n", ["new-pain-report"]),
        ("sitrack advance P00013-R re-evaluation --reason rec", ["recurrence"]),
        ("sitrack why P00013-R --reason contra", ["contraindicated"]),
        ("sitrack nonsense x", []),
        ("sitrack why P09", []),
    ],
)
def test_a_word_is_completed(desk, line, offered):
    assert completed(desk.url, line) == (offered, "")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sitrack worklist team:", ["team:mine", "team:none", "team:spine"]),
        ("sitrack team edit sp", ["spine"]),
        ("sitrack team add sp", []),
        ("sitrack episode assign P00013-R --to ", [*PEOPLE, "spine"]),
        ("sitrack episode handoff P00013-R --to ", PEOPLE),
        ("sitrack episode open P00013 --coordinator s", ["spine"]),
    ],
)
def test_a_team_is_offered_where_there_may_be_one(desk, line, offered):
    desk.written("team", "add", "spine", "--lead", "rivera")
    assert completed(desk.url, line) == (offered, "")


def test_an_entry_is_offered_by_its_key_on_postgresql_too(ledger):
    clinic = Clinic(ledger)
    key = clinic.walked()
    url = ledger.url.render_as_string(hide_password=False)
    assert completed(url, "sitrack why P")[0] == [str(key)]
    assert completed(url, "sitrack advance X Y --clinician o")[0] == ["osei"]
    teams.add_team(ledger, RIVERA, "spine", teams.TeamChange("rivera"))
    assert completed(url, "sitrack worklist team:s")[0] == ["team:spine"]


def test_nothing_is_offered_where_the_record_is_away(tmp_path):
    missing = f"sqlite:///{tmp_path / 'none.db'}"
    assert completed(missing, "sitrack why P") == ([], "")
    assert not (tmp_path / "none.db").exists()
    unverified = "postgresql://db.clinic.example/sitrack"
    assert completed(unverified, "sitrack why P") == ([], "")
    assert completed("nonsense", "sitrack why P") == ([], "")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sitrack why P00013", ["P00013-R"]),
        ("sitrack episode hold P00013-R --reason preg", ["pregnancy"]),
        ("sitrack worklist team:m", ["team:mine"]),
    ],
)
def test_no_database_library_is_loaded_for_a_file(desk, line, offered):
    traced = {"PYTHONPROFILEIMPORTTIME": "1"}
    words, said = completed(desk.url, line, **traced)
    assert words == offered
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


def pressed(desk, folder, line, breaks=None):
    """What stands on the line of a real bash once TAB was pressed behind a line."""
    script = folder / "sitrack.bash"
    script.write_text(typed("completion", "bash").out)
    # The function is called as readline does it, which needs no terminal.
    asked = f"""
source {script}
sitrack() {{ {sys.executable} -m sitrack "$@"; }}
compopt() {{ echo "option $2"; }}
env() {{ command env "${{@:1:3}}" {sys.executable} -m sitrack; }}
COMP_LINE={line!r} COMP_POINT={len(line)}
COMP_WORDBREAKS={breaks or ":"!r}
read -ra COMP_WORDS <<< "${{COMP_LINE//:/ : }}"
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_sitrack_completion sitrack
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    env = surroundings({"SITRACK_DATABASE_URL": desk.url})
    done = subprocess.run(
        ["bash", "--norc", "-c", asked],
        check=False,
        env=env,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_in_bash_a_filter_is_one_word_in_spite_of_its_colon(desk, tmp_path):
    def press(line, **more):
        return pressed(desk, tmp_path, line, **more)

    assert press("sitrack worklist owner:ri") == ["rivera"]
    assert press("sitrack worklist owner:ri", breaks="=") == ["owner:rivera"]
    assert press("sitrack worklist stage:rfa ow") == ["option nospace", "owner:"]
    assert press("sitrack advance P00013-R rel") == ["relief"]
    assert "P00013-R" in press("sitrack advance ")
