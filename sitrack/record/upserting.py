"""An INSERT that minds what is there already, in the words of either database.

SQLAlchemy says it in each dialect by itself, and a dialect is loaded when it is first
spoken: PostgreSQL's takes a fifth of the time that a command takes to start.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table


def insert_into(table: Table, dialect: str) -> Any:
    """Return an insert into a table that knows `ON CONFLICT`.

    Args:
        table: where to.
        dialect: the name of the connection's dialect.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
