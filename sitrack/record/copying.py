"""Copies a ledger, row by row, into a schema made anew, on either kind of database.

The guards of the new schema take every entry as they would from a person: the next of
its stream, chained to the one before. So a copy cannot hold a chain that does not, and
nothing travels that no row holds any more. It is read in one transaction: a copy of a
ledger that is being written to is of one moment.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, exists, func, insert, select, text

from sitrack.clock import zone_named
from sitrack.errors import VerificationFailed
from sitrack.record import chain, tables, upgrade, verify
from sitrack.record.connection import read_url
from sitrack.record.ledger import Ledger, reading

_MADE_BY_GUARDS: Final = ("stream",)
"""Tables that the guards fill by themselves, as entries come in."""

_QUEUES: Final = (tables.unsealed, tables.unsealed_delivery)
"""Where the guards put what no seal covers yet: at first all that was copied."""

Row = dict[str, Any]

_LATE: Final = ("SEAL_MISSING",)
"""A seal that is overdue keeps nobody from a copy: it can still be made, in both."""

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied.

    Attributes:
        entries: how many.
        streams: of how many chains.
        heads: the SHA-256 of the heads of all chains: equal where these are.
    """

    entries: int
    streams: int
    heads: str


def copy(source: Ledger, url: str, tell: Callable[[int], None]) -> Copied:
    """Copy a ledger to a place that holds none, and check the copy before it counts.

    Args:
        source: what is copied.
        url: where to.
        tell: called with the number of entries copied so far.

    Raises:
        Unavailable: there is something already, or it cannot be made.
        VerificationFailed: the record, or its copy, does not hold; no copy is left.
    """
    with reading(source) as connection:
        _refuse_broken(connection, source, "the record does not hold: it is not copied")
        wanted = heads(connection)
        counts = _counts(connection)

        def check(target: Connection) -> None:
            if _counts(target) != counts or heads(target) != wanted:
                raise VerificationFailed("the copy is not whole; it was not kept")

        return take_in(url, lambda table: _rows(connection, table), tell, check)


def take_in(
    url: str,
    rows_of: Callable[[Table], Iterator[Row]],
    tell: Callable[[int], None],
    check: Callable[[Connection], None] | None = None,
) -> Copied:
    """Make a ledger of rows from elsewhere, and verify it; return where it ends.

    Args:
        url: where to.
        rows_of: the rows of a table, those of `entry` by stream and number.
        tell: called with the number of entries taken in so far.
        check: looks at the new ledger before anything of it is kept.

    Raises:
        Unavailable: there is something already, or it cannot be made.
        VerificationFailed: what was taken in does not hold.
    """
    ends: list[Copied] = []

    def fill(target: Connection) -> None:
        for table in tables.metadata.sorted_tables:
            if table.name not in _MADE_BY_GUARDS and table not in _QUEUES:
                _fill_table(target, table, rows_of(table), tell)
        _forget_sealed(target)
        if check is not None:
            check(target)
        made = _ledger_in(target, url)
        _refuse_broken(target, made, "what was copied does not hold; it was not kept")
        ends.append(heads(target))

    upgrade.make(url, fill)
    return ends[0]


def _rows(connection: Connection, table: Table) -> Iterator[Row]:
    query = select(table).order_by(*table.primary_key.columns)
    options = {"yield_per": _AT_ONCE}
    with connection.execute(query, execution_options=options) as result:
        yield from map(dict, result.mappings())


def _fill_table(
    target: Connection,
    table: Table,
    rows: Iterator[Row],
    tell: Callable[[int], None],
) -> None:
    done = 0
    with _numbers_kept(target, table):
        while part := list(itertools.islice(rows, _AT_ONCE)):
            target.execute(insert(table), part)
            done += len(part)
            if table is tables.entry:
                tell(done)


def _forget_sealed(target: Connection) -> None:
    """What is a leaf already waits for no seal, though the guards put it there."""
    for queue in _QUEUES:
        named = [
            tables.leaf.c[column.name] == column for column in queue.primary_key.columns
        ]
        target.execute(delete(queue).where(exists().where(*named)))


@contextmanager
def _numbers_kept(target: Connection, table: Table) -> Iterator[None]:
    """Let rows keep the numbers that a server would give; it goes on behind them."""
    column = table.autoincrement_column
    numbered = column is not None and column.identity is not None
    if target.dialect.name != "postgresql" or column is None or not numbered:
        yield
        return
    change = f"ALTER TABLE {table.name} ALTER COLUMN {column.name} SET GENERATED"
    target.execute(text(f"{change} BY DEFAULT"))
    yield
    target.execute(text(f"{change} ALWAYS"))
    last = target.execute(select(func.max(column))).scalar()
    if last is not None:
        named = {"table": table.name, "column": column.name, "last": last}
        target.execute(_GO_ON, named)


_GO_ON: Final = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")


def _counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(
            select(func.count()).select_from(table)
        ).scalar_one()
        for table in tables.metadata.sorted_tables
    }


def heads(connection: Connection) -> Copied:
    """Return how large a ledger is, and where its chains end."""
    query = select(tables.stream)
    # Sorted here: databases disagree about the order of letters.
    rows = sorted(
        (row.stream, row.seq, bytes(row.hash)) for row in connection.execute(query)
    )
    hashed = hashlib.sha256()
    for stream, seq, end in rows:
        hashed.update(chain.frame([stream, str(seq), end.hex()]))
    return Copied(sum(seq for _, seq, _ in rows), len(rows), hashed.hexdigest())


def _refuse_broken(connection: Connection, ledger: Ledger, sentence: str) -> None:
    report = verify.verify(connection, ledger, lambda _done: None)
    if any(fault.code not in _LATE for fault in report.faults):
        raise VerificationFailed(sentence, "sitrack audit verify")


def _ledger_in(connection: Connection, url: str) -> Ledger:
    """The ledger that is being made, before anybody else can see it."""
    row = connection.execute(select(tables.instance)).mappings().one_or_none()
    if row is None:
        raise VerificationFailed("there is no ledger in it; nothing was made")
    zone = zone_named(row["zone"])
    synthetic = bool(row["synthetic"])
    return Ledger(read_url(url), row["ledger_id"], zone, synthetic)
