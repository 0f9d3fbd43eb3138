"""What was sent about episodes, as the deliveries tell; and whom somebody called."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, select

from sitrack.journey.entries import CORRECTED
from sitrack.record import codec, tables


@dataclass(frozen=True, slots=True)
class Sending:
    """One reminder that reached its channel.

    Attributes:
        id: the number of the reminder.
        visit: the stay it belongs to.
        rule: the follow-up.
        occurrence: which of that rule.
        step: `notice`, `repeat` …
        recipient: a staff id, or an address of the clinic.
        channel: how it was sent.
        due: the day it spoke of.
        at: when it was sent.
    """

    id: int
    visit: int
    rule: str
    occurrence: int
    step: str
    recipient: str
    channel: str
    due: dt.date
    at: dt.datetime


def sendings(
    connection: Connection,
    as_known: dt.datetime | None = None,
    *,
    since: dt.datetime | None = None,
) -> dict[str, list[Sending]]:
    """Return what was sent about each episode, in the order of its times."""
    rows, told = tables.reminder.c, tables.delivery.c
    query = (
        select(tables.reminder, told.at)
        .join(tables.delivery, told.reminder == rows.id)
        .where(told.event == "sent")
        .order_by(told.at, rows.id)
    )
    if as_known is not None:
        query = query.where(told.at <= codec.instant_text(as_known))
    if since is not None:
        query = query.where(told.at >= codec.instant_text(since))
    found: dict[str, list[Sending]] = {}
    for row in connection.execute(query):
        sending = Sending(
            id=row.id,
            visit=row.visit,
            rule=row.rule,
            occurrence=row.occurrence,
            step=row.step,
            recipient=row.recipient,
            channel=row.channel,
            due=row.due,
            at=codec.read_instant(row.at),
        )
        found.setdefault(row.episode, []).append(sending)
    return found


def contacted(connection: Connection, since: dt.date) -> list[str]:
    """Return the episodes with attempts to reach the patient from that day on.

    Some from before may be among them, by a correction or the clinic's zone: the day
    is told by the entries.
    """
    entries = tables.entry.c
    query = (
        select(entries.stream)
        .where(
            entries.kind.in_(("contact", CORRECTED)),
            entries.occurred >= codec.occurred_text(since - dt.timedelta(days=1)),
            entries.stream.startswith("episode/"),
        )
        .distinct()
    )
    streams = connection.execute(query).scalars()
    return [str(stream).removeprefix("episode/") for stream in streams]
