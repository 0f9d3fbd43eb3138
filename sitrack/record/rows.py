"""Rows as JSON and back, for a record that leaves as files and comes again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Column, Connection, LargeBinary, Table, select

from sitrack.record import tables
from sitrack.record.columns import Day, Instant
from sitrack.record.copying import Row

_ELSEWHERE: Final = {
    *("entry", "payload", "delivery"),  # files of their own
    *("stream", "unsealed", "unsealed_delivery"),  # made by the guards
}

Lines = Callable[[], Iterable[Mapping[str, Any]]]
"""The lines of a file, from its beginning, each time that it is asked."""


def rest(connection: Connection) -> Iterator[dict[str, Any]]:
    """Return every row that is neither an entry, nor its content, nor a delivery."""
    for table in tables.metadata.sorted_tables:
        if table.name in _ELSEWHERE:
            continue
        query = select(table).order_by(*table.primary_key.columns)
        options = {"yield_per": 1000}
        for row in connection.execute(query, execution_options=options).mappings():
            told = {name: _plain(value) for name, value in row.items()}
            yield {"table": table.name, "row": told}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def taken(
    entries: Lines, deliveries: Lines, others: Lines
) -> Callable[[Table], Iterator[Row]]:
    """Return what tells the rows of a table, from the lines of such files."""

    def rows_of(table: Table) -> Iterator[Row]:
        found: Iterable[Mapping[str, Any]]
        if table is tables.entry:
            found = entries()
        elif table is tables.payload:
            found = (row for row in entries() if row["body"] is not None)
        elif table is tables.delivery:
            found = deliveries()
        else:
            found = (each["row"] for each in others() if each["table"] == table.name)
        return (_row(table, row) for row in found)

    return rows_of


def _row(table: Table, told: Mapping[str, Any]) -> Row:
    return {column.name: _value(column, told[column.name]) for column in table.columns}


def _value(column: Column[Any], told: Any) -> Any:
    if told is None:
        return None
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(told)
    if isinstance(column.type, Day):
        return dt.date.fromisoformat(told)
    if isinstance(column.type, Instant):
        return dt.datetime.fromisoformat(told)
    return told
