"""Where everybody is now: a copy of what the entries say, kept for quick reading.

`episode`, `stage_span` and `agenda` are written in the same transaction as the entry
that changes them, and can be rebuilt from the entries at any time. A change of the
agenda cancels the reminders that no longer have a reason.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from sitrack.journey.agenda import Due, agenda
from sitrack.journey.entries import OPENED, Entry
from sitrack.journey.episode import Episode
from sitrack.pathway.protocol import Protocol
from sitrack.record import tables

FIRST_STEP = "notice"
"""The step with which every reminder begins."""


def standing_row(episode: Episode) -> dict[str, Any]:
    """Return the row of `episode` that the fold gives."""
    return {
        "key": str(episode.key),
        "patient": episode.key.patient,
        "side": episode.key.side.value,
        "stage": episode.stage,
        "status": episode.status.value,
        "visit": episode.visit.seq,
        "since": episode.visit.entered,
        "coordinator": episode.coordinator,
        "protocol": episode.protocol,
        "version": episode.version,
        "alert": None,
    }


def span_rows(episode: Episode) -> list[dict[str, Any]]:
    """Return the rows of `stage_span` that the fold gives."""
    return [
        {
            "episode": str(episode.key),
            "visit": visit.seq,
            "stage": visit.stage,
            "entered": visit.entered,
            "left_on": visit.left,
        }
        for visit in episode.visits
    ]


def agenda_row(key: str, line: Due) -> dict[str, Any]:
    """Return the row of `agenda` for one open line, before any reminder step."""
    return {
        "episode": key,
        "visit": line.visit,
        "rule": line.rule,
        "occurrence": line.occurrence,
        "anchor": line.anchor,
        "show_from": line.show_from,
        "due": line.due,
        "title": line.title,
        "waits_for": line.waits_for,
        "recipient": line.recipient,
        "resolved_by": line.resolved_by,
        "step": FIRST_STEP,
        "step_on": line.due,
    }


def refresh(
    connection: Connection, episode: Episode, protocol: Protocol, entry: Entry
) -> list[Due]:
    """Bring the copies up to date after `entry`, and return what is due now."""
    key = str(episode.key)
    row = standing_row(episode)
    if entry.kind == OPENED:
        connection.execute(_INSERT_EPISODE, row)
        connection.execute(_INSERT_SPANS, span_rows(episode))
    else:
        connection.execute(_UPDATE_EPISODE, {"name": key, **row})
        if entry.stage_to is not None:
            _write_spans(connection, key, episode)
    lines = agenda(episode, protocol)
    _write_agenda(connection, key, lines)
    return lines


def _write_spans(connection: Connection, key: str, episode: Episode) -> None:
    left, entered = span_rows(episode)[-2:]
    ended = {"of": key, "in_visit": left["visit"], "left_on": left["left_on"]}
    connection.execute(_END_SPAN, ended)
    connection.execute(_INSERT_SPANS, entered)


def open_agenda(connection: Connection, key: str) -> list[dict[str, Any]]:
    """Return the agenda rows of an episode, earliest due first."""
    rows = connection.execute(_AGENDA_QUERY, {"of": key}).mappings()
    return [dict(row) for row in rows]


def _name(row: dict[str, Any]) -> tuple[int, str, int]:
    return row["visit"], row["rule"], row["occurrence"]


def _write_agenda(connection: Connection, key: str, lines: list[Due]) -> None:
    """Write the difference, so that a line keeps the reminder step it has reached."""
    before = {_name(row): row for row in open_agenda(connection, key)}
    after = {_name(row): row for row in (agenda_row(key, line) for line in lines)}
    gone = [name for name in before if name not in after]
    moved = [
        name
        for name, row in after.items()
        if name in before and _due_of(before[name]) != _due_of(row)
    ]
    _drop_lines(connection, key, [*gone, *moved])
    fresh = [row for name, row in after.items() if name not in before or name in moved]
    if fresh:
        connection.execute(_INSERT_LINES, fresh)


def _due_of(row: dict[str, Any]) -> tuple[dt.date, dt.date]:
    return row["anchor"], row["due"]


def _drop_lines(
    connection: Connection, key: str, names: list[tuple[int, str, int]]
) -> None:
    """Take lines off the agenda, and cancel their reminders that were not sent."""
    if not names:
        return
    lines = [
        {"of": key, "in_visit": visit, "by_rule": rule, "number": occurrence}
        for visit, rule, occurrence in names
    ]
    connection.execute(_DROP_LINE, lines)
    connection.execute(_CANCEL_REMINDERS, lines)


def _is_the_line(table: Table) -> ColumnElement[bool]:
    return and_(
        table.c.episode == bindparam("of"),
        table.c.visit == bindparam("in_visit"),
        table.c.rule == bindparam("by_rule"),
        table.c.occurrence == bindparam("number"),
    )


# Statements are put together once: that takes longer than running them.

_INSERT_EPISODE = insert(tables.episode)
_UPDATE_EPISODE = update(tables.episode).where(
    tables.episode.c.key == bindparam("name")
)
_INSERT_SPANS = insert(tables.stage_span)
_END_SPAN = (
    update(tables.stage_span)
    .where(
        tables.stage_span.c.episode == bindparam("of"),
        tables.stage_span.c.visit == bindparam("in_visit"),
    )
    .values(left_on=bindparam("left_on"))
)
_AGENDA_QUERY = (
    select(tables.agenda)
    .where(tables.agenda.c.episode == bindparam("of"))
    .order_by(tables.agenda.c.due, tables.agenda.c.rule)
)
_INSERT_LINES = insert(tables.agenda)
_DROP_LINE = delete(tables.agenda).where(_is_the_line(tables.agenda))
_CANCEL_REMINDERS = (
    update(tables.reminder)
    .where(_is_the_line(tables.reminder), tables.reminder.c.status == "open")
    .values(status="cancelled", leased_until=None)
)
