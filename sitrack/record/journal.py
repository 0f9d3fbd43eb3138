"""Loads streams and appends to them: one transaction, all or nothing.

A `Ledger` is an open database with its clock and zone. A `Work` is one command: every
entry it appends shares a batch, and its expected number in the stream is the lock
that lets exactly one of several writers win.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import random
import secrets
import time
import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    bindparam,
    exc,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.engine import URL

from sitrack.clock import Clock, machine_clock, zone_named
from sitrack.errors import (
    NotPermitted,
    Unavailable,
    VerificationFailed,
    WrittenFirst,
)
from sitrack.journey.entries import Draft, Entry
from sitrack.record import appending, chain, codec, tables
from sitrack.record.connection import (
    check_file,
    engine_for,
    file_of,
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

_TICK = dt.timedelta(microseconds=1)


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
        raise Unavailable("this database holds no ledger", "sitrack db init") from None
    check_schema(revision)
    row = connection.execute(select(tables.instance)).mappings().one_or_none()
    if row is None:
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


@dataclass
class _Head:
    """Where a stream ends, as this transaction knows it."""

    seq: int
    hash: bytes
    recorded: dt.datetime | None


@dataclass
class Work:
    """One transaction that writes; nothing stands until it ends well.

    Attributes:
        connection: the open transaction.
        ledger: what is written to.
        now: the instant of this command.
        batch: names the command; its unit of undo.
        written: the entries appended so far.
        behind: how far the clock is behind what was written before.
    """

    connection: Connection
    ledger: Ledger
    now: dt.datetime
    batch: str
    written: list[Entry] = field(default_factory=list)
    behind: dt.timedelta = dt.timedelta(0)
    _heads: dict[str, _Head] = field(default_factory=dict)

    @property
    def today(self) -> dt.date:
        """The clinical day of this command."""
        return self.now.astimezone(self.ledger.zone).date()

    def load(self, stream: str) -> list[Entry]:
        """Return every entry of a stream, and keep other writers off it until the end."""
        _lock(self.connection, stream)
        entries = load_stream(self.connection, stream)
        if entries:
            last = entries[-1]
            head = _Head(last.seq, bytes.fromhex(last.hash), last.recorded)
        else:
            # What follows was decided on an empty stream: it must still be empty then.
            head = self._first(stream)
        self._heads[stream] = head
        return entries

    def _first(self, stream: str) -> _Head:
        return _Head(0, chain.genesis(self.ledger.ledger_id, stream), None)

    def append(
        self, stream: str, draft: Draft, *, entry_id: str | None = None
    ) -> Entry:
        """Write the next entry of a stream.

        Args:
            stream: its name.
            draft: what is to be written; on a server it is the server that says by
                whom, and when.
            entry_id: the entry's name for ever; None makes a random one.

        Raises:
            WrittenFirst: somebody else took its number.
        """
        stored = {
            "salt": secrets.token_bytes(chain.SALT_BYTES),
            "body": chain.payload_text(draft.payload),
        }
        named = {"stream": stream, "entry_id": entry_id or uuid.uuid4().hex}
        row = self._write(draft, {**named, "batch": self.batch}, stored)
        entry = codec.entry_of({**row, **stored})
        self._heads[stream] = _Head(entry.seq, row["hash"], entry.recorded)
        self.written.append(entry)
        return entry

    def _write(
        self, draft: Draft, named: dict[str, Any], stored: dict[str, Any]
    ) -> dict[str, Any]:
        """Write an entry and its content; return the row of the entry."""
        if not self.ledger.on_postgres:
            return self._by_hand(draft, named, stored)
        known = self._heads.get(named["stream"])
        row = codec.row_of(draft, named)
        row["expected"] = known.seq + 1 if known else None
        stamp = appending.append(self.connection, {**row, **stored, "now": self.now})
        self.behind = max(self.behind, stamp.behind)
        return {**row, **stamp._asdict()}

    def _by_hand(
        self, draft: Draft, named: dict[str, Any], stored: dict[str, Any]
    ) -> dict[str, Any]:
        """Number, stamp and chain it here, where no server does."""
        stream = named["stream"]
        head = self._heads.get(stream) or self._read_head(stream)
        recorded = self.now
        if head.recorded is not None and recorded <= head.recorded:
            self.behind = max(self.behind, head.recorded - recorded)
            recorded = head.recorded + _TICK
        row = codec.row_of(
            draft,
            {
                **named,
                "seq": head.seq + 1,
                "recorded": codec.instant_text(recorded),
                "commitment": chain.commitment(stored["salt"], stored["body"].encode()),
                "previous": head.hash,
            },
        )
        header = codec.header_of(self.ledger.ledger_id, row)
        row["hash"] = chain.entry_hash(head.hash, header)
        self._keep(row, {"stream": stream, "seq": row["seq"], **stored})
        return row

    def _keep(self, entry: dict[str, Any], payload: dict[str, Any]) -> None:
        """Write the rows of one entry."""
        self.connection.execute(_INSERT_ENTRY, entry)
        self.connection.execute(_INSERT_PAYLOAD, payload)

    def hold(self, stream: str) -> None:
        """Keep other writers off a stream until the end; read the clock after that.

        What is written under the same lock is written in the order of its times.
        """
        _lock(self.connection, stream)
        self.now = present_instant(self.connection, self.ledger)

    def _read_head(self, stream: str) -> _Head:
        _lock(self.connection, stream)
        row = self.connection.execute(_head_query(), {"name": stream}).one_or_none()
        if row is None:
            return self._first(stream)
        return _Head(row[0], bytes(row[1]), codec.read_instant(row[2]))


def new_batch() -> str:
    """Return a name for a command: of one person's, the later has the greater name.

    It begins with the machine's time, also where the ledger's clock is another.
    """
    return f"{time.time_ns() // 1000:014x}{secrets.token_hex(9)}"


def _lock(connection: Connection, stream: str) -> None:
    """On a server, take the stream's row; on SQLite the whole write lock is held."""
    if connection.dialect.name == "postgresql":
        appending.hold(connection, stream)


# Statements are put together once, when they are first needed: that takes longer than
# running them.

_INSERT_ENTRY = insert(tables.entry)
_INSERT_PAYLOAD = insert(tables.payload)


@functools.cache
def _head_query() -> Select[Any]:
    heads, entries = tables.stream, tables.entry
    is_last = (entries.c.stream == heads.c.stream) & (entries.c.seq == heads.c.seq)
    return (
        select(heads.c.seq, heads.c.hash, entries.c.recorded)
        .join(entries, is_last)
        .where(heads.c.stream == bindparam("name"))
    )


@functools.cache
def _stream_query(*, as_known: bool) -> Select[Any]:
    entries, payloads = tables.entry, tables.payload
    is_its = (payloads.c.stream == entries.c.stream) & (payloads.c.seq == entries.c.seq)
    query = (
        select(entries, payloads.c.salt, payloads.c.body)
        .outerjoin(payloads, is_its)
        .where(entries.c.stream == bindparam("name"))
        .order_by(entries.c.seq)
    )
    if as_known:
        query = query.where(tables.entry.c.recorded <= bindparam("limit"))
    return query


def load_stream(
    connection: Connection, stream: str, as_known: dt.datetime | None = None
) -> list[Entry]:
    """Return the entries of a stream in their order.

    Args:
        connection: an open transaction.
        stream: its name.
        as_known: leave out what was written after this instant.

    Raises:
        VerificationFailed: what stands there is no entry any more.
    """
    values = {"name": stream}
    if as_known is not None:
        values["limit"] = codec.instant_text(as_known)
    query = _stream_query(as_known=as_known is not None)
    rows = connection.execute(query, values).mappings()
    try:
        return [codec.entry_of(dict(row)) for row in rows]
    except (ValueError, TypeError):
        raise VerificationFailed(
            f"what the record holds of {stream.partition('/')[2] or stream} is damaged",
            "sitrack audit verify",
        ) from None


def present_instant(connection: Connection, ledger: Ledger) -> dt.datetime:
    """Return now: the injected clock, the server's clock, or the machine's."""
    if ledger.on_postgres and not ledger.injected:
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
def writing(ledger: Ledger, *, dry_run: bool = False) -> Iterator[Work]:
    """Open a transaction that writes; it is undone unless the block ends well.

    Args:
        ledger: the record.
        dry_run: undo it in any case, after everything was checked.

    Raises:
        WrittenFirst: somebody else wrote in between.
        Unavailable: the database cannot be written.
    """
    path = file_of(ledger.url)
    if path is not None:
        check_file(path, write=True)
    with translated(), ledger.engine(write=True).connect() as connection:
        transaction = connection.begin()
        try:
            now = present_instant(connection, ledger)
            work = Work(connection, ledger, now, ledger.unit or new_batch())
            yield work
            if work.behind:
                from sitrack.record.clock_steps import note_behind

                note_behind(work)
            if dry_run:
                transaction.rollback()
            else:
                transaction.commit()
        finally:
            if transaction.is_active:
                transaction.rollback()


@contextlib.contextmanager
def one_unit(ledger: Ledger) -> Iterator[str]:
    """Give everything that is written meanwhile one name: one command, one undo."""
    ledger.unit = new_batch()
    try:
        yield ledger.unit
    finally:
        ledger.unit = None


def retried(act: Callable[[], Any], times: int = 5) -> Any:
    """Do `act` again where somebody wrote first, for acts that name no version."""
    for turn in range(1, times):
        with contextlib.suppress(WrittenFirst):
            return act()
        time.sleep(random.uniform(0, 0.01 * turn))  # noqa: S311 - no secret
    return act()
