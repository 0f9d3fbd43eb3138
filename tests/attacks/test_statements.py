"""Every statement that our own connections on SQLite could be made to send.

SQLite knows no people: whoever may type a command has the same connection, and so the
coordinator, the auditor and the scheduler are one here. Whatever is tried through it is
refused, or changes nothing that the record proves, or is found. What else refuses the
ways around a guard is in `tests/record/test_guards.py`.
"""

import pytest
from sqlalchemy import exc

from sitrack.record import verify
from sitrack.record.tables import metadata

from .house import house
from .proven import FREE, PROVEN, proven

FOR_GOOD = {"entry", "payload", "delivery", "seal", "leaf", "stream", "instance"}
"""What is written once: nothing of it can be changed or taken away."""

COPIES = {"episode", "stage_span", "agenda", "staff", "patient"}
"""What follows from entries, and is worked on."""

NAMED = {
    "delivery": {"SEAL_MISSING"},
    "seal": {"SEAL_ROOT"},
    "protocol": {"LEDGER"},
    **{name: {"STANDING", "STREAM_MISSING", "INTEGRITY"} for name in COPIES},
}
"""By which finding a change is named that is not refused."""

REFUSED = "refused"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sealed house that every probe leaves as it was."""
    made = house(tmp_path_factory.mktemp("statements"), is_sealed=True)
    yield made
    made.ledger.close()


class Probe:
    """One connection of the product, in a transaction that is undone in the end."""

    def __init__(self, house, connection):
        self.house, self.connection = house, connection

    def run(self, statement):
        return self.connection.exec_driver_sql(statement).fetchall()

    def tried(self, statement):
        """`refused`; or what verify finds, and what the record proves after that."""
        nested = self.connection.begin_nested()
        try:
            self.connection.exec_driver_sql(statement)
        except exc.DBAPIError:
            nested.rollback()
            return REFUSED, {}
        held = verify.Held(keys=self.house.held["K"]["keys"])
        said = verify.verify(self.connection, self.house.ledger, lambda _: None, held)
        after = proven(self.run)
        nested.rollback()
        return {fault.code for fault in said.faults}, after


@pytest.fixture
def probe(whole):
    with whole.ledger.engine(write=True).connect() as connection:
        transaction = connection.begin()
        yield Probe(whole, connection)
        transaction.rollback()


def columns_of(probe, table):
    """Every column, and a value that it would take and nobody meant."""
    odd = {"INTEGER": "COALESCE({0}, 0) + 1", "TEXT": "COALESCE({0}, '') || 'x'"}
    return {
        name: odd.get(kind, "x'00'").format(name)
        for _, name, kind, *_ in probe.run(f"PRAGMA table_info({table})")
    }


def changes(probe, table, verb):
    """The statements of one kind against one table: one for each of its columns."""
    columns = columns_of(probe, table)
    last = f"rowid = (SELECT max(rowid) FROM {table})"
    if verb == "delete":
        yield f"DELETE FROM {table} WHERE {last}"
        yield f"DELETE FROM {table}"
        return
    for name, odd in columns.items():
        values = ", ".join(odd if each == name else each for each in columns)
        copied = f"INTO {table} SELECT {values} FROM {table} WHERE {last}"
        same = f"INTO {table} SELECT {', '.join(columns)} FROM {table} WHERE {last}"
        first = f"(SELECT {name} FROM {table} ORDER BY rowid LIMIT 1)"
        yield {
            "update": f"UPDATE {table} SET {name} = {odd} WHERE {last}",
            "update or replace": f"UPDATE OR REPLACE {table} SET {name} = {first} "
            f"WHERE {last}",
            "insert or replace": f"INSERT OR REPLACE {copied}",
            "upsert": f"INSERT {same} ON CONFLICT DO UPDATE SET {name} = {odd}",
        }[verb]


VERBS = ("update", "update or replace", "insert or replace", "upsert", "delete")
TABLES = [table.name for table in metadata.sorted_tables]


def test_every_table_is_spoken_for_or_declared():
    assert {*FOR_GOOD, *COPIES, "protocol"} == PROVEN.keys()
    assert {*PROVEN, *FREE} == set(TABLES)
    assert not FREE & PROVEN.keys()


@pytest.mark.parametrize("table", sorted(PROVEN))
def test_there_is_something_to_change(probe, table):
    assert probe.run(f"SELECT count(*) FROM {table}")[0][0] > 0


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_changed_unseen(probe, table, verb):
    before = proven(probe.run)
    for statement in changes(probe, table, verb):
        outcome, after = probe.tried(statement)
        if outcome == REFUSED:
            continue
        if after == before:
            # What cannot be read at all is told, also where it would not matter.
            assert outcome <= {"INTEGRITY"}, statement
        else:
            assert outcome & NAMED[table], statement
        for name in FOR_GOOD:
            assert set(before[name]) <= set(after[name]), statement


ENTRY = (
    "INSERT INTO entry SELECT stream, {seq}, 'another', kind, stage_from, stage_to, "
    "occurred, {recorded}, performer, recorder, source, protocol, corrects, batch, "
    "commitment, {previous}, {hash} FROM entry WHERE stream = 'office' "
    "ORDER BY seq DESC LIMIT 1"
)
LATER = "'2025-01-30T11:59:00.000000Z'"
LEAF = (
    "INSERT INTO leaf SELECT (SELECT max(position) + 1 FROM leaf), e.hash, e.stream, "
    "e.seq, NULL, NULL, NULL FROM entry e JOIN unsealed USING (stream, seq) LIMIT 1"
)
SEAL = (
    "INSERT INTO seal SELECT number + 1, size + 1, note, edge, at FROM seal "
    "ORDER BY number DESC LIMIT 1"
)
EPISODE = (
    "INSERT INTO episode (key, patient, side, stage, status, visit, since, protocol, "
    "version) SELECT replace(key, '-R', '-L'), patient, 'left', stage, status, visit, "
    "since, protocol, version FROM episode WHERE side = 'right'"
)
INSERTS = {
    "an entry that is chained to nothing": (
        ENTRY.format(seq="seq + 1", recorded=LATER, previous="x'00'", hash="hash"),
        REFUSED,
    ),
    "an entry that skips a number": (
        ENTRY.format(seq="seq + 2", recorded=LATER, previous="hash", hash="x'00'"),
        REFUSED,
    ),
    "an entry with a hash of its own": (
        ENTRY.format(seq="seq + 1", recorded=LATER, previous="hash", hash="x'00'"),
        "HASH",
    ),
    "a stream": ("INSERT INTO stream VALUES ('office/2', 1, x'00')", REFUSED),
    "a second ledger": (
        "INSERT INTO instance SELECT 2, ledger_id, zone, synthetic FROM instance",
        REFUSED,
    ),
    "a content that belongs to nothing": (
        "INSERT INTO payload VALUES ('office', 99, x'00', '{}')",
        REFUSED,
    ),
    "a laxer protocol": (
        "INSERT INTO protocol VALUES ('00', 'laxer', '', '2025-01-30')",
        "LEDGER",
    ),
    "a leaf": (LEAF, "SEAL_MISSING"),
    "a seal": (SEAL, "SEAL_ROOT"),
    "an episode": (EPISODE, "STREAM_MISSING"),
    "an admin": (
        "INSERT INTO staff (id, role) VALUES ('mallory', 'admin')",
        "STANDING",
    ),
}


@pytest.mark.parametrize("what", INSERTS)
def test_what_is_made_up_is_refused_or_found(probe, what):
    statement, expected = INSERTS[what]
    before = proven(probe.run)
    outcome, after = probe.tried(statement)
    if expected == REFUSED:
        assert outcome == REFUSED
    else:
        assert after != before
        assert expected in outcome


AROUND = {
    "copy the file elsewhere": "VACUUM INTO '{folder}/copy.db'",
    "rewrite the file": "VACUUM",
    "attach by a URI": "ATTACH 'file:{folder}/other.db?mode=rwc' AS other",
    "another journal": "PRAGMA journal_mode = OFF",
    "no synchronisation": "PRAGMA synchronous = OFF",
    "trust the schema": "PRAGMA trusted_schema = ON",
    "ignore what a column takes": "PRAGMA ignore_check_constraints = ON",
    "another number of the schema": "PRAGMA main.schema_version = 7",
    "a view": "CREATE VIEW v AS SELECT 1",
    "a table of a module": "CREATE VIRTUAL TABLE t USING fts5(x)",
    "an index": "CREATE UNIQUE INDEX i ON delivery (worker)",
    "another column": "ALTER TABLE entry ADD COLUMN more TEXT",
    "without a column": "ALTER TABLE entry DROP COLUMN corrects",
    "statistics that mislead": "ANALYZE",
    "indexes anew": "REINDEX",
    "load a library": "SELECT load_extension('/tmp/x.so')",
    "read a file": "SELECT readfile('/etc/hostname')",
    "write a file": "SELECT writefile('{folder}/x', 'x')",
    "a trigger of its own": "CREATE TRIGGER more AFTER INSERT ON entry "
    "BEGIN SELECT 1; END",
    "another ledger's name": "INSERT OR REPLACE INTO instance "
    "SELECT id, 'another', zone, synthetic FROM instance",
    "two statements in one": "SELECT 1; DROP TABLE delivery",
    "a change within a question": "WITH x AS (SELECT 1) UPDATE entry SET kind = 'x'",
    "a change that returns": "DELETE FROM payload RETURNING body",
}


@pytest.mark.parametrize("write", [True, False], ids=["writing", "reading"])
@pytest.mark.parametrize("what", AROUND)
def test_no_way_around_is_open(whole, tmp_path, what, write):
    with whole.ledger.engine(write=write).connect() as connection:
        schema = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        before = connection.exec_driver_sql(schema).fetchall()
        with pytest.raises(exc.DBAPIError):
            connection.exec_driver_sql(AROUND[what].format(folder=tmp_path))
        connection.rollback()
        assert connection.exec_driver_sql(schema).fetchall() == before
    assert list(tmp_path.iterdir()) == []
    assert whole.found("A") == []


HARMLESS = {
    "a mark of an application": "PRAGMA user_version = 7",
    "constraints in the end": "PRAGMA defer_foreign_keys = ON",
    "less to overwrite": "PRAGMA secure_delete = OFF",
    "nothing may be written": "PRAGMA query_only = ON",
    "a trigger that is there": "CREATE TRIGGER IF NOT EXISTS entry_no_update "
    "BEFORE UPDATE ON entry WHEN 0 BEGIN SELECT 1; END",
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_accepted_lasts_no_longer_than_its_transaction(whole, what):
    with whole.ledger.engine(write=True).connect() as connection:
        connection.exec_driver_sql(HARMLESS[what])
        connection.rollback()
        connection.invalidate()
    assert whole.found("A") == []


def test_a_connection_that_reads_leaves_the_guards_as_they_are(whole):
    """What the pragmas say on each connection of ours."""
    wanted = {"foreign_keys": 1, "recursive_triggers": 1, "trusted_schema": 0}
    for write in (True, False):
        with whole.ledger.engine(write=write).connect() as connection:
            for name, value in wanted.items():
                said = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                assert said == value, name
