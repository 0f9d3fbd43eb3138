"""The database itself refuses to change what was written, whoever asks."""

import re
import sqlite3

import pytest
from sqlalchemy import exc, text

from sitrack.record import guards, upgrade
from sitrack.record.journal import writing
from tests.clinic import Clinic, codes_of, driver, everything

from .test_journal import append

_COLUMNS = (
    "stream, seq, entry_id, kind, stage_from, stage_to, occurred, recorded, performer, "
    "recorder, source, protocol, corrects, batch, commitment, previous, hash"
)


def _copy(verb="INSERT", seq="seq", previous="previous", rest=""):
    """Write the last entry of `office` once more, as another one."""
    values = (
        _COLUMNS.replace("seq,", f"{seq},", 1)
        .replace("entry_id", "'another'")
        .replace("previous", previous)
    )
    return (
        f"{verb} INTO entry ({_COLUMNS}) SELECT {values} FROM entry "
        f"WHERE stream = 'office' AND seq = 2 {rest}"
    )


NOT_THE_NEXT = {
    "a number that is skipped": _copy(seq="seq + 2", previous="hash"),
    "a number that is taken": _copy(previous="hash"),
    "a number of long ago": _copy(seq="1"),
    "a link to an older entry": _copy(seq="seq + 1"),
    "a link to nothing": _copy(seq="seq + 1", previous="commitment"),
    "an upsert": _copy(rest="ON CONFLICT (stream, seq) DO UPDATE SET kind = 'another'"),
}
CHANGES = {
    "an update of entry": "UPDATE entry SET kind = 'another' WHERE seq = 1",
    "an update of every entry": "UPDATE entry SET recorder = recorder",
    "a deletion of entry": "DELETE FROM entry",
    "an update of payload": "UPDATE payload SET body = '{}'",
    "a deletion of payload": "DELETE FROM payload",
    "an update of delivery": "UPDATE delivery SET event = 'sent'",
    "a deletion of delivery": "DELETE FROM delivery",
}


@pytest.fixture(scope="module")
def ledger_with_rows(shared_ledger):
    """A ledger with entries, payloads and a delivery."""
    key = Clinic(shared_ledger).injected()
    with writing(shared_ledger) as work:
        row = {"episode": str(key), "at": work.now}
        work.connection.execute(text(_REMINDER[shared_ledger.on_postgres]), row)
        work.connection.execute(text(_DELIVERY))
    return shared_ledger


@pytest.fixture
def kept(ledger_with_rows):
    """The same; it must end as it began."""
    before = everything(ledger_with_rows)
    yield ledger_with_rows
    assert everything(ledger_with_rows) == before
    assert codes_of(ledger_with_rows) == set()


_REMINDER = {
    on_postgres: "INSERT INTO reminder (episode, visit, rule, occurrence, step, recipient,"
    " channel, due, status, next_at, attempts) VALUES (:episode, 1, 'X', 1, 'notice', "
    f"'rivera', 'file', '2025-01-06', 'open', {now}, 1)"
    for on_postgres, now in ((True, "now()"), (False, "0"))
}
_DELIVERY = (
    "INSERT INTO delivery (reminder, attempt, event, at, worker) "
    "SELECT id, 1, 'claimed', '2025-01-06', 'w' FROM reminder"
)


def _refused(run, statement, words):
    with pytest.raises(Exception, match=words) as refusal:
        run(statement)
    assert type(refusal.value).__name__ in _REFUSALS, repr(refusal.value)


_REFUSALS = {"IntegrityError", "RestrictViolation", "UniqueViolation"}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_written_cannot_be_changed(kept, change):
    with driver(kept) as run:
        _refused(run, CHANGES[change], "append-only")


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_on_our_own_connection(kept, change):
    refused = pytest.raises(exc.DBAPIError, match=r"append-only|not authorized")
    with kept.engine(write=True).connect() as connection, refused:
        connection.exec_driver_sql(CHANGES[change])


@pytest.mark.parametrize("what", NOT_THE_NEXT)
def test_only_the_next_entry_of_a_stream_can_be_written(kept, what):
    with driver(kept) as run:
        _refused(run, NOT_THE_NEXT[what], "not the next entry")


def test_the_next_entry_can_be_written(ledger):
    """The statement of the refusals above is refused for no other reason."""
    with driver(ledger) as run:
        run(_copy(seq="seq + 1", previous="hash"))
        assert run("SELECT seq FROM stream WHERE stream = 'office'") == [(3,)]


def test_a_stream_begins_with_number_one(kept):
    with driver(kept) as run:
        statement = _copy(seq="2").replace("SELECT stream", "SELECT 'new'")
        _refused(run, statement, "not the next entry")


@pytest.mark.parametrize("pragma", ["ON", "OFF"])
@pytest.mark.parametrize("target", ["entry", "payload"])
def test_sqlite_cannot_be_told_to_replace_what_stands(sqlite_ledger, pragma, target):
    """Replacing deletes first, and asks the triggers only with the pragma on."""
    before = everything(sqlite_ledger)
    statement = _copy("INSERT OR REPLACE", previous="hash")
    if target == "payload":
        statement = (
            "INSERT OR REPLACE INTO payload SELECT stream, seq, salt, '{}' FROM payload"
        )
    with driver(sqlite_ledger) as run:
        run(f"PRAGMA recursive_triggers = {pragma}")
        with pytest.raises(sqlite3.IntegrityError):
            run(statement)
    assert everything(sqlite_ledger) == before


@pytest.mark.parametrize("pragma", ["ON", "OFF"])
def test_sqlite_cannot_be_told_to_replace_by_the_entrys_own_name(sqlite_ledger, pragma):
    """A valid next entry that bears the name of another would replace that one."""
    before = everything(sqlite_ledger)
    statement = _copy("INSERT OR REPLACE", seq="seq + 1", previous="hash")
    statement = statement.replace("'another'", "entry_id")
    with driver(sqlite_ledger) as run:
        run(f"PRAGMA recursive_triggers = {pragma}")
        with pytest.raises(sqlite3.IntegrityError):
            run(statement)
    assert everything(sqlite_ledger) == before


@pytest.mark.parametrize("pragma", ["ON", "OFF"])
@pytest.mark.parametrize("table", ["entry", "payload", "delivery"])
def test_sqlite_cannot_be_told_to_replace_by_the_number_of_a_row(
    sqlite_ledger, pragma, table
):
    with driver(sqlite_ledger) as run:
        run("PRAGMA foreign_keys = OFF")
        run("INSERT INTO delivery VALUES (1, 1, 'claimed', '2025-01-06', 'w', NULL)")
        before = run(f"SELECT * FROM {table}")
        statement = {
            "entry": _copy("INSERT OR REPLACE", seq="seq + 1", previous="hash")
            .replace("(stream", "(rowid, stream")
            .replace("SELECT stream", "SELECT 1, stream"),
            "payload": "INSERT OR REPLACE INTO payload (rowid, stream, seq, salt, body) "
            "SELECT 1, stream, 9, salt, body FROM payload",
            "delivery": "INSERT OR REPLACE INTO delivery "
            "(rowid, reminder, attempt, event, at, worker) "
            "VALUES (1, 2, 1, 'claimed', '2025-01-06', 'w')",
        }[table]
        run(f"PRAGMA recursive_triggers = {pragma}")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            run(statement)
        assert run(f"SELECT * FROM {table}") == before


@pytest.mark.parametrize("event", ["claimed", "sent"])
def test_sqlite_cannot_be_told_to_replace_a_delivery(sqlite_ledger, event):
    insert = "INSERT {} INTO delivery VALUES (1, {}, '{}', '2025-01-06', 'w', NULL)"
    with driver(sqlite_ledger) as run:
        run("PRAGMA foreign_keys = OFF")
        run(insert.format("", 1, event))
        # A second attempt may be claimed; but what was sent was sent once.
        attempt = 2 if event == "sent" else 1
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            run(insert.format("OR REPLACE", attempt, event))


def test_postgresql_cannot_be_told_to_empty_a_table(postgresql_ledger):
    before = everything(postgresql_ledger)
    with driver(postgresql_ledger) as run:
        for table in ("entry", "payload", "delivery"):
            _refused(run, f"TRUNCATE {table} CASCADE", "append-only")
    assert everything(postgresql_ledger) == before


def test_postgresql_asks_the_triggers_while_it_replicates_too(postgresql_ledger):
    with driver(postgresql_ledger) as run:
        run("SET session_replication_role = replica")
        for change in CHANGES.values():
            if "delivery" not in change:
                _refused(run, change, "append-only")
        for statement in NOT_THE_NEXT.values():
            _refused(run, statement, "not the next entry")


def test_a_table_of_the_same_name_does_not_mislead_postgresql(postgresql_ledger):
    with driver(postgresql_ledger) as run:
        run("CREATE TEMP TABLE stream (stream text PRIMARY KEY, seq int, hash bytea)")
        skipped = NOT_THE_NEXT["a number that is skipped"]
        _refused(run, skipped, "not the next entry")


# --- the triggers themselves


def _triggers(run):
    if run.on_postgres:
        query = "SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
    else:
        query = "SELECT name, 'A' FROM sqlite_master WHERE type = 'trigger'"
    return sorted(run(query))


def test_every_trigger_is_there_and_always_on(ledger):
    with driver(ledger) as run:
        found = _triggers(run)
    wanted = [name for _, name in guards._names(on_postgres=ledger.on_postgres)]
    assert found == sorted((name, "A") for name in wanted)


def test_the_triggers_can_be_made_anew_at_any_time(ledger):
    with driver(ledger) as run:
        before = _triggers(run)
        with upgrade._migrating(ledger.url) as connection:
            guards.create(connection)
        assert _triggers(run) == before
    append(ledger)


def test_triggers_that_a_rebuilt_table_lost_come_back(ledger):
    with driver(ledger) as run:
        before = _triggers(run)
        run.without_triggers().dropped.clear()
        assert _triggers(run) == []
        with upgrade._migrating(ledger.url) as connection:
            guards.create(connection)
        assert _triggers(run) == before


def test_going_down_leaves_no_trigger_and_no_function(ledger):
    with upgrade._migrating(ledger.url) as connection:
        guards.drop(connection)
    with driver(ledger) as run:
        assert _triggers(run) == []
        if ledger.on_postgres:
            query = "SELECT proname FROM pg_proc WHERE proname LIKE 'sitrack%'"
            assert run(query) == []


def test_every_table_of_sqlite_is_strict(sqlite_ledger):
    with driver(sqlite_ledger) as run:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        loose = [name for name, sql in run(query) if not re.search(r"\bSTRICT\b", sql)]
    assert loose == ["alembic_version"]


# --- our own connections on SQLite may do less than the file's owner

AROUND = {
    "drop a trigger": "DROP TRIGGER entry_no_update",
    "drop a table": "DROP TABLE delivery",
    "drop an index": "DROP INDEX ix_entry_batch",
    "rename a table": "ALTER TABLE entry RENAME TO other",
    "edit the schema": "UPDATE sqlite_master SET sql = '' WHERE name = 'entry_bump'",
    "allow editing the schema": "PRAGMA writable_schema = ON",
    "let foreign keys sleep": "PRAGMA foreign_keys = OFF",
    "let triggers sleep": "PRAGMA recursive_triggers = OFF",
    "attach another file": "ATTACH ':memory:' AS other",
    "a table that shadows": "CREATE TEMP TABLE stream (stream TEXT)",
    "a trigger of its own": "CREATE TEMP TRIGGER x AFTER INSERT ON entry "
    "BEGIN SELECT 1; END",
    "move a head": "UPDATE stream SET seq = 0",
    "drop a head": "DELETE FROM stream",
    "make a head": "INSERT INTO stream VALUES ('office/2', 1, x'00')",
    "another zone": "UPDATE instance SET zone = 'UTC'",
    "another protocol": "UPDATE protocol SET text = ''",
    "forget a protocol": "DELETE FROM protocol",
    "another schema": "UPDATE alembic_version SET version_num = '0001'",
}


@pytest.mark.parametrize("write", [True, False], ids=["writing", "reading"])
@pytest.mark.parametrize("what", AROUND)
def test_our_own_connection_cannot_go_around_a_guard(sqlite_ledger, what, write):
    before = everything(sqlite_ledger)
    refused = pytest.raises(
        exc.DBAPIError, match=r"not authorized|prohibited|may not be"
    )
    with sqlite_ledger.engine(write=write).connect() as connection, refused:
        connection.exec_driver_sql(AROUND[what])
    assert everything(sqlite_ledger) == before
    assert codes_of(sqlite_ledger) == set()
