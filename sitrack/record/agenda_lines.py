"""What is due of each episode, line by line: the copy that worklists and rounds read.

A line that stays keeps the reminder step it has reached. One that goes, or whose day
moves, cancels the reminders that no longer have a reason.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from sitrack.journey.agenda import Due
from sitrack.journey.episode import Episode
from sitrack.journey.ladder import NOTICE, counted_again
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Status
from sitrack.record import persons, tables
from sitrack.record.attempts import REASSIGNED

FIRST_STEP: Final = NOTICE
"""The step with which every reminder begins."""


def agenda_row(key: str, line: Due, notice_days: int = 0) -> dict[str, Any]:
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
        "step": None if line.silent else FIRST_STEP,
        "step_on": None if line.silent else line.due + dt.timedelta(days=notice_days),
        "tries": line.tries,
        "urgent": int(line.urgent),
    }


def open_agenda(connection: Connection, key: str) -> list[dict[str, Any]]:
    """Return the agenda rows of an episode, earliest due first."""
    rows = connection.execute(_AGENDA_QUERY, {"of": key}).mappings()
    return [dict(row) for row in rows]


def open_reminders(connection: Connection, key: str) -> int:
    """Return how many reminders about an episode are not sent yet."""
    return int(connection.execute(_OPEN_REMINDERS, {"of": key}).scalar_one())


def _name(row: dict[str, Any]) -> tuple[int, str, int]:
    return row["visit"], row["rule"], row["occurrence"]


def write(
    connection: Connection,
    episode: Episode,
    protocol: Protocol,
    rows: Sequence[dict[str, Any]],
    lines: Sequence[Due],
    *,
    whole: bool,
) -> None:
    """Write the difference, so that a line keeps the reminder step it has reached.

    Args:
        connection: an open transaction.
        episode: as it stands now.
        protocol: its own.
        rows: the agenda as it was written before.
        lines: what is due now.
        whole: the rows are all that reminders may be about.
    """
    key, notice = str(episode.key), protocol.steps.get(FIRST_STEP, 0)
    before = {_name(row): row for row in rows}
    after = {
        _name(row): row for row in (agenda_row(key, line, notice) for line in lines)
    }
    gone = [name for name in before if name not in after]
    moved = [
        name
        for name, row in after.items()
        if name in before and _due_of(before[name]) != _due_of(row)
    ]
    drop = functools.partial(_drop_lines, connection, key)
    every = whole and len(gone) == len(before)
    drop(gone, lambda name: _why_gone(episode, name), every=every)
    drop(moved, lambda _name: "rescheduled", every=False)
    fresh = [row for name, row in after.items() if name not in before or name in moved]
    if fresh:
        connection.execute(_INSERT_LINES, fresh)
    for name in before.keys() & after.keys() - set(moved):
        if _tries_of(before[name]) != _tries_of(after[name]):
            _count_again(connection, before[name], after[name], protocol.steps)


def _due_of(row: dict[str, Any]) -> tuple[dt.date, dt.date]:
    return row["anchor"], row["due"]


def _tries_of(row: dict[str, Any]) -> tuple[int | None, int]:
    return row["tries"], row["urgent"]


def _why_gone(episode: Episode, name: tuple[int, str, int]) -> str:
    """Why a line is off the agenda, as the ledger of reminders says it."""
    if episode.stopped:
        return episode.stopped
    if name[0] != episode.visit.seq:
        return "stage-left"
    words = {Status.ON_HOLD: "held", Status.LOST: "lost"}
    return words.get(episode.status, "attended")


def _drop_lines(
    connection: Connection,
    key: str,
    names: list[tuple[int, str, int]],
    why: Callable[[tuple[int, str, int]], str],
    *,
    every: bool,
) -> None:
    """Take lines off the agenda, and cancel their reminders that were not sent.

    Args:
        connection: an open transaction.
        key: the episode.
        names: the lines.
        why: what the ledger of reminders says of each.
        every: these are all that the episode has.
    """
    if not names:
        return
    if every:
        connection.execute(_DROP_LINES, {"of": key})
    else:
        connection.execute(_DROP_LINE, [_is_named(key, name) for name in names])
    reasons = {name: why(name) for name in names}
    if every and len(set(reasons.values())) == 1:
        connection.execute(_CANCEL_ALL, {"of": key, "why": reasons[names[0]]})
        return
    cancelled = [_is_named(key, name) | {"why": reasons[name]} for name in names]
    connection.execute(_CANCEL_REMINDERS, cancelled)


def _is_named(key: str, name: tuple[int, str, int]) -> dict[str, Any]:
    visit, rule, occurrence = name
    return {"of": key, "in_visit": visit, "by_rule": rule, "number": occurrence}


def _count_again(
    connection: Connection,
    before: dict[str, Any],
    after: dict[str, Any],
    steps: Mapping[str, int],
) -> None:
    """Take the attempts of a line into account, and the steps that they answer."""
    line = _is_named(after["episode"], _name(after))
    waits = counted_again(before["step"], after["due"], steps, after["tries"])
    step, step_on = (before["step"], before["step_on"]) if waits is None else waits
    values = {"tries_": after["tries"], "urgent_": after["urgent"]}
    connection.execute(_COUNT_LINE, line | values | {"step_": step, "on_": step_on})
    reached = {"reached": after["tries"] or 0, "why": "attended"}
    connection.execute(_CANCEL_RUNGS, line | reached)


def readdress(
    connection: Connection, episode: Episode, steps: Mapping[str, int]
) -> None:
    """Take back what is not sent yet to whoever answered before, as not made.

    The next round makes it again, for whoever answers then.
    """
    key = str(episode.key)
    patient = persons.owner(connection, episode.key.patient)
    asked = {"of": key, "patient": patient, "why": REASSIGNED}
    rows = connection.execute(_CANCEL_OLD, asked).all()
    values = [
        {
            **_is_named(key, (row.visit, row.rule, row.occurrence)),
            "step_": row.step,
            "on_": row.due + dt.timedelta(days=steps.get(row.step, 0)),
        }
        # Of several steps of a line the first comes again, and brings the others.
        for row in sorted(rows, key=lambda row: -row.id)
    ]
    if values:
        connection.execute(_STEP_BACK, values)


def _is_the_line(table: Table) -> ColumnElement[bool]:
    return and_(
        table.c.episode == bindparam("of"),
        table.c.visit == bindparam("in_visit"),
        table.c.rule == bindparam("by_rule"),
        table.c.occurrence == bindparam("number"),
    )


# Statements are put together once: that takes longer than running them.

_AGENDA_QUERY = (
    select(tables.agenda)
    .where(tables.agenda.c.episode == bindparam("of"))
    .order_by(tables.agenda.c.due, tables.agenda.c.rule)
)
_OPEN_REMINDERS = (
    select(func.count())
    .select_from(tables.reminder)
    .where(
        tables.reminder.c.episode == bindparam("of"),
        tables.IS_OPEN,
    )
)
_INSERT_LINES = insert(tables.agenda)
_DROP_LINES = delete(tables.agenda).where(tables.agenda.c.episode == bindparam("of"))
_DROP_LINE = delete(tables.agenda).where(_is_the_line(tables.agenda))
_COUNT_LINE = (
    update(tables.agenda)
    .where(_is_the_line(tables.agenda))
    .values(
        tries=bindparam("tries_"),
        urgent=bindparam("urgent_"),
        step=bindparam("step_"),
        step_on=bindparam("on_"),
    )
)
_CANCEL_REMINDERS = (
    update(tables.reminder)
    .where(_is_the_line(tables.reminder), tables.IS_OPEN)
    .values(status="cancelled", leased_until=None, last_error=bindparam("why"))
)
_CANCEL_ALL = (
    update(tables.reminder)
    .where(tables.reminder.c.episode == bindparam("of"), tables.IS_OPEN)
    .values(status="cancelled", leased_until=None, last_error=bindparam("why"))
)
_CANCEL_OLD = (
    update(tables.reminder)
    .where(
        tables.reminder.c.episode == bindparam("of"),
        tables.IS_OPEN,
        tables.reminder.c.recipient.not_in(("lead", bindparam("patient"))),
    )
    .values(status="cancelled", leased_until=None, last_error=bindparam("why"))
    .returning(
        tables.reminder.c.id,
        tables.reminder.c.visit,
        tables.reminder.c.rule,
        tables.reminder.c.occurrence,
        tables.reminder.c.step,
        tables.reminder.c.due,
    )
)
_STEP_BACK = (
    update(tables.agenda)
    .where(_is_the_line(tables.agenda))
    .values(step=bindparam("step_"), step_on=bindparam("on_"))
)
_CANCEL_RUNGS = _CANCEL_REMINDERS.where(tables.reminder.c.rung <= bindparam("reached"))
