"""Opening the database: what is refused, in which words, and what two writers see."""

import datetime as dt
import os
import re
import signal
import sqlite3
import stat
import threading
import time
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import exc, make_url, select, text

from sitrack.errors import (
    BadInput,
    NotPermitted,
    SitrackError,
    Unavailable,
    WrittenFirst,
)
from sitrack.record import allowed, tables, upgrade, verify
from sitrack.record import connection as doors
from sitrack.record.connection import read_url
from sitrack.record.journal import load_stream, retried, writing
from sitrack.record.ledger import SCHEMA, Ledger, glancing, open_ledger, reading
from sitrack.record.registry import Person
from tests.clinic import Clinic, codes_of, driver, everything
from tests.conftest import ZONE, new_ledger

from .test_journal import append, draft


def url_of(ledger):
    return ledger.url.render_as_string(hide_password=False)


def refusal_of(act, kind=Unavailable):
    """What `act` is refused with: one sentence, without values, as an exit code."""
    with pytest.raises(SitrackError) as refusal:
        act()
    error = refusal.value
    assert type(error) is kind
    assert "\n" not in error.message
    assert not error.message.endswith(".")
    shown = "".join(traceback.format_exception(error))
    assert "parameters" not in shown
    return error


# --- the file


@pytest.fixture
def file(sqlite_ledger):
    """The file of a ledger that nobody has open."""
    sqlite_ledger.close()
    return sqlite_ledger.url.database


def opening(file):
    """Open a file as a ledger, and close it again."""

    def act():
        with closing(open_ledger(f"sqlite:///{file}")):
            pass

    return act


def test_a_file_that_is_missing_is_refused_and_not_made(tmp_path):
    error = refusal_of(opening(tmp_path / "none.db"))
    assert (error.code, error.hint) == (14, "sitrack db init")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path):
    assert refusal_of(opening(tmp_path)).message.endswith("is not a file")


def test_a_file_below_a_file_cannot_be_reached(tmp_path):
    (tmp_path / "plain").touch()
    assert "cannot reach" in refusal_of(opening(tmp_path / "plain" / "x.db")).message


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_open_is_refused_with_the_command_that_mends_it(
    file, mode
):
    Path(file).chmod(mode)
    error = refusal_of(opening(file))
    assert error.hint == f"chmod 600 '{file}'"
    Path(file).chmod(0o600)
    opening(file)()


def test_a_read_only_file_can_be_read_and_not_written(sqlite_ledger):
    Path(sqlite_ledger.url.database).chmod(0o400)
    with closing(open_ledger(url_of(sqlite_ledger))) as ledger:
        with reading(ledger) as connection:
            assert len(load_stream(connection, "office")) == 2
        error = refusal_of(lambda: append(ledger))
    assert error.message.endswith("is read-only")
    assert error.hint.startswith("chmod u+w")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_all_files_of_a_new_database_are_their_owners_alone(tmp_path, umask):
    before = os.umask(umask)
    try:
        with closing(new_ledger(f"sqlite:///{tmp_path / 'new' / 'x.db'}")) as ledger:
            append(ledger)
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in (tmp_path / "new").iterdir()
            }
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("x.db", "x.db-wal", "x.db-shm"), 0o600)


def test_a_file_that_exists_is_not_made_anew(sqlite_ledger):
    before = everything(sqlite_ledger)
    error = refusal_of(lambda: new_ledger(url_of(sqlite_ledger)))
    assert "a database already" in error.message
    assert everything(sqlite_ledger) == before


def test_a_file_that_may_not_be_read_is_told_as_such(file):
    Path(file).chmod(0o000)
    error = refusal_of(opening(file))
    assert error.message == f"you have no permission to read {file}"
    assert error.hint == f"chmod u+rw '{file}'"
    Path(file).chmod(0o600)
    opening(file)()


def test_a_link_that_leads_nowhere_is_told_alike_by_whoever_meets_it(tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    acts = (opening(link), lambda: new_ledger(f"sqlite:///{link}"))
    told = {(error.message, error.hint) for error in map(refusal_of, acts)}
    assert told == {
        (
            f"{link} is a link to a file that is not there",
            f"see where it leads: ls -l '{link}'",
        )
    }


def test_in_the_place_of_a_folder_nothing_is_made(tmp_path):
    error = refusal_of(lambda: new_ledger(f"sqlite:///{tmp_path}"))
    assert error.message.endswith("is not a file")


def test_a_link_is_not_followed_when_a_file_is_made(tmp_path):
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere.db")
    refusal_of(lambda: new_ledger(f"sqlite:///{tmp_path / 'link.db'}"))
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_database_that_holds_a_ledger_is_not_made_anew(postgresql_ledger):
    before = everything(postgresql_ledger)
    error = refusal_of(lambda: new_ledger(url_of(postgresql_ledger)))
    assert "a ledger already" in error.message
    assert everything(postgresql_ledger) == before


def test_a_ledger_that_cannot_be_made_leaves_no_file(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("stop")

    monkeypatch.setattr(upgrade.library, "adopt", fail)
    with pytest.raises(RuntimeError, match="stop"):
        new_ledger(f"sqlite:///{tmp_path / 'x.db'}")
    assert list(tmp_path.iterdir()) == []


def _written(path, content):
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no database at all, but a letter" * 100, "not a database"),
        (b"", "holds no ledger"),
    ],
)
def test_another_file_is_no_ledger(tmp_path, content, words):
    path = _written(tmp_path / "x.db", content)
    assert words in refusal_of(opening(path)).message
    assert words in refusal_of(lambda: upgrade.upgrade(f"sqlite:///{path}")).message


def _foreign(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (words TEXT)")
    path.chmod(0o600)
    return path


def test_what_is_no_ledger_is_not_changed_by_whoever_looks(tmp_path):
    paths = [_written(tmp_path / "empty.db", b""), _foreign(tmp_path / "foreign.db")]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        url = f"sqlite:///{path}"
        refusal_of(opening(path))
        assert upgrade.revision_of(url) is None
        refusal_of(lambda url=url: upgrade.upgrade(url))
    assert [path.read_bytes() for path in paths] == before
    assert sorted(tmp_path.iterdir()) == paths


def test_where_no_ledger_can_be_made_nobody_is_sent_to_make_one(tmp_path):
    path = _foreign(tmp_path / "foreign.db")
    for act in (opening(path), lambda: upgrade.upgrade(f"sqlite:///{path}")):
        error = refusal_of(act)
        assert error.message == "this database holds no ledger"
        assert error.hint.startswith("name another file")


def test_what_a_killed_beginning_left_can_be_begun_again_after_a_look(tmp_path):
    path = _written(tmp_path / "x.db", b"")
    refusal_of(opening(path))
    new_ledger(f"sqlite:///{path}").close()
    opening(path)()


def test_a_ledger_without_its_log_is_read_as_it_is_and_gets_it_with_a_write(file):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    before = Path(file).read_bytes()
    with closing(open_ledger(f"sqlite:///{file}")) as ledger:
        with reading(ledger) as connection:
            assert len(load_stream(connection, "office")) == 2
        assert Path(file).read_bytes() == before
        append(ledger)
        assert codes_of(ledger) == set()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_damaged_file_is_told_as_such(file, tmp_path):
    whole = Path(file).read_bytes()
    path = _written(tmp_path / "cut.db", whole[:4096] + b"\xff" * (len(whole) - 4096))
    refusal = refusal_of(opening(path))
    assert "damaged" in refusal.message
    away, _, bring_back = refusal.hint.partition("; then: ")
    assert (away[:12], bring_back) == ("move it away", "sitrack db restore FILE")


# --- the schema


def test_a_ledger_whose_zone_was_damaged_away_is_told_as_such(sqlite_ledger):
    url = url_of(sqlite_ledger)
    sqlite_ledger.close()
    with closing(sqlite3.connect(sqlite_ledger.url.database)) as run:
        run.executescript("""
            CREATE TABLE spoiled AS
              SELECT id, ledger_id, NULL AS zone, synthetic FROM instance;
            DROP TABLE instance;
            ALTER TABLE spoiled RENAME TO instance;
        """)
    error = refusal_of(lambda: open_ledger(url))
    assert error.hint == "restore it from a copy"


def test_an_empty_database_holds_no_ledger(postgresql_url):
    error = refusal_of(lambda: open_ledger(postgresql_url))
    assert (error.message, error.hint) == (
        "this database holds no ledger",
        "sitrack db init",
    )


def test_a_newer_schema_is_refused_by_reader_and_upgrade(ledger):
    with driver(ledger) as run:
        run("UPDATE alembic_version SET version_num = '9999'")
    for act in (open_ledger, upgrade.upgrade):
        error = refusal_of(lambda act=act: act(url_of(ledger)))
        assert "newer schema" in error.message


def test_an_older_schema_is_refused_with_the_command_that_mends_it(ledger):
    with upgrade._migrating(ledger.url) as connection:
        upgrade.run_migrations(connection, "0001")
    error = refusal_of(lambda: open_ledger(url_of(ledger)))
    assert "older schema" in error.message
    assert error.hint == "sitrack db upgrade"


def test_a_ledger_of_this_schema_needs_no_upgrade(ledger):
    before = everything(ledger)
    assert upgrade.upgrade(url_of(ledger)) == (SCHEMA, SCHEMA)
    assert everything(ledger) == before


# --- the URL


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://localhost/x",
        "postgres://localhost/x",
        "postgresql+psycopg2://localhost/x",
        "postgresql://localhost:port/x",
        "://",
        "sqlite+nothing:///x.db",
        "sqlite://home/x.db",
        "sqlite://amy@/x.db",
    ],
)
def test_a_url_that_names_no_database_of_ours_is_refused(url):
    error = refusal_of(lambda: open_ledger(url), BadInput)
    assert error.code == 2
    assert "postgresql://host/name" in error.hint


@pytest.mark.parametrize("options", ["mode=ro", "uri=true&mode=ro", "timeout=1"])
def test_options_of_a_file_are_refused_and_not_passed_over(file, options):
    error = refusal_of(lambda: open_ledger(f"sqlite:///{file}?{options}"), BadInput)
    assert error.message == "a SQLite URL takes no options"
    assert error.code == 2


SECRET = "5ecret"
REMOTE = [
    f"postgresql://amy:{SECRET}@db.example/x",
    f"postgresql://amy:{SECRET}@10.1.2.3:5432/x?sslmode=require",
    f"postgresql://amy:{SECRET}@db.example/x?sslmode=verify-ca",
    f"postgresql://amy:{SECRET}@/x?host=/run/postgresql&host=db.example",
    f"postgresql://amy:{SECRET}@/x?host=localhost,db.example",
    f"postgresql://amy:{SECRET}@/x?hostaddr=10.1.2.3",
    f"postgresql://amy:{SECRET}@localhost/x?hostaddr=10.1.2.3",
    f"postgresql://amy:{SECRET}@/x?service=far-away",
    f"postgresql+psycopg://amy:{SECRET}@db.example/x",
]


@pytest.mark.parametrize("path", ["trial.db", "/srv/clinic/trial.db", "../a-b_c.db"])
def test_a_path_is_told_how_a_file_is_named(path):
    error = refusal_of(lambda: read_url(path), BadInput)
    assert error.hint == f"a file is named like this: sqlite:///{path}"


def test_what_could_hold_a_password_is_not_said_again():
    error = refusal_of(lambda: read_url(f"amy:{SECRET}@host/x"), BadInput)
    assert SECRET not in f"{error.message} {error.hint}"


@pytest.mark.parametrize("url", REMOTE)
def test_a_server_elsewhere_needs_a_verified_channel(url):
    error = refusal_of(lambda: read_url(url))
    assert "sslmode=verify-full" in error.hint
    assert SECRET not in f"{error.message} {error.hint}"
    joined = f"{url}{'&' if '?' in url else '?'}sslmode=verify-full"
    if "sslmode" not in url:
        assert read_url(joined).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///x",
        "postgresql://localhost/x",
        "postgresql://127.0.0.1:5433/x",
        "postgresql://[::1]/x",
        "postgresql:///x?host=/run/postgresql",
        "postgresql:///x?host=/one,localhost&target_session_attrs=read-write",
        "postgresql:///x?hostaddr=127.0.0.1",
    ],
)
def test_a_server_on_this_machine_does_not(url):
    assert read_url(url).get_backend_name() == "postgresql"


def test_the_password_is_in_no_repr():
    ledger = Ledger(read_url(f"postgresql://amy:{SECRET}@localhost/x"))
    assert SECRET not in repr(ledger)


# --- the server


def test_a_server_that_cannot_be_reached_is_told_in_one_sentence(tmp_path):
    for url in (
        f"postgresql://amy:{SECRET}@localhost:1/x",
        f"postgresql://amy:{SECRET}@/x?host={tmp_path}",
    ):
        error = refusal_of(lambda url=url: open_ledger(url))
        assert error.message == "the database server cannot be reached"
        assert error.code == 14
        assert SECRET not in "".join(traceback.format_exception(error))


def test_a_host_that_has_no_address_is_told_as_such():
    url = f"postgresql://amy:{SECRET}@nowhere.invalid/x?sslmode=verify-full"
    error = refusal_of(lambda: open_ledger(url))
    assert error.message.startswith("the database server cannot be reached")
    assert (error.hint, error.code) == ("check the host in the database URL", 14)
    assert "nowhere" not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("localhost/x?foo=7h1s", "foo"),
        ("localhost/x?sslmode=7h1s", "sslmode"),
        ("localhost/x?channel_binding=7h1s", "channel_binding"),
        ("localhost/x?keepalives=7h1s", "keepalives"),
        ("localhost:99999/x", "port"),
        ("localhost/x?port=7h1s", "port"),
        ("localhost/x?port=1&port=2", "port"),
        ("localhost/x?autocommit=1", "autocommit"),
        ("localhost/x?row_factory=7h1s", "row_factory"),
    ],
)
@pytest.mark.parametrize("act", [open_ledger, upgrade.revision_of, new_ledger])
def test_an_option_that_is_mistyped_is_named_without_its_value(place, named, act):
    error = refusal_of(lambda: act(f"postgresql://amy:{SECRET}@{place}"), BadInput)
    assert re.search(rf"\b{named}\b", error.message)
    shown = f"{error.message} {error.hint}"
    assert "7h1s" not in shown
    assert SECRET not in shown


def test_what_a_server_says_of_a_value_is_no_mistyped_option(postgresql_ledger):
    def ask():
        with reading(postgresql_ledger) as connection:
            connection.exec_driver_sql("SET client_encoding = 'invalid port number: '")

    refusal_of(ask)


def test_a_database_that_the_server_does_not_know(postgresql_url):
    other = make_url(postgresql_url).set(database="nowhere").render_as_string(False)
    error = refusal_of(lambda: open_ledger(other))
    assert "does not know that database" in error.message


def test_a_login_that_may_not_read_is_told_so(postgresql_ledger):
    with driver(postgresql_ledger) as run:
        run("CREATE ROLE stranger LOGIN")
    try:
        url = postgresql_ledger.url.set(username="stranger")
        error = refusal_of(
            lambda: open_ledger(url.render_as_string(False)), NotPermitted
        )
        assert "does not let this login" in error.message
    finally:
        with driver(postgresql_ledger) as run:
            run("DROP ROLE stranger")


def test_a_connection_that_breaks_keeps_nothing_and_the_next_one_works(
    postgresql_ledger,
):
    before = everything(postgresql_ledger)

    def write_and_break():
        with writing(postgresql_ledger) as work, driver(postgresql_ledger) as run:
            work.append("office", draft())
            pid = work.connection.execute(text("SELECT pg_backend_pid()")).scalar()
            run("SELECT pg_terminate_backend(?)", pid)
            work.append("office", draft())

    error = refusal_of(write_and_break)
    assert error.message == "the database server cannot be reached"
    assert everything(postgresql_ledger) == before
    append(postgresql_ledger)


def broken_while_it_lies_idle(ledger):
    """Let the server end the connection that the next transaction would take up."""
    with reading(ledger) as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    with driver(ledger) as run:
        run("SELECT pg_terminate_backend(?)", pid)


def test_a_connection_that_broke_while_it_lay_idle_is_made_anew(postgresql_ledger):
    broken_while_it_lies_idle(postgresql_ledger)
    time.sleep(doors._STILL_THERE)
    append(postgresql_ledger)


def test_a_connection_that_was_just_used_is_not_asked_whether_it_is_there(
    postgresql_ledger, monkeypatch
):
    """Where it is not, nothing is written, and the next one works."""
    monkeypatch.setattr(doors, "_STILL_THERE", 60.0)
    before = everything(postgresql_ledger)
    broken_while_it_lies_idle(postgresql_ledger)
    error = refusal_of(lambda: append(postgresql_ledger))
    assert error.message == "the database server cannot be reached"
    assert everything(postgresql_ledger) == before
    append(postgresql_ledger)


def test_a_glance_needs_no_transaction(ledger):
    query = text("SELECT count(*) FROM entry WHERE stream = 'office'")
    with glancing(ledger) as connection:
        before = connection.execute(query).scalar()
        append(ledger)
        assert connection.execute(query).scalar() == before + 1
        assert not _in_transaction(ledger, connection)
    with reading(ledger) as connection:  # the next one has it again
        before = connection.execute(query).scalar()
        append(ledger)
        assert connection.execute(query).scalar() == before


def _in_transaction(ledger, connection):
    driven = connection.connection.dbapi_connection
    if ledger.on_postgres:
        return driven.info.transaction_status.name != "IDLE"
    return driven.in_transaction


def test_a_server_that_takes_no_writes_is_told_so(postgresql_ledger):
    with driver(postgresql_ledger) as run:
        name = postgresql_ledger.url.database
        run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    postgresql_ledger.close()  # it holds for sessions that begin after it
    error = refusal_of(lambda: append(postgresql_ledger))
    assert "cannot be written" in error.message


def test_every_wait_on_a_server_has_an_end(postgresql_ledger):
    with reading(postgresql_ledger) as connection:
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar()
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "timezone",
            )
        ]
    assert shown == ["1min", "15s", "1min", "UTC"]


def test_a_reader_on_a_server_cannot_write(postgresql_ledger):
    def write():
        with reading(postgresql_ledger) as connection:
            connection.execute(text("UPDATE agenda SET step = NULL"))

    assert "cannot be written" in refusal_of(write).message


# --- no value leaves in an error


def test_what_the_database_says_about_values_is_not_passed_on(ledger):
    clinic = Clinic(ledger)
    clinic.enrolled("Ermintrude", "Quux", dt.date(1970, 5, 31), "MRN-4711")

    def collide():
        with writing(ledger) as work:
            row = work.connection.execute(select(tables.patient)).mappings().one()
            work.connection.execute(tables.patient.insert(), {**row, "key": "P00021"})

    def miss():
        with writing(ledger) as work:
            row = work.connection.execute(select(tables.patient)).mappings().one()
            other = {**row, "key": "P00021", "number": None, "mrn": None}
            work.connection.execute(tables.patient.insert(), other)

    for act, kind in ((collide, WrittenFirst), (miss, Unavailable)):
        error = refusal_of(act, kind)
        shown = "".join(traceback.format_exception(error))
        for secret in ("Ermintrude", "Quux", "4711", "1970-05-31"):
            assert secret not in shown


def test_a_name_that_is_searched_for_is_in_no_error(ledger):
    with driver(ledger) as run:
        run("ALTER TABLE patient RENAME TO patients")

    def search():
        from sitrack.record.registry import find_patients

        with reading(ledger) as connection:
            find_patients(connection, {"mrn": "MRN-4711"})

    assert "4711" not in "".join(traceback.format_exception(refusal_of(search)))


def test_a_person_hides_in_no_error_of_ours(ledger):
    clinic = Clinic(ledger)
    clinic.enrolled(mrn="MRN-4711")
    error = refusal_of(lambda: clinic.enrolled("Ermintrude", mrn="MRN-4711"), BadInput)
    assert "Ermintrude" not in error.message
    assert isinstance(Person("a", "b", None, None), Person)


# --- SQLite, set up so that what is written stays


@pytest.mark.parametrize("write", [False, True])
def test_every_connection_to_sqlite_is_set_up_for_safety(sqlite_ledger, write):
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
    }
    with sqlite_ledger.engine(write=write).connect() as connection:
        for pragma, value in wanted.items():
            found = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            assert (pragma, found) == (pragma, value)


def test_a_reading_transaction_sees_one_state(ledger):
    with reading(ledger) as connection:
        before = load_stream(connection, "office")
        append(ledger)
        assert load_stream(connection, "office") == before
    with reading(ledger) as connection:
        assert len(load_stream(connection, "office")) == len(before) + 1


def test_a_failed_change_of_the_schema_is_undone(ledger):
    """The driver's own transactions would let it stand on SQLite."""

    def fail():
        with upgrade._migrating(ledger.url) as connection:
            connection.exec_driver_sql("CREATE TABLE half (id int)")
            connection.exec_driver_sql("SELECT * FROM nowhere")

    refusal_of(fail)
    with driver(ledger) as run, pytest.raises(Exception, match="half"):
        run("SELECT * FROM half")


def test_a_full_disk_keeps_nothing(sqlite_ledger):
    before = everything(sqlite_ledger)

    def fill():
        with writing(sqlite_ledger) as work:
            work.connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for _ in range(100):
                work.append("office", draft())

    assert "disk is full" in refusal_of(fill).message
    assert everything(sqlite_ledger) == before


def test_a_lock_that_is_never_released_is_told_in_one_sentence(
    sqlite_ledger, monkeypatch
):
    monkeypatch.setattr(doors, "_WAIT_FOR_LOCK", 0.05)
    with driver(sqlite_ledger) as run:
        run("BEGIN IMMEDIATE")
        error = refusal_of(lambda: append(sqlite_ledger))
        assert "busy for too long" in error.message
        run("ROLLBACK")
    append(sqlite_ledger)


def test_a_writer_waits_for_a_lock_and_then_writes(sqlite_ledger):
    with driver(sqlite_ledger) as run:
        run("BEGIN IMMEDIATE")
        writer = threading.Thread(target=append, args=(sqlite_ledger,))
        writer.start()
        writer.join(0.05)
        assert writer.is_alive()
        run("COMMIT")
        writer.join()
    with reading(sqlite_ledger) as connection:
        assert len(load_stream(connection, "office")) == 3


# --- interrupted while SQLite asks whether a statement may do what it does


@pytest.fixture
def interrupted(monkeypatch):
    """Press Ctrl-C at the nth question of an act; say whether it asked so many."""
    answer = allowed._is_allowed

    def interrupted(act, nth):
        asked = 0

        def press(*question):
            nonlocal asked
            asked += 1
            if asked == nth:
                signal.raise_signal(signal.SIGINT)
            return answer(*question)

        with monkeypatch.context() as patched:
            patched.setattr(allowed, "_is_allowed", press)
            try:
                act()
            except KeyboardInterrupt:
                return True
        assert asked < nth, "it was lost, or taken for something else"
        return False

    return interrupted


def test_a_write_that_is_interrupted_is_told_as_such_and_undone(
    sqlite_ledger, interrupted
):
    before = everything(sqlite_ledger)
    nth = 1
    while interrupted(lambda: append(sqlite_ledger), nth):
        assert everything(sqlite_ledger) == before
        sqlite_ledger.close()
        nth += 1
    assert nth > 20
    assert len(everything(sqlite_ledger)["entry"]) == len(before["entry"]) + 1
    assert codes_of(sqlite_ledger) == set()


def test_a_check_that_is_interrupted_finds_nothing(sqlite_ledger, interrupted):
    def check():
        verify.verify_ledger(sqlite_ledger, lambda _done: None)

    nth = 1
    while interrupted(check, nth):
        sqlite_ledger.close()
        nth += 7
    assert nth > 100


def test_a_refusal_is_no_interruption(sqlite_ledger, interrupted):
    """Nor is an interruption a refusal because there was one on that connection."""
    with reading(sqlite_ledger) as connection:
        for _ in range(2):
            for statement in ("DELETE FROM entry", "SELECT load_extension('x')"):
                with pytest.raises(exc.DatabaseError, match="not authorized"):
                    connection.exec_driver_sql(statement)
        query = "SELECT count(*) FROM alembic_version"
        assert interrupted(lambda: connection.exec_driver_sql(query), 1)


def test_an_interruption_as_a_connection_closes_is_told_once(sqlite_ledger, caplog):
    engine = sqlite_ledger.engine(write=False)

    def press(_connection):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine.dialect, "do_close", press)
        with pytest.raises(KeyboardInterrupt):
            engine.dispose()
    assert caplog.records == []


# --- writers that meet

TURNS = 12


@pytest.mark.complaint(15)
def test_two_writers_never_lose_an_update(ledger):
    """Each counts on from the last number it sees: only then is no number twice."""
    faults = []

    def count_on():
        with writing(ledger) as work:
            entries = work.load("counter")
            number = entries[-1].payload["number"] + 1 if entries else 1
            work.append("counter", draft(number))

    def writer():
        try:
            for _ in range(TURNS):
                retried(count_on)
        except BaseException as error:  # noqa: BLE001 - shown by the main thread
            faults.append(error)

    threads = [threading.Thread(target=writer) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with reading(ledger) as connection:
        entries = load_stream(connection, "counter")
    numbers = [entry.payload["number"] for entry in entries]
    assert numbers == list(range(1, 2 * TURNS + 1))
    assert codes_of(ledger) == set()


def test_writers_of_two_streams_on_a_server_do_not_wait_for_each_other(
    postgresql_ledger,
):
    for stream in ("a", "b"):
        append(postgresql_ledger, stream)
    with writing(postgresql_ledger) as work:
        work.load("a")
        append(postgresql_ledger, "b")  # would wait until its time-out
        work.append("a", draft())
    assert codes_of(postgresql_ledger) == set()


def test_the_zone_of_a_ledger_is_kept(ledger):
    assert ledger.zone.key == ZONE
