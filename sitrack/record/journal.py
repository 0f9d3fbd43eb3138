"""Loads streams and appends to them: one transaction, all or nothing.

A `Work` is one command: every
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    insert,
    select,
)

from sitrack.errors import (
    VerificationFailed,
    WrittenFirst,
)
from sitrack.journey.entries import Draft, Entry
from sitrack.record import appending, chain, codec, tables
from sitrack.record.connection import (
    check_file,
    file_of,
    translated,
)
from sitrack.record.ledger import Ledger, present_instant

_TICK = dt.timedelta(microseconds=1)


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
    engine = ledger.engine(write=True)
    # A commit that fails may leave its transaction open: the block rolls that back too.
    with (
        translated(),
        engine.connect() as connection,
        connection.begin() as transaction,
    ):
        now = present_instant(connection, ledger)
        work = Work(connection, ledger, now, ledger.unit or new_batch())
        yield work
        if work.behind:
            from sitrack.record.clock_steps import note_behind

            note_behind(work)
        if dry_run:
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
