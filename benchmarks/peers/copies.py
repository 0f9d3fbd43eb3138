"""Parks many rows by copying a few in SQL: a library would take hours to write them.

What is copied lies in the future. A program finds it, or passes it by, like its own; it
never runs it, so that what stands inside of a copy, such as its name, is never read.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

BY_LIBRARY = 1_000
"""So many at most are parked in the library's own way."""


def split(parked: int) -> tuple[int, int]:
    """Return how many to park in the library's own way, and how often to copy them."""
    own = min(parked, BY_LIBRARY)
    return own, parked // own - 1 if own else 0


def copied(
    url: str, table: str, changed: Mapping[str, str], where: str, times: int
) -> None:
    """Copy the rows of a table so many times.

    Args:
        url: of the database.
        table: the name of the table.
        changed: by column, what stands in the copy of number `i`, in SQL; nothing for
            a column that the database fills by itself.
        where: which rows, in SQL.
        times: how many copies; 0 for none.
    """
    if not times:
        return
    with _connected(url) as connection:
        looked = connection.execute(f"SELECT * FROM {table} LIMIT 0")
        names = [column[0] for column in looked.description]
        values = {name: changed.get(name, f"t.{name}") for name in names}
        kept = {name: value for name, value in values.items() if value}
        connection.execute(
            "WITH RECURSIVE n(i) AS "
            f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) "
            f"INSERT INTO {table} ({', '.join(kept)}) "
            f"SELECT {', '.join(kept.values())} FROM {table} t, n WHERE {where}"
        )


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Any]:
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            yield connection
        return
    import psycopg

    with psycopg.connect(url) as connection:
        yield connection
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")  # a server does so by itself, a minute later
