"""Copies a ledger, row by row, into a schema made anew, on either kind of database.

The guards of the new schema take every entry as they would from a person: the next of
its stream, chained to the one before. So a copy cannot hold a chain that does not, and
nothing travels that no row holds any more. It is read in one transaction: a copy of a
ledger that is being written to is of one moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from sitrack.errors import VerificationFailed
from sitrack.record import chain, tables, upgrade, verify
from sitrack.record.journal import Ledger, open_ledger, reading

_MADE_BY_GUARDS: Final = ("stream",)
"""Tables that the guards fill by themselves, as entries come in."""

_QUEUES: Final = (tables.unsealed, tables.unsealed_delivery)
"""Where the guards put what no seal covers yet: in a copy, all that was copied."""

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

        def fill(target: Connection) -> None:
            for table in tables.metadata.sorted_tables:
                if table.name not in _MADE_BY_GUARDS and table not in _QUEUES:
                    _copy_table(connection, target, table, tell)
            for table in _QUEUES:
                target.execute(delete(table))
                _copy_table(connection, target, table, tell)
            _check(connection, target, wanted)

        upgrade.make(url, fill)
    _check_copy(url)
    return wanted


def _copy_table(
    source: Connection, target: Connection, table: Table, tell: Callable[[int], None]
) -> None:
    query = select(table).order_by(*table.primary_key.columns)
    options = {"yield_per": _AT_ONCE}
    done = 0
    with (
        _numbers_kept(target, table),
        source.execute(query, execution_options=options) as result,
    ):
        for part in result.mappings().partitions(_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in part])
            done += len(part)
            if table is tables.entry:
                tell(done)


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


def _check(source: Connection, target: Connection, wanted: Copied) -> None:
    """Every table holds as many rows, and every chain ends where it did."""
    for table in tables.metadata.sorted_tables:
        counts = [
            each.execute(select(func.count()).select_from(table)).scalar()
            for each in (source, target)
        ]
        if counts[0] != counts[1]:
            raise VerificationFailed("the copy is not whole; it was not kept")
    if heads(target) != wanted:
        raise VerificationFailed("the copy ends elsewhere; it was not kept")


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


def _check_copy(url: str) -> None:
    """Verify the copy as anybody would, from the outside; else take it away."""
    made = open_ledger(url)
    try:
        with reading(made) as connection:
            _refuse_broken(connection, made, "the copy does not hold; do not use it")
    finally:
        made.close()
