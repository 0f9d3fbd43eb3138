"""The log of reads is held against the server's own, which no rollback reaches."""

import json
import time
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

from sitrack.record import grants
from sitrack.record.appending import LOG_PREFIX
from sitrack.record.ledger import open_ledger
from tests.clinic import driver
from tests.logins import call, drop_logins, logged_in
from tests.stories.notation import Story

from .golden import same_as_kept

KEY = "P00013-R"
AUDITOR = ("--as", "haddad")


@pytest.fixture
def clinic(postgresql_url, tmp_path, home):
    """A clinic whose coordinator looked at somebody three times, under a login of her own."""
    story = Story(postgresql_url, tmp_path, "right", "2025-01-06")
    for name, role in (("haddad", "auditor"), ("okafor", "admin")):
        story.answer("staff", "add", name, "--role", role, "--as", "rivera")
    story.answer("db", "grant", "--as", "okafor")
    mine = make_url(story.url).set(username="rivera").render_as_string(False)
    story.url, owner = mine, story.url
    for _ in range(3):
        assert story.type("show", KEY).code == 0
    story.url = owner
    yield story
    with closing(open_ledger(postgresql_url)) as ledger, driver(ledger) as run:
        drop_logins(run, grants.owner_of(ledger.ledger_id))


@pytest.fixture
def log(clinic, postgres, tmp_path):
    """Return the server's log as it is now, in a file of its own."""

    def copied(*, without="nothing"):
        time.sleep(0.1)  # the server's own writer comes after the answer
        lines = postgres.log.read_text(errors="replace").splitlines(keepends=True)
        path = tmp_path / "server.log"
        path.write_text("".join(line for line in lines if without not in line))
        return path

    return copied


@contextmanager
def as_rivera(clinic):
    """A database client of the coordinator's own."""
    with closing(open_ledger(clinic.url)) as ledger, logged_in(ledger, "rivera") as run:
        yield run


def ours(clinic, path):
    with closing(open_ledger(clinic.url)) as ledger:
        mark = f"{LOG_PREFIX} ledger={ledger.ledger_id} "
    return [line for line in path.read_text().splitlines() if mark in line]


def reconciled(clinic, path, *more):
    return clinic.type("audit", "reconcile", path, *more, *AUDITOR, "--json")


def test_every_read_leaves_a_line_and_the_line_names_nobody(clinic, log):
    lines = ours(clinic, log())
    mine = [line for line in lines if "login=rivera" in line]
    assert len(mine) == 3
    for line in lines:
        assert "stream=access/" in line
        assert KEY not in line
        assert "King" not in line


def test_logs_that_agree_say_so(clinic, log):
    done = reconciled(clinic, log())
    assert (done.code, done.json["agrees"], done.json["rows"]) == (0, True, [])
    assert done.json["logged"] == done.json["recorded"] >= 3


def test_a_read_that_was_taken_back_is_found_by_the_line_that_stays(clinic, log):
    with as_rivera(clinic) as run:
        run("BEGIN")
        call(run, stream="access/rivera", kind="read")
        assert run("SELECT given FROM patient").fetchall() == [("Mary",)]
        run("ROLLBACK")
    done = reconciled(clinic, log())
    assert done.code == 13
    [row] = done.json["rows"]
    assert (row["result"], row["by"]) == ("not-in-record", "rivera")
    assert (row["stream"], row["seq"]) == ("access/rivera", 4)
    assert json.loads(done.err.splitlines()[-1])["error"]["code"] == 13
    kept = {"since": "TIME", "until": "TIME", "logged": 0, "recorded": 0}
    row |= {"at": "TIME", "hash": "HASH"}
    same_as_kept("reconciled.json", done.json | kept | {"rows": [row]})


def test_what_is_written_in_its_place_does_not_hide_it(clinic, log):
    with as_rivera(clinic) as run:
        run("BEGIN")
        call(run, stream="access/rivera", kind="read")
        run("ROLLBACK")
        call(run, stream="access/rivera", kind="read", id="c" * 32)
    [row] = reconciled(clinic, log()).json["rows"]
    assert (row["result"], row["seq"]) == ("not-in-record", 4)


def test_a_piece_of_the_log_that_is_missing_is_found(clinic, log):
    done = reconciled(clinic, log(without="access/rivera seq=2 "))
    assert done.code == 13
    [row] = done.json["rows"]
    assert (row["result"], row["by"], row["seq"]) == ("not-in-log", "rivera", 2)


def test_a_span_leaves_out_what_lies_before_it(clinic, log):
    path = log(without="access/rivera seq=2 ")
    assert reconciled(clinic, path, "--since", "2025-01-07").json["agrees"] is True


def test_the_log_may_come_in_pieces_and_in_any_of_its_forms(clinic, log, tmp_path):
    lines = ours(clinic, log())
    message = lines[0][lines[0].index(LOG_PREFIX) :]
    as_csv, as_json = tmp_path / "a.csv", tmp_path / "b.json"
    as_csv.write_text(f'2025-01-06,"rivera",,LOG,00000,"{message}",,,\n')
    rest = [{"message": line[line.index(LOG_PREFIX) :]} for line in lines[1:]]
    as_json.write_text("\n".join(map(json.dumps, rest)))
    assert reconciled(clinic, as_csv, as_json).json["agrees"] is True


def test_the_log_of_another_server_tells_of_nothing(clinic, tmp_path):
    path = tmp_path / "other.log"
    path.write_bytes(b"LOG:  checkpoint starting\n\xff\xfe\n")
    done = reconciled(clinic, path)
    assert (done.code, done.out) == (11, "")
    assert "no read of this record" in done.error["message"]


def test_a_file_that_is_not_there_is_told_so(clinic, tmp_path):
    done = reconciled(clinic, tmp_path / "nothing")
    assert (done.code, done.out) == (2, "")


def test_a_file_has_no_server(desk, tmp_path):
    done = desk.type("audit", "reconcile", tmp_path / "x", "--json")
    assert (done.code, done.out) == (16, "")
    assert "no server" in done.error["message"]


def test_it_fits_a_terminal(clinic, log):
    words = ("audit", "reconcile", log(without="access/rivera seq=2 "))
    done = clinic.type(*words, *AUDITOR, "--format", "table")
    assert done.code == 13
    assert "The logs do NOT agree." in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_line_that_somebody_else_made_up_is_a_question_too(clinic, log):
    """Anybody can add to a server's log; nobody can make an entry out of it."""
    with closing(open_ledger(clinic.url)) as ledger:
        text = (
            f"{LOG_PREFIX} ledger={ledger.ledger_id} stream=access/osei seq=1 "
            f"at=2025-01-06T09:00:00.000000Z hash={'0' * 64} login=osei"
        )
        with logged_in(ledger, "rivera") as run:
            run(f"DO $$BEGIN RAISE LOG '{text}'; END$$")
    [row] = reconciled(clinic, log()).json["rows"]
    assert (row["result"], row["stream"]) == ("not-in-record", "access/osei")


def test_nobody_silences_it(clinic):
    with as_rivera(clinic) as run, pytest.raises(psycopg.Error):
        run("SET log_min_messages = 'panic'")
