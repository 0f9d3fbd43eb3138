"""What `doctor` says, where it says it, and with which exit code."""

import datetime as dt
import json
import os
import re
import sqlite3
from contextlib import closing

import pytest

from sitrack.coordination.checkup import Result
from sitrack.record import footing

from .golden import same_as_kept
from .keyboard import typed

WHO = ("--as", "rivera")


@pytest.fixture
def well(desk, monkeypatch):
    """A desk at which all is well: a round was done just now."""
    monkeypatch.setenv("SITRACK_REMINDERS_CHANNEL", "console")
    assert desk.type("reminder", "run").code == 0
    return desk


def broken(desk, statement):
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as run:
        run.execute(statement)


def wrong(desk, *more):
    """What is wrong, by the names of the checks."""
    done = desk.type("doctor", "--json", *more)
    return {row["check"] for row in done.json["rows"] if row["result"] != "well"}


def test_where_all_is_well_it_says_so(well):
    done = well.type("doctor", "--exit-code", "--format", "table")
    assert done.code == 0, done.out
    assert re.fullmatch(r"(\d+) checks: \1 well\n", done.out)
    answer = well.answer("doctor")
    assert answer["well"] is True
    assert {row["result"] for row in answer["rows"]} == {"well"}


def test_what_is_wrong_comes_first_with_what_mends_it(desk, monkeypatch):
    broken(desk, "UPDATE episode SET coordinator = NULL")
    monkeypatch.setattr(footing, "library_version", lambda: (3, 40, 1))
    monkeypatch.setattr(footing, "is_synchronised", lambda: None)
    same_as_kept("doctor.txt", desk.screen("doctor"))


def test_with_exit_code_a_monitor_hears_of_it(well):
    assert well.type("doctor", "--exit-code").code == 0
    broken(well, "UPDATE episode SET coordinator = NULL")
    assert well.type("doctor").code == 0
    assert well.type("doctor", "--exit-code").code == 10


@pytest.mark.parametrize("kernel", [None, True])
def test_what_is_not_known_wakes_nobody(well, monkeypatch, kernel):
    monkeypatch.setattr(footing, "is_synchronised", lambda: kernel)
    assert well.type("doctor", "--exit-code").code == 0


def test_rounds_that_stopped_are_told(well):
    well.day += dt.timedelta(days=1)
    done = well.answer("doctor")
    [row] = [row for row in done["rows"] if row["check"] == "rounds"]
    assert (row["result"], row["command"]) == ("error", "sitrack reminder watch")


def test_without_anything_to_remind_of_no_round_is_missed(tmp_path, monkeypatch):
    monkeypatch.setenv("SITRACK_AS", "rivera")
    where = ("-d", f"sqlite:///{tmp_path / 'new.db'}")

    def rounds():
        done = typed("doctor", *where, "--json", "--exit-code")
        [row] = [row for row in done.json["rows"] if row["check"] == "rounds"]
        return row["result"], row["what"], done.code

    assert typed("db", "init", "--synthetic", *where).code == 0
    assert rounds() == ("note", "last round: never", 0)
    typed("staff", "add", "rivera", "--role", "coordinator", "--no-input", *where)
    person = '{"given": "Nora", "family": "Quist"}'
    added = typed("patient", "add", "--from", "-", "--json", *where, stdin=person)
    assert rounds() == ("note", "last round: never", 0)
    opened = ("episode", "open", added.json["patient"], "--side", "left")
    assert typed(*opened, *where).code == 0
    assert rounds() == ("error", "last round: never", 10)


def test_what_could_not_be_delivered_and_what_waits_is_told(well):
    broken(
        well,
        "INSERT INTO reminder (episode, visit, rule, occurrence, step, recipient,"
        " channel, due, status, next_at, attempts) SELECT episode, visit, rule,"
        " occurrence, 'again', 'rivera', 'file', due, 'dead', 0, 9 FROM agenda LIMIT 1",
    )
    assert "undeliverable" in wrong(well)


def test_a_record_that_is_not_there_is_what_is_wrong(tmp_path):
    url = f"sqlite:///{tmp_path / 'none.db'}"
    done = typed("doctor", "-d", url, "--json", "--exit-code")
    assert done.code == 10
    row = done.json["rows"][0]
    assert (row["check"], row["result"], row["command"]) == (
        "record",
        "error",
        "sitrack db init",
    )
    assert not (tmp_path / "none.db").exists()


def test_an_older_schema_is_what_is_wrong(desk):
    broken(desk, "UPDATE alembic_version SET version_num = '0001'")
    first = desk.answer("doctor")["rows"][0]
    assert (first["check"], first["command"]) == ("record", "sitrack db upgrade")


def test_a_file_that_others_may_open_is_what_is_wrong(desk):
    desk.file.chmod(0o644)
    first = desk.answer("doctor")["rows"][0]
    assert first["check"] == "record"
    assert os.system(first["command"]) == 0
    assert desk.answer("doctor")["rows"][0]["result"] == "well"


def test_what_cannot_be_written_down_is_not_told(desk):
    """No word in the log, no word about anybody."""
    broken(desk, "UPDATE episode SET coordinator = NULL")
    desk.file.chmod(0o400)
    done = desk.type("doctor", "--json")
    assert (done.code, done.json["rows"][0]["check"]) == (0, "record")
    assert "read-only" in done.json["rows"][0]["what"]
    assert "no-coordinator" not in done.out
    assert "P00013" not in done.out
    assert os.system(done.json["rows"][0]["command"]) == 0
    assert "no-coordinator" in wrong(desk)


def test_every_result_that_is_wrong_has_a_command(desk):
    broken(desk, "UPDATE episode SET coordinator = NULL, version = 1")
    broken(desk, "DELETE FROM agenda")
    rows = desk.answer("doctor")["rows"]
    told = [row for row in rows if row["result"] != Result.WELL]
    assert {"no-coordinator", "no-next-action", "copies"} <= {r["check"] for r in told}
    assert [row for row in told if not row["command"]] == []
    mended = next(row["command"] for row in told if row["check"] == "copies")
    done = desk.type(*mended.split()[1:], *WHO)
    assert done.code == 0, done.err
    assert not {"no-coordinator", "no-next-action", "copies"} & wrong(desk)


def test_it_fits_a_terminal_and_names_nobody(desk):
    broken(desk, "UPDATE episode SET coordinator = NULL")
    screen = desk.screen("doctor")
    assert max(map(len, screen.splitlines())) <= 80
    assert "King" not in screen + json.dumps(desk.answer("doctor"))
