"""Migrations go up, down and up again, leave nothing half done, and say what we mean."""

import importlib.util
from pathlib import Path

import pytest
from sqlalchemy import inspect

from sitrack.errors import Unavailable
from sitrack.record import guards, upgrade
from sitrack.record.connection import read_url
from sitrack.record.ledger import KNOWN_SCHEMAS, SCHEMA, open_ledger, reading
from sitrack.record.tables import PARTIAL, metadata
from tests.clinic import Clinic, codes_of, driver, everything

FOLDER = upgrade.migrations_folder()


def url_of(ledger):
    return ledger.url.render_as_string(hide_password=False)


def schema_of(ledger):
    """Everything that the database says about its own shape."""
    with driver(ledger) as run:
        if not ledger.on_postgres:
            query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
            return run(query)
        return [run(query) for query in _SHAPE]


_SHAPE = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
    ORDER BY 1, ordinal_position""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    """SELECT tgname, tgenabled::text, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1""",
    "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'sitrack%' ORDER BY 1",
)


def run(ledger, target):
    with upgrade._migrating(read_url(url_of(ledger))) as connection:
        upgrade.run_migrations(connection, target)


def tables_of(ledger):
    with reading(ledger) as connection:
        return set(inspect(connection).get_table_names())


# --- up and down


def test_down_leaves_nothing_and_up_again_gives_the_same(ledger):
    before = schema_of(ledger)
    run(ledger, "base")
    assert tables_of(ledger) == {"alembic_version"}
    assert "sitrack" not in str(schema_of(ledger))
    run(ledger, "head")
    assert schema_of(ledger) == before


def test_a_database_that_went_down_holds_no_ledger(ledger):
    run(ledger, "base")
    with pytest.raises(Unavailable, match="holds no ledger"):
        open_ledger(url_of(ledger))
    with pytest.raises(Unavailable, match="holds no ledger"):
        upgrade.upgrade(url_of(ledger))


def test_what_was_written_survives_a_migration_that_changes_nothing(ledger):
    Clinic(ledger).walked()
    before = everything(ledger)
    run(ledger, "head")
    assert everything(ledger) == before
    assert codes_of(ledger) == set()


@pytest.mark.parametrize("older", KNOWN_SCHEMAS[:-1])
def test_a_record_of_an_older_schema_is_brought_up_whole(ledger, older):
    Clinic(ledger).walked()
    before, rows = schema_of(ledger), everything(ledger)
    run(ledger, older)
    with pytest.raises(Unavailable, match="older schema"):
        open_ledger(url_of(ledger))
    assert upgrade.upgrade(url_of(ledger)) == (older, SCHEMA)
    assert schema_of(ledger) == before
    assert everything(ledger) == rows
    assert codes_of(ledger) == set()


# --- interrupted


def test_an_interrupted_upgrade_leaves_nothing(ledger, monkeypatch):
    run(ledger, "base")
    before = schema_of(ledger)
    # The triggers are made last, so that everything else is there already.
    monkeypatch.setattr(guards, "create", _stop)
    with pytest.raises(RuntimeError, match="stop"):
        run(ledger, "head")
    assert schema_of(ledger) == before


def test_an_interrupted_downgrade_leaves_everything(ledger, monkeypatch):
    Clinic(ledger).walked()
    before, rows = schema_of(ledger), everything(ledger)

    def stop_late(connection):
        drop(connection)
        connection.exec_driver_sql("DROP TABLE delivery")
        _stop()

    drop = guards.drop
    monkeypatch.setattr(guards, "drop", stop_late)
    with pytest.raises(RuntimeError, match="stop"):
        run(ledger, "base")
    assert schema_of(ledger) == before
    assert everything(ledger) == rows


def _stop(*_):
    raise RuntimeError("stop")


def test_a_row_that_refers_to_nothing_stops_a_migration(sqlite_ledger):
    """Foreign keys sleep while tables are rebuilt; they are asked before the end."""
    with driver(sqlite_ledger) as sql:
        sql("PRAGMA foreign_keys = OFF")
        sql("INSERT INTO stage_span VALUES ('nowhere', 1, 'rfa', '2025-01-06', NULL)")
    with pytest.raises(Unavailable, match="refer to nothing"):
        run(sqlite_ledger, "head")


# --- no drift


def test_the_migrated_schema_is_the_one_that_the_tables_declare(ledger):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with reading(ledger) as connection:
        # On SQLite the comparison mistakes an identity for a default.
        opts = {"compare_type": True, "compare_server_default": ledger.on_postgres}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_a_schema_made_from_the_tables_alone_is_the_same(ledger):
    """Checks and partial indexes, which a comparison of metadata does not see."""
    before = schema_of(ledger)
    run(ledger, "base")
    with upgrade._migrating(read_url(url_of(ledger))) as connection:
        metadata.create_all(connection)
        _limit_indexes(connection)
        guards.create(connection)
    assert _words(schema_of(ledger)) == _words(before)


def _limit_indexes(connection):
    for table in metadata.sorted_tables:
        for index in table.indexes:
            if index.name in PARTIAL:
                unique = "UNIQUE " if index.unique else ""
                columns = ", ".join(column.name for column in index.columns)
                connection.exec_driver_sql(f"DROP INDEX {index.name}")
                connection.exec_driver_sql(
                    f"CREATE {unique}INDEX {index.name} ON {table.name} ({columns}) "
                    f"WHERE {PARTIAL[index.name]}"
                )


def _words(schema):
    """What stands in it, whatever the order of columns' clauses and white space."""
    return sorted(
        sorted(
            str(row).replace(",", " ").replace("\\n", " ").replace("\\t", " ").split()
        )
        for row in schema
    )


def test_the_last_migration_is_the_schema_of_this_version():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [SCHEMA]
    known = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(known)) == KNOWN_SCHEMAS


# --- names


def test_every_constraint_and_index_has_a_name(ledger):
    named = set()
    with reading(ledger) as connection:
        about = inspect(connection)
        for table in metadata.tables:
            found = [
                about.get_pk_constraint(table),
                *about.get_foreign_keys(table),
                *about.get_unique_constraints(table),
                *about.get_check_constraints(table),
                *about.get_indexes(table),
            ]
            assert all(each["name"] for each in found), table
            named |= {each["name"] for each in found}
    assert len(named) > 30
    assert not [name for name in named if "autoindex" in name]


def test_constraints_are_named_for_what_they_are():
    prefixes = {"primary_key": "pk_", "foreign_key": "fk_", "unique": "uq_"}
    for table in metadata.tables.values():
        for constraint in table.constraints:
            kind = constraint.__visit_name__.removesuffix("_constraint")
            prefix = prefixes.get(kind, "ck_")
            assert str(constraint.name).startswith(f"{prefix}{table.name}")
        for index in table.indexes:
            prefix = "uq_" if index.unique else "ix_"
            assert str(index.name).startswith(f"{prefix}{table.name}")


# --- the folder


def test_the_folder_of_the_migrations_does_not_shadow_the_library():
    assert not (FOLDER / "__init__.py").exists()
    found = Path(importlib.util.find_spec("alembic").origin)
    assert FOLDER not in found.parents
    assert (FOLDER / "env.py").is_file()


def test_a_migration_never_rebuilds_a_table_of_the_record():
    """Rebuilding drops the triggers without a word."""
    for path in (FOLDER / "versions").glob("*.py"):
        assert "batch_alter_table" not in path.read_text(encoding="utf-8"), path.name


def test_every_migration_ends_by_making_the_guards_anew():
    for path in (FOLDER / "versions").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        body = source.partition("def upgrade")[2].partition("\ndef ")[0]
        assert body.rstrip().endswith("guards.create(op.get_bind())"), path.name
