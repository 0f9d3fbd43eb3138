"""Is the database's shape the one that this version made: tables, limits, triggers?

Whoever drops a trigger, or leaves it in place and weakens it, has changed nothing yet
that a chain could show. So the whole shape is compared with a description that travels
with the package, one file for each kind of database. Every migration ends by comparing
its triggers and functions, for rebuilding a table drops them without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Final

from sqlalchemy import Connection, text

from sitrack.errors import Unavailable
from sitrack.record.faults import Fault

Shape = dict[str, str]
"""What there is, `trigger entry_no_update`, and how it is made."""

_SQLITE: Final = """
SELECT type || ' ' || name, sql FROM sqlite_master
WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> 'alembic_version'
"""
_OURS: Final = """
n.nspname = 'public' AND c.relname <> 'alembic_version'
AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.objid = c.oid AND x.deptype = 'e')
"""
_POSTGRES: Final = (
    """SELECT 'column ' || c.relname || '.' || a.attname,
      format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL'
      ELSE '' END || a.attidentity::text
      || COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm')
    AND $ours""",
    """SELECT 'constraint ' || c.relname || '.' || k.conname,
      pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' NOT VALID' END
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND $ours""",
    """SELECT 'index ' || i.relname, pg_get_indexdef(i.oid)
    FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
    JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE $ours""",
    """SELECT 'trigger ' || c.relname || '.' || t.tgname,
      t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND $ours""",
    """SELECT 'rule ' || c.relname || '.' || r.rulename, pg_get_ruledef(r.oid)
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE $ours""",
    """SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid)
      || ')', p.prosecdef::text || COALESCE(' ' || p.proconfig::text, '') || ' ' || p.prosrc
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND p.prokind IN ('f', 'p')
    AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.objid = p.oid AND x.deptype = 'e')""",
)
_GUARDS: Final = ("trigger ", "function ")


def shape_of(connection: Connection) -> Shape:
    """Return the shape of a database as it is."""
    on_postgres = connection.dialect.name == "postgresql"
    queries = _POSTGRES if on_postgres else (_SQLITE,)
    return {
        str(name): " ".join(str(made).split())
        for query in queries
        for name, made in connection.execute(text(query.replace("$ours", _OURS)))
    }


def shape_as_made(dialect: str) -> Shape:
    """Return the shape that this version makes, from the file that travels with it."""
    file = resources.files("sitrack.record") / "shapes" / f"{dialect}.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)


def written(shape: Shape) -> str:
    """Return a shape as its file has it: a line for each thing, by name."""
    return "".join(f"{name}\t{shape[name]}\n" for name in sorted(shape))


def schema_faults(connection: Connection) -> Iterator[Fault]:
    """What of the shape is gone, was changed, or is not ours."""
    found, wanted = shape_of(connection), shape_as_made(connection.dialect.name)
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) == wanted.get(name):
            continue
        seen = "it is not as it was made"
        if name not in found:
            seen = "it is gone"
        elif name not in wanted:
            seen = "it is none that sitrack made"
        yield Fault("SCHEMA", name, None, seen)


def refuse_unguarded(connection: Connection) -> None:
    """Refuse a schema whose triggers and functions are not those of this version.

    Raises:
        Unavailable: a migration lost or changed one.
    """
    wrong = [
        fault.stream
        for fault in schema_faults(connection)
        if fault.stream.startswith(_GUARDS)
    ]
    if wrong:
        raise Unavailable(
            f"the schema lacks a guard: {wrong[0]}; nothing was changed",
            "restore the database from a copy, and report this",
        )
