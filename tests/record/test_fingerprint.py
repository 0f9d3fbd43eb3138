"""The shape of a database is the one that travels with the package, on either kind."""

import os
from pathlib import Path

import pytest

from sitrack.errors import Unavailable
from sitrack.record import fingerprint, guards
from sitrack.record.connection import engine_for, read_url
from sitrack.record.ledger import reading
from sitrack.record.upgrade import _migrating, run_migrations
from tests.clinic import driver

SHAPES = Path(fingerprint.__file__).parent / "shapes"


def faults(ledger):
    with reading(ledger) as connection:
        return [
            (each.code, each.stream, each.seen)
            for each in fingerprint.schema_faults(connection)
        ]


def test_the_shape_that_is_shipped_is_the_one_that_migrations_make(ledger_url):
    """`UPDATE_GOLDEN=1` writes the files anew, after a migration was added."""
    url = read_url(ledger_url)
    if url.get_backend_name() == "sqlite":
        Path(url.database).touch(mode=0o600)
    engine = engine_for(url, write=True, migrates=True)
    with engine.begin() as connection:
        run_migrations(connection, "head")
        made = fingerprint.written(fingerprint.shape_of(connection))
    engine.dispose()
    file = SHAPES / f"{url.get_backend_name()}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(made, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == made


def test_a_new_ledger_has_that_shape(ledger):
    assert faults(ledger) == []


CHANGES = {
    "a trigger that is gone": (
        "DROP TRIGGER entry_no_update",
        "DROP TRIGGER entry_no_update ON entry",
        ("trigger entry_no_update", "it is gone"),
    ),
    "a column that is new": (
        "ALTER TABLE staff ADD COLUMN more TEXT",
        "ALTER TABLE staff ADD COLUMN more TEXT",
        None,
    ),
    "a table that is gone": (
        "DROP TABLE period_run",
        "DROP TABLE period_run",
        None,
    ),
    "an index that is gone": (
        "DROP INDEX uq_delivery_sent_once",
        "DROP INDEX uq_delivery_sent_once",
        ("index uq_delivery_sent_once", "it is gone"),
    ),
    "a trigger that is new": (
        "CREATE TRIGGER mine AFTER INSERT ON entry BEGIN SELECT 1; END",
        "CREATE TRIGGER mine AFTER INSERT ON entry EXECUTE FUNCTION sitrack_append_only()",
        ("trigger mine", "it is none that sitrack made"),
    ),
}
_DOES_NOTHING = """
CREATE OR REPLACE FUNCTION sitrack_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$
"""
POSTGRES_ALONE = {
    "a trigger that sleeps": (
        "ALTER TABLE entry DISABLE TRIGGER entry_no_update",
        ("trigger entry.entry_no_update", "it is not as it was made"),
    ),
    "a trigger that sleeps while changes are applied": (
        "ALTER TABLE entry ENABLE TRIGGER entry_no_update",
        ("trigger entry.entry_no_update", "it is not as it was made"),
    ),
    "a function that does nothing": (
        _DOES_NOTHING,
        ("function sitrack_append_only()", "it is not as it was made"),
    ),
    "a rule that swallows": (
        "CREATE RULE swallow AS ON INSERT TO delivery DO INSTEAD NOTHING",
        ("rule delivery.swallow", "it is none that sitrack made"),
    ),
    "a limit that is gone": (
        "ALTER TABLE entry DROP CONSTRAINT ck_entry_seq",
        ("constraint entry.ck_entry_seq", "it is gone"),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_the_shape_is_found_and_named(ledger, what):
    on_sqlite, on_postgres, wanted = CHANGES[what]
    with driver(ledger) as run:
        run(on_postgres if ledger.on_postgres else on_sqlite)
    found = faults(ledger)
    assert {code for code, *_ in found} == {"SCHEMA"}
    if wanted is not None:
        [(_, where, seen)] = found
        assert (where.replace("entry.", ""), seen) == wanted


@pytest.mark.parametrize("what", POSTGRES_ALONE)
def test_what_a_server_allows_besides_is_found_and_named(postgresql_ledger, what):
    statement, wanted = POSTGRES_ALONE[what]
    with driver(postgresql_ledger) as run:
        run(statement)
    assert [each[1:] for each in faults(postgresql_ledger)] == [wanted]


def test_a_trigger_that_never_fires_is_not_as_it_was_made(sqlite_ledger):
    with driver(sqlite_ledger) as run:
        [(sql,)] = run("SELECT sql FROM sqlite_master WHERE name = 'entry_no_delete'")
        run("DROP TRIGGER entry_no_delete")
        run(sql.replace("ON entry", "ON entry WHEN 0"))
    found = [("SCHEMA", "trigger entry_no_delete", "it is not as it was made")]
    assert faults(sqlite_ledger) == found


def test_a_migration_that_loses_a_guard_is_refused(ledger):
    with _migrating(ledger.url) as connection:
        fingerprint.refuse_unguarded(connection)
        guards.drop(connection)
        with pytest.raises(Unavailable, match="lacks a guard"):
            fingerprint.refuse_unguarded(connection)
        guards.create(connection)
