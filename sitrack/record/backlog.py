"""What still waits in the outbox, or was given up, as people look at it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from sitrack.record import outbox, tables


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outbox as people look at it."""

    id: int
    episode: str
    rule: str
    step: str
    due: dt.date
    recipient: str
    channel: str
    status: str
    next_at: dt.datetime
    attempts: int
    last_error: str | None


def open_rows(connection: Connection) -> list[Row]:
    """Return every row that waits to be sent, in the order in which they leave."""
    return _rows(connection, _of_status("open"))


def dead_rows(connection: Connection) -> list[Row]:
    """Return every row that was given up and is still wanted, in the same order.

    Once its line is off the agenda, nobody has to look after it any more.
    """
    return _rows(connection, _of_status("dead").where(outbox.still_wanted()))


def _of_status(status: str) -> Select[Any]:
    table = tables.reminder
    query = select(table).where(table.c.status == status)
    return query.order_by(table.c.next_at, table.c.id)


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    return [
        Row(
            id=row["id"],
            episode=row["episode"],
            rule=row["rule"],
            step=row["step"],
            due=row["due"],
            recipient=row["recipient"],
            channel=row["channel"],
            status=row["status"],
            next_at=row["next_at"],
            attempts=row["attempts"],
            last_error=row["last_error"],
        )
        for row in connection.execute(query).mappings()
    ]
