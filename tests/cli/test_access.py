"""Whoever looks at a patient is written down before anything is shown."""

import ast
import json
import os
import re
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from sitrack.cli import shell
from sitrack.record.access import keys_seen
from sitrack.record.journal import load_stream
from sitrack.record.ledger import open_ledger, reading
from sitrack.record.roles import COMMANDS as MATRIX
from sitrack.settings import OPTIONS, data_folder
from tests.stories.notation import Story

from .full_disk import FULL, needs_a_full_disk
from .keyboard import command, surroundings, typed_outside
from .test_help import COMMANDS
from .test_privacy import BORN, FAMILY, GIVEN, MRN, NOTE

READS = {
    "worklist": (["worklist"], {"P00013-R", "P00021-L", "P00021-R"}),
    "next": (["next"], {"P00021-L"}),
    "view list": (["view", "list"], set()),
    "view show": (["view", "show", "calls"], set()),
    "show": (["show", "p00013-r"], {"P00013-R"}),
    "show a timeline": (["show", "p00013-r", "--timeline"], {"P00013-R"}),
    "show a patient": (["show", "P00021"], {"P00021-L", "P00021-R"}),
    "patient show": (["patient", "show", "P00013"], {"P00013-R"}),
    "patient find": (["patient", "find", "--from", "-"], {"P00021"}),
    "why": (["why", "P00013-R", "rfa"], {"P00013-R"}),
    "history": (["history", "P00021-L"], {"P00021-L"}),
    "due": (["due", "P00013"], {"P00013-R"}),
    "episode list": (["episode", "list", "P00021"], {"P00021-L", "P00021-R"}),
    "staff list": (["staff", "list"], set()),
    "doctor": (["doctor"], set()),
    "team list": (["team", "list"], set()),
    "absence list": (["absence", "list"], set()),
    "reminder status": (["reminder", "status"], set()),
    "reminder list": (["reminder", "list", "--status", "open"], set()),
    "reminder dead": (["reminder", "dead"], set()),
    "reminder ledger": (["reminder", "ledger", "P00021-L"], {"P00021-L"}),
    "reminder plan": (["reminder", "plan", "--until", "+3d"], {"P00013-R", "P00021-L"}),
    "audit trail": (["audit", "trail", "P00021-L"], {"P00021-L"}),
    "audit by": (["audit", "by", "osei"], set()),
    "audit who-saw": (["audit", "who-saw", "p00021-l"], {"P00021-L"}),
    "audit variances": (["audit", "variances"], set()),
    "audit sample": (["audit", "sample", "1", "--seed", "7"], {"P00013-R"}),
    "report census": (["report", "census"], set()),
    "report time-in-stage": (["report", "time-in-stage"], set()),
    "report funnel": (["report", "funnel"], set()),
    "report trend": (["report", "trend"], set()),
    "report reach": (["report", "reach"], set()),
    "audit key show": (["audit", "key", "show"], set()),
    "pathway list": (["pathway", "list"], set()),
    "pathway show": (["pathway", "show"], set()),
    "pathway diff": (["pathway", "diff", "si-2026.1", "si-2026.1"], set()),
}
ELSEWHERE = {"audit witness", "audit reconcile"}
"""They read a file first: see test_sealing and test_reconcile."""
FOUND = json.dumps({"family": "bra"})
NOBODYS = {
    *(("demo",), ("completion",), ("audit", "verify")),
    *(("pathway", "check"), ("pathway", "draw")),
    *(("config", verb) for verb in ("show", "path", "init")),
    *(("db", verb) for verb in ("init", "status", "upgrade", "path", "restore")),
}
"""Commands that show nobody anything of anyone: keys, sizes, settings, and what is in a file."""


def log_of(url, *whose):
    """The entries of the log, of everybody or of these."""
    with closing(open_ledger(str(url))) as ledger, reading(ledger) as connection:
        query = "SELECT stream FROM stream WHERE stream LIKE 'access/%' ORDER BY 1"
        streams = connection.exec_driver_sql(query.replace("%", "%%")).scalars().all()
        return [
            entry
            for stream in streams
            if not whose or stream.removeprefix("access/") in whose
            for entry in load_stream(connection, stream)
        ]


@pytest.fixture
def logged(desk):
    """Type a command; return what it left behind, and what it wrote into the log."""

    def act(*words, stdin="", run=desk.type):
        before = {(e.stream, e.seq) for e in log_of(desk.url)}
        done = run(*words, stdin=stdin)
        new = [e for e in log_of(desk.url) if (e.stream, e.seq) not in before]
        return done, new

    return act


def said(entry):
    return {k: entry.payload.get(k) for k in ("command", "form", "outcome", "asked")}


# --- no command is forgotten


def test_every_command_is_somebodys():
    owned = {" ".join(path) for path in COMMANDS - NOBODYS if path[0] != "record"}
    assert owned - set(MATRIX) == set()
    assert "record" in MATRIX


def test_every_command_that_reads_is_tried_here():
    tried = {" ".join(words[: len(name.split())]) for name, (words, _) in READS.items()}
    reads = {" ".join(path) for path in COMMANDS if _is_read(path)}
    rounds = {"reminder run", "reminder watch"}  # see below
    assert reads - tried == rounds | ELSEWHERE


def _is_read(path):
    from .test_json import leaves

    [found] = [each for each_path, each in leaves() if each_path == path]
    names = {param.name for param in found.params}
    return "glass" in names


def test_an_answer_goes_out_through_the_one_door_that_logs_it():
    """`show_view` prints without a word in the log.

    The door calls it; `verify`, which shows keys alone; and `doctor`, which writes its
    word itself, and where it cannot says that alone.
    """
    callers = set()
    folder = Path(shell.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == (
                "show_view"
            ):
                callers.add(path.relative_to(folder).as_posix())
    assert callers == {"shell.py", "audit/verify.py", "doctor.py"}


def test_no_setting_and_no_option_switches_it_off():
    words = {option.name for option in OPTIONS}
    words |= {
        name for _, each in _commands() for param in each.params for name in param.opts
    }
    assert [word for word in words if re.search(r"log|audit|access|trace", word)] == []


def _commands():
    from .test_json import leaves

    return leaves()


# --- what each read writes


@pytest.fixture
def saved(desk):
    """A view that somebody saved."""
    desk.written("view", "save", "calls", "waits:patient")


@pytest.mark.complaint(21)
@pytest.mark.parametrize("what", READS)
def test_a_read_writes_one_entry_that_says_what_it_shows(logged, saved, what):
    words, keys = READS[what]
    done, new = logged(*words, "--json", "--as", "rivera", stdin=FOUND)
    assert done.code == 0
    [entry] = new
    assert entry.stream == "access/rivera"
    starts = (" ".join(words[:length]) for length in (3, 2, 1))
    name = next(start for start in starts if start in MATRIX)
    assert (entry.payload["command"], entry.payload["form"]) == (name, "json")
    assert entry.payload["scope"] == MATRIX[name].scope
    assert set(keys_seen(entry.payload)) == keys
    assert entry.payload["outcome"] == "shown"


@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv", "tsv"])
def test_every_form_is_logged(logged, form):
    _, [entry] = logged("history", "P00013-R", "--format", form)
    assert entry.payload["form"] == form


def test_what_was_asked_is_kept_and_no_word_of_a_person(logged):
    words = ("history", "P00013-R", "--as-of", "2025-03-01", "--reverse")
    _, [entry] = logged(*words)
    assert entry.payload["asked"] == {"as_of": "2025-03-01", "reverse": True}
    words = ("worklist", "rule:INJ-CHECK", "stage:rfa or side:left", "--mine")
    _, [entry] = logged(*words)
    fields = ["rule", "stage", "side"]
    assert entry.payload["asked"] == {"filter": fields, "mine": True}
    person = json.dumps({"given": GIVEN, "family": FAMILY, "born": BORN, "mrn": MRN})
    _, [entry] = logged("patient", "find", "--from", "-", "--no-mask", stdin=person)
    assert entry.payload["asked"] == {"mask": False, "from": True}
    kept = str([entry.payload for entry in log_of(data_url(logged))])
    said = (GIVEN, FAMILY, BORN, MRN, NOTE, "INJ-CHECK")
    assert [word for word in said if word in kept] == []


def data_url(logged):
    return logged.__closure__[0].cell_contents.url


def test_a_round_is_logged_with_what_it_shows(logged, desk):
    desk.day = desk.day.replace(month=6)
    done, [entry] = logged("reminder", "run", "--json")
    assert set(keys_seen(entry.payload)) == {r["episode"] for r in done.json["rows"]}
    assert entry.payload["count"] > 0


def test_a_file_that_is_no_record_is_nobodys_business(logged, tmp_path):
    from sitrack.pathway.loading import shipped_text

    file = tmp_path / "protocol.toml"
    file.write_text(shipped_text())
    done, new = logged("pathway", "show", file)
    assert (done.code, new) == (0, [])


@pytest.mark.parametrize("words", [["audit", "verify"], ["db", "status"]])
def test_what_shows_keys_and_sizes_alone_is_not_logged(logged, words):
    done, new = logged(*words)
    assert (done.code, new) == (0, [])


# --- before anything is shown


def test_nothing_is_shown_while_the_entry_cannot_be_written(desk):
    """Somebody else holds the write lock: the answer is known, and waits for the log."""
    words = ("worklist", "-d", desk.url, "--now", f"{desk.day}T09:00")
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process = subprocess.Popen(
            command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings({"HOME": os.environ["HOME"]}),
        )
        os.set_blocking(process.stdout.fileno(), False)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(4)
        assert process.stdout.read() is None
        other.execute("ROLLBACK")
    os.set_blocking(process.stdout.fileno(), True)
    assert b"P00013-R" in process.stdout.read()
    assert process.wait() == 0
    process.stdout.close()


# Of such a record `doctor` says that alone: see test_doctor.
@pytest.mark.parametrize("what", sorted({*READS} - {"doctor"}))
def test_a_record_that_cannot_be_written_shows_nothing(desk, saved, what):
    words, _ = READS[what]
    desk.file.chmod(0o400)
    done = desk.type(*words, "--as", "rivera", stdin=FOUND)
    assert (done.code, done.out) == (14, "")
    assert "is read-only" in done.err


@pytest.mark.parametrize("words", [["audit", "verify"], ["db", "status"]])
def test_but_says_whether_it_holds(desk, words):
    desk.file.chmod(0o400)
    assert desk.type(*words).code == 0


@pytest.mark.complaint(21)
@pytest.mark.parametrize(
    "way",
    [pytest.param("a full disk", marks=needs_a_full_disk), "a reader that goes away"],
)
def test_an_answer_that_could_not_be_shown_was_logged_all_the_same(logged, desk, way):
    words = command("history", "P00013-R", "-d", desk.url)
    shell_words = (
        " ".join(words)
        + {
            "a full disk": f" > {FULL}",
            "a reader that goes away": " | true",
        }[way]
    )

    def run(*_, stdin):
        env = surroundings({"HOME": os.environ["HOME"]})
        return subprocess.run(
            ["sh", "-c", shell_words], env=env, capture_output=True, check=False
        )

    done, [entry] = logged(run=run)
    assert done.returncode == (14 if way == "a full disk" else 0)
    assert keys_seen(entry.payload) == ["P00013-R"]


# --- commands that write, and do not


def test_a_refused_move_is_logged_with_the_reasons_it_shows(logged):
    done, [entry] = logged("advance", "p00013", "rfa", "--as", "rivera")
    assert done.code == 10
    assert (entry.kind, entry.payload["keys"]) == ("read", ["P00013"])
    assert said(entry) == {
        "command": "advance",
        "form": "tsv",
        "outcome": "not-eligible",
        "asked": None,
    }


def test_a_rehearsal_is_logged_as_what_it_shows(logged):
    words = ("record", "note", "P00013-R", "--text", "-", "-n", "--as", "rivera")
    done, [entry] = logged(*words, stdin=f"{GIVEN} {NOTE}")
    assert done.code == 0
    assert said(entry)["outcome"] == "rehearsed"
    assert said(entry)["asked"] == {"dry_run": True, "text": True}
    assert keys_seen(entry.payload) == ["P00013-R"]


def test_what_was_written_stands_for_itself(logged):
    done, new = logged("record", "score", "P00013-R", "--nrs", "3", "--as", "rivera")
    assert (done.code, new) == (0, [])


def test_a_day_is_kept_as_it_was_asked(logged):
    words = ("record", "score", "P00013-R", "--nrs", "3", "-n", "--as", "rivera")
    done, [entry] = logged(*words, "--on", "-3d")
    assert done.code == 0
    assert entry.payload["asked"] == {"dry_run": True, "nrs": True, "on": "-3d"}


# --- who


def test_the_name_of_the_settings_reads_as_it_writes(logged, monkeypatch):
    monkeypatch.setenv("SITRACK_AS", "osei")
    _, [entry] = logged("show", "P00013-R")
    assert entry.stream == "access/osei"


def test_nobody_named_is_the_account(logged):
    _, [entry] = logged("show", "P00013-R")
    assert entry.stream == f"access/account:{shell.account_name()}"
    assert entry.payload["account"] == shell.account_name()


def test_a_name_that_nobody_has_is_refused_and_the_account_is_logged(logged):
    done, [entry] = logged("show", "P00013-R", "--as", "kim")
    assert (done.code, done.out) == (16, "")
    assert "kim is not on the staff list" in done.err
    assert entry.stream == f"access/account:{shell.account_name()}"
    assert (entry.kind, entry.payload["outcome"]) == ("refused", "not-permitted")


# --- on both databases, by many at once


def test_many_who_read_under_one_name_all_read(ledger_url, tmp_path, home):
    story = Story(ledger_url, tmp_path, "right", "2025-01-06")
    when = ("-d", ledger_url, "--now", f"{story.day}T09:00")
    words = ("show", story.key, *when, "--as", "rivera", "--json")
    before = len(log_of(ledger_url, "rivera"))
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: typed_outside(*words), range(6)))
    assert {each.code for each in done} == {0}
    assert {each.json["episode"] for each in done} == {story.key}
    entries = log_of(ledger_url, "rivera")
    assert [entry.seq for entry in entries] == list(range(1, before + 7))
    assert story.answer("audit", "verify")["holds"] is True


def test_the_default_record_is_no_exception(home):
    assert typed_outside("db", "init").code == 0
    assert typed_outside("worklist").code == 0
    assert len(log_of(f"sqlite:///{data_folder() / 'sitrack.db'}")) == 1
