"""The statements that are sent, and how a database would go about them: its own plans."""

import re
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Engine, event

from sitrack.record.tables import PARTIAL

_STEP = re.compile(
    r"(?P<how>SCAN|SEARCH) (?P<table>\w+)"
    r"(?: USING (?:COVERING )?(?:INDEX (?P<index>\w+)|\w+ PRIMARY KEY))?"
)
_ALIAS = re.compile(r"\b(?:FROM|JOIN) (\w+) (?:AS )?(\w+)\b")


class Access(NamedTuple):
    """How a statement reaches the rows of a table."""

    table: str
    index: str | None
    whole: bool
    """It reads every row: no part of an index, and none that holds a few rows only."""


@contextmanager
def sent():
    """Keep what is sent to any database while the block lasts: {text: values}."""
    kept = {}

    def keep(_connection, _cursor, text, values, _context, many):
        first = values[0] if many and isinstance(values, list) else values
        kept.setdefault(text, first)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield kept
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


@contextmanager
def counted():
    """Keep every statement that is sent while the block lasts, in order."""
    kept = []

    def keep(_connection, _cursor, text, _values, _context, _many):
        kept.append(text)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield kept
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


def accesses(connection, text, values):
    """Return how a statement would reach the rows of each table that it names.

    SQLite plans as it would; PostgreSQL is told to use an index wherever one could be
    used at all, so that a small clinic shows what a large one would do.
    """
    if not _looks_for_rows(text):
        return []
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        cursor.execute(f"EXPLAIN QUERY PLAN {text}", values)
        steps = (_STEP.match(row[3]) for row in cursor.fetchall())
        names = {alias: table for table, alias in _ALIAS.findall(text)}
        return [_of_sqlite(step, names) for step in steps if step]
    for way in ("seqscan", "hashjoin", "mergejoin"):
        cursor.execute(f"SET LOCAL enable_{way} = off")
    cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", values)
    [[[plan]]] = cursor.fetchall()
    return list(_of_postgres(plan["Plan"]))


def _looks_for_rows(text):
    verb = text.split(None, 1)[0]
    looks = verb == "INSERT" and re.search(r"\bSELECT\b", text)
    return bool(looks) or verb in {"SELECT", "UPDATE", "DELETE", "WITH"}


def _of_sqlite(step, names):
    whole = step["how"] == "SCAN" and step["index"] not in PARTIAL
    return Access(names.get(step["table"], step["table"]), step["index"], whole)


def _of_postgres(node, heap=None):
    table = node.get("Relation Name", heap)
    index, kind = node.get("Index Name"), node["Node Type"]
    if kind == "Seq Scan" or index:
        whole = "Index Cond" not in node and index not in PARTIAL
        yield Access(table, index, whole)
    for child in node.get("Plans", ()):
        yield from _of_postgres(child, table)
