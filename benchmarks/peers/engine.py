"""The engine that the peers on SQLAlchemy share: as durable as ours.

On SQLite a write-ahead log with full synchronisation, and a BEGIN of its own before
anything is read: with the driver's, two writers would overwrite each other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, event


def engine_for(url: str) -> Any:
    """Return an engine that flushes each commit, and begins before it reads."""
    engine = create_engine(url, connect_args=_connect_args(url))
    if url.startswith("sqlite"):

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _connect_args(url: str) -> dict[str, Any]:
    return {"isolation_level": None} if url.startswith("sqlite") else {}
