"""What still waits in the outbox, as people look at it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, select

from sitrack.record import tables


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
    table = tables.reminder
    query = (
        select(table)
        .where(table.c.status == "open")
        .order_by(table.c.next_at, table.c.id)
    )
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
