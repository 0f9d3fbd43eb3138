"""An open record: where it is, its clock and its zone, and what one reads of it.

Everything that reads or writes is handed a `Ledger`. It is opened once for a command,
after a look at the schema; what is written into it goes through `record.journal`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, exc, func, select, text
from sqlalchemy.engine import URL

from sitrack.clock import Clock, machine_clock, zone_named
from sitrack.errors import NotPermitted, Unavailable
from sitrack.record import appending, tables
from sitrack.record.connection import (
    BEGINS,
    check_file,
    engine_for,
    file_of,
    holds_no_ledger,
    read_url,
    translated,
)

SCHEMA = "0011"
"""The revision of the schema that this version reads and writes."""

KNOWN_SCHEMAS = (
    *("0001", "0002", "0003", "0004", "0005"),
    *("0006", "0007", "0008", "0009", "0010"),
    "0011",
)
"""Every revision up to it, oldest first."""

Reader = Connection
"""An open transaction, as the rooms above call it."""


@dataclass
class Ledger:
    """An open record.

    Attributes:
        url: where it is.
        ledger_id: its name for ever; hashed into every entry.
        zone: the clinic's zone, in which days are counted.
        synthetic: it holds no real people, and accepts an injected clock.
        login: the staff id that a login of the server stands for; None where a name is
            a claim: on SQLite, and for the owner of the tables.
        clock: what time it is for this command.
        unit: the name of the command that several transactions belong to, or None;
            see `one_unit`.
    """

    url: URL
    ledger_id: str = ""
    zone: zoneinfo.ZoneInfo = field(default_factory=lambda: zoneinfo.ZoneInfo("UTC"))
    synthetic: bool = False
    login: str | None = None
    clock: Clock = machine_clock
    injected: bool = False
    unit: str | None = None
    _engines: dict[bool, Engine] = field(default_factory=dict)

    def engine(self, *, write: bool) -> Engine:
        """Return the engine for reading or for writing, made once.

        A server makes no difference between them: one connection serves a command.
        """
        kind = write and not self.on_postgres
        if kind not in self._engines:
            self._engines[kind] = engine_for(self.url, write=kind)
        return self._engines[kind]

    def close(self) -> None:
        """Let go of every connection."""
        for engine in self._engines.values():
            engine.dispose()

    def use_clock(self, clock: Clock) -> None:
        """Take the time from `clock` from now on.

        Raises:
            NotPermitted: this ledger holds real people, and keeps the machine's time.
        """
        if not self.synthetic:
            raise NotPermitted(
                "--now is for synthetic ledgers; this one keeps the machine's time"
            )
        self.clock, self.injected = clock, True

    @property
    def on_postgres(self) -> bool:
        """Whether several hosts may share this record."""
        return self.url.get_backend_name() == "postgresql"

    @property
    def asks_server(self) -> bool:
        """Whether it is the server that says what time it is in the record."""
        return self.on_postgres and not self.injected


def open_ledger(url: str) -> Ledger:
    """Open an existing record and check that this version can use it.

    Raises:
        BadInput: the URL cannot be understood.
        Unavailable: it is missing, unreachable, or of another schema.
    """
    target = read_url(url)
    path = file_of(target)
    if path is not None:
        check_file(path, write=False)
    ledger = Ledger(target)
    try:
        with translated(), ledger.engine(write=False).connect() as connection:
            _read_instance(connection, ledger)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _read_instance(connection: Connection, ledger: Ledger) -> None:
    try:
        revision = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
    except (exc.OperationalError, exc.ProgrammingError) as error:
        missing = getattr(error.orig, "sqlstate", None) == "42P01"
        if not missing and "no such table" not in str(error.orig):
            raise
        raise holds_no_ledger(ledger.url) from None
    check_schema(revision)
    rows = connection.execute(select(tables.instance)).mappings().all()
    row = rows[0] if len(rows) == 1 else None
    if row is None or {type(row["ledger_id"]), type(row["zone"])} != {str}:
        # Bytes that were damaged may stand for anything: for nothing, and for two.
        raise Unavailable("this database holds no ledger", "restore it from a copy")
    ledger.ledger_id = row["ledger_id"]
    ledger.zone = zone_named(row["zone"])
    ledger.synthetic = bool(row["synthetic"])
    if ledger.on_postgres:
        ledger.login = appending.personal_login(connection)


def check_schema(revision: str | None) -> None:
    """Refuse a schema that this version does not read and write.

    Raises:
        Unavailable: there is none, or it is older or newer.
    """
    if revision == SCHEMA:
        return
    if revision is None:
        raise Unavailable("this database holds no ledger", "sitrack db init")
    if revision in KNOWN_SCHEMAS:
        raise Unavailable("the database is of an older schema", "sitrack db upgrade")
    raise Unavailable(
        "the database is of a newer schema than this sitrack",
        "install the newer sitrack: pip install --upgrade sitrack",
    )


def present_instant(connection: Connection, ledger: Ledger) -> dt.datetime:
    """Return now: the injected clock, the server's clock, or the machine's."""
    if ledger.asks_server:
        return real_instant(connection)
    return ledger.clock().astimezone(dt.UTC)


def real_instant(connection: Connection) -> dt.datetime:
    """Return the real time, by the one clock that all hosts share."""
    if connection.dialect.name == "postgresql":
        found: dt.datetime = connection.execute(
            select(func.clock_timestamp())
        ).scalar_one()
        return found.astimezone(dt.UTC)
    return machine_clock()


@contextlib.contextmanager
def reading(ledger: Ledger) -> Iterator[Connection]:
    """Open a transaction that reads one consistent state.

    Raises:
        Unavailable: the database cannot be read.
    """
    with translated(), ledger.engine(write=False).connect() as connection:
        if ledger.on_postgres:
            # Options are set on the connection itself, before its transaction.
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


@contextlib.contextmanager
def glancing(ledger: Ledger) -> Iterator[Connection]:
    """Open a connection on which each statement reads the state of its own moment.

    A reading that is one statement needs no transaction: neither what begins it, nor
    what ends it, which on a server are two journeys. Where it is several, the later ones
    may know more than the first, and so may only forbid what it allowed.

    Raises:
        Unavailable: the database cannot be read.
    """
    alone: dict[str, Any] = {BEGINS: False}
    if ledger.on_postgres:
        alone = {"isolation_level": "AUTOCOMMIT"}
    with translated(), ledger.engine(write=False).connect() as connection:
        yield connection.execution_options(**alone)
