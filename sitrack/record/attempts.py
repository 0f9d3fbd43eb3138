"""What a worker says about the rows that it holds: sent, failed, suppressed, given up.

Every word names the attempt it belongs to, so that a worker that lost its lease cannot
speak any more. What it says stands in `delivery`, which is append-only.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from sitrack.record import codec, tables, wanted
from sitrack.record.upserting import insert_into

REASSIGNED = "reassigned"
"""It is somebody else's now, to whom it goes as a row of its own."""

_AT_ONCE = 500
"""Rows named in one statement."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker holds.

    Attributes:
        id: the row.
        attempt: which attempt this is, from 1; the fence.
        address: the recipient's address where the recipient is of the staff, or None.
        failures: how many attempts failed.
        zone: the recipient's time zone where it is not the clinic's, or None.
        lead_address: that of the lead of the episode's team; None where there is none.
    """

    id: int
    attempt: int
    episode: str
    visit: int
    rule: str
    occurrence: int
    step: str
    recipient: str
    channel: str
    due: dt.date
    address: str | None
    failures: int = 0
    zone: str | None = None
    lead_address: str | None = None


def chunks(items: Sequence[Any]) -> list[Sequence[Any]]:
    """Return the items in pieces that one statement can name."""
    return [items[at : at + _AT_ONCE] for at in range(0, len(items), _AT_ONCE)]


# --- what a worker says about the rows it holds


def prolong(
    connection: Connection, rows: Sequence[Claimed], until: dt.datetime
) -> set[int]:
    """Keep rows for longer; return which of them are still this attempt's."""
    return _changed(connection, rows, tables.IS_OPEN, leased_until=until)


def release(connection: Connection, rows: Sequence[Claimed]) -> set[int]:
    """Give rows back, unsent, for anyone to claim; their attempt stays counted."""
    return _changed(connection, rows, leased_until=None)


def wait_until(
    connection: Connection, rows: Sequence[Claimed], until: dt.datetime, why: str
) -> set[int]:
    """Give rows back that may not leave yet, with the reason. It is no failure."""
    return _changed(
        connection,
        rows,
        tables.IS_OPEN,
        next_at=until,
        leased_until=None,
        last_error=why,
    )


@dataclass(frozen=True, slots=True)
class Word:
    """What a worker writes down about an attempt.

    Attributes:
        worker: its name for the record.
        now: the ledger's present instant.
        detail: the reference of what was sent, or a short code.
    """

    worker: str
    now: dt.datetime
    detail: str


def acknowledge(
    connection: Connection, rows: Sequence[Claimed], word: Word
) -> set[int]:
    """Write down that rows were sent; return those that were this attempt's."""
    values = {"status": "done", "leased_until": None, "last_error": None}
    return _said(connection, rows, word, "sent", values)


def give_up(connection: Connection, rows: Sequence[Claimed], word: Word) -> set[int]:
    """Write down that rows will not be tried again."""
    values = {"status": "dead", "leased_until": None, "last_error": word.detail}
    return _said(connection, rows, word, "gave-up", values)


def suppress(
    connection: Connection,
    rows: Sequence[Claimed],
    word: Word,
    *,
    although_wanted: bool = False,
) -> set[int]:
    """Write down that rows were not sent, and will not be.

    Args:
        connection: a writing transaction.
        rows: what is about.
        word: with the reason.
        although_wanted: they are, but may not be sent.
    """
    conditions = [] if although_wanted else [_UNWANTED]
    values = {"status": "cancelled", "leased_until": None, "last_error": word.detail}
    return _said(connection, rows, word, "suppressed", values, *conditions)


def postpone(
    connection: Connection, rows: Sequence[Claimed], word: Word, next_at: dt.datetime
) -> set[int]:
    """Write down that the attempt failed, and when the next one is."""
    values = {
        "next_at": next_at,
        "leased_until": None,
        "last_error": word.detail,
    }
    return _said(connection, rows, word, "failed", values, failed=True)


def _said(
    connection: Connection,
    rows: Sequence[Claimed],
    word: Word,
    event: str,
    values: dict[str, Any],
    *conditions: Any,
    failed: bool = False,
) -> set[int]:
    changed = _changed(connection, rows, *conditions, failed=failed, **values)
    lines = [
        {
            "reminder": row.id,
            "attempt": row.attempt,
            "event": event,
            "detail": word.detail,
        }
        for row in rows
        if row.id in changed
    ]
    if lines:
        write_lines(connection, lines, word.worker, word.now)
    return changed


def are_of_attempt(rows: Sequence[Claimed]) -> Any:
    """The fence: no other attempt was made, and this one has not had its last word.

    A row that was cancelled meanwhile may still be spoken about, for it may have been
    sent just before; one that was opened again since belongs to the next attempt.
    """
    table = tables.reminder
    names = [(row.id, row.attempt) for row in rows]
    # SQLite finds no row by a pair; by the first of it, each is found at once.
    named = table.c.id.in_([row.id for row in rows])
    return and_(named, tuple_(table.c.id, table.c.attempts).in_(names), _SPOKEN_OF)


def the_one(row: Claimed) -> dict[str, int]:
    """Return what `IS_THE_ONE` asks for."""
    return {"the_row": row.id, "the_attempt": row.attempt}


def _changed(
    connection: Connection,
    rows: Sequence[Claimed],
    *conditions: Any,
    failed: bool = False,
    **values: Any,
) -> set[int]:
    """Change the rows that this attempt still holds; return which."""
    given = {f"to_{name}": value for name, value in values.items()}
    changed: set[int] = set()
    for chunk in chunks(rows):
        if len(chunk) == 1:
            statement = _change_of_one(tuple(values), conditions, failed=failed)
            result = connection.execute(statement, given | the_one(chunk[0]))
        else:
            which = (are_of_attempt(chunk), *conditions)
            statement = _change(tuple(values), which, failed=failed)
            result = connection.execute(statement, given)
        changed |= set(result.scalars())
    return changed


def _change(names: Sequence[str], which: Sequence[Any], *, failed: bool) -> Any:
    table = tables.reminder
    values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
    if failed:
        values["failures"] = table.c.failures + 1
    return update(table).where(*which).values(**values).returning(table.c.id)


@functools.cache
def _change_of_one(
    names: tuple[str, ...], conditions: tuple[Any, ...], *, failed: bool
) -> Any:
    """The same of one row, put together once: that takes longer than to run it."""
    return _change(names, (IS_THE_ONE, *conditions), failed=failed)


def write_lines(
    connection: Connection, lines: list[dict[str, Any]], worker: str, now: dt.datetime
) -> None:
    """Append to what was said of rows."""
    at = codec.instant_text(now)
    rows = [{"detail": None, **line, "worker": worker, "at": at} for line in lines]
    connection.execute(_WRITE_LINES, rows)


# --- the messages


def insert_message(connection: Connection, values: dict[str, Any]) -> bool:
    """Write down a message, unless there is one like it; return whether it was new."""
    statement = _write_message(connection.dialect.name)
    return connection.execute(statement, values).scalar() is not None


def note_message(
    connection: Connection,
    key: str,
    rows: Sequence[Claimed],
    now: dt.datetime,
    today: dt.date,
) -> None:
    """Count the message that carried these rows; a digest was written down before."""
    message = {"key": key, "day": today, "alone": 1, "sent_at": now}
    to = {"recipient": rows[0].recipient, "channel": rows[0].channel}
    connection.execute(_note_sent(connection.dialect.name), message | to)


def sent_since(
    connection: Connection, channel: str, since: dt.datetime
) -> tuple[int, dt.datetime | None]:
    """Return how many messages went through a channel since then, and the first."""
    table = tables.message
    query = select(func.count(), func.min(table.c.sent_at))
    query = query.where(table.c.channel == channel, table.c.sent_at > since)
    count, first = connection.execute(query).one()
    return int(count), first


# --- statements, put together once: that takes longer than running them

_ROW = tables.reminder.c
_UNWANTED = not_(wanted.still_wanted())
_SPOKEN_OF = or_(
    and_(tables.IS_OPEN, _ROW.leased_until.is_not(None)),
    tables.IS_CANCELLED,
)
IS_THE_ONE = and_(
    _ROW.id == bindparam("the_row"),
    _ROW.attempts == bindparam("the_attempt"),
    _SPOKEN_OF,
)
_WRITE_LINES = insert(tables.delivery)


@functools.cache
def _write_message(dialect: str) -> Any:
    new = insert_into(tables.message, dialect).on_conflict_do_nothing()
    return new.returning(tables.message.c.key)


@functools.cache
def _note_sent(dialect: str) -> Any:
    new = insert_into(tables.message, dialect)
    return new.on_conflict_do_update(
        index_elements=["key"], set_={"sent_at": new.excluded.sent_at}
    )
