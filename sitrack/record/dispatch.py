"""Claims reminders for a worker, as the messages in which they go.

Rows are claimed for a lease on the real clock. A message carries one row, or is the
digest of one person, channel and day: which rows a digest carries is settled before it
is sent, so that each repeat is the same message.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, and_, func, not_, or_, select, text, update

from sitrack.record import tables
from sitrack.record.attempts import Claimed, chunks, insert_message, write_lines
from sitrack.record.duty import NOBODY_AWAY, Roster
from sitrack.record.outbox import stand_ins
from sitrack.record.staff import member


@dataclass(frozen=True, slots=True)
class Claim:
    """A request for rows.

    Attributes:
        channel: the name of the channel that the worker sends through.
        due_by: rows that may leave by then are taken.
        now: the ledger's present instant.
        today: the clinical day.
        real_now: the real instant, on which leases run.
        lease: how long the rows are this worker's.
        worker: a name for the record.
        limit: how many messages at the most.
        there: who is there today.
    """

    channel: str
    due_by: dt.datetime
    now: dt.datetime
    today: dt.date
    real_now: dt.datetime
    lease: dt.timedelta
    worker: str
    limit: int
    there: Roster = NOBODY_AWAY


def plan_anew(connection: Connection) -> None:
    """Let a server plan its statements anew, by what its tables hold by now.

    It keeps a plan for as long as it knows of no change. One that it made when hardly
    anything was sent would read every message whole, again for each that goes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_PLAN_ANEW)


_PLAN_ANEW: Final = text("DISCARD PLANS")


def is_anything_due(connection: Connection, asked: Claim) -> bool:
    """Whether there is a row that a claim could take; one look at an index."""
    query = select(tables.reminder.c.id).where(_is_due(asked), _awake(asked)).limit(1)
    return connection.execute(query).scalar() is not None


def _is_due(asked: Claim) -> Any:
    table = tables.reminder
    return and_(
        tables.IS_OPEN,
        table.c.channel == asked.channel,
        table.c.next_at <= asked.due_by,
        or_(table.c.leased_until.is_(None), table.c.leased_until <= asked.real_now),
    )


def _awake(asked: Claim) -> Any:
    """The row's episode was not put off; a join for each row that is due."""
    episodes, table = tables.episode, tables.reminder
    snoozed = (
        select(episodes.c.key)
        .where(
            episodes.c.key == table.c.episode, episodes.c.snoozed_until > asked.today
        )
        .exists()
    )
    return or_(table.c.recipient == "lead", not_(snoozed))


def claim_alone(connection: Connection, asked: Claim) -> list[Claimed]:
    """Take due rows that go in messages of their own, oldest first.

    To be committed at once.
    """
    return _take(connection, asked, tables.reminder.c.alone == 1, asked.limit)


def _take(
    connection: Connection, asked: Claim, which: Any, limit: int | None, **values: Any
) -> list[Claimed]:
    """Lease rows; those that another worker is taking at this moment are left out."""
    table = tables.reminder
    due = (
        select(table.c.id)
        .where(_is_due(asked), _awake(asked), which)
        .order_by(table.c.next_at, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
        # Materialised, so that the planner cannot run it twice and claim more.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    taken = connection.execute(
        update(table)
        .where(table.c.id.in_(select(due.c.id)))
        .values(
            attempts=table.c.attempts + 1,
            leased_until=asked.real_now + asked.lease,
            worker=asked.worker,
            **values,
        )
        .returning(table.c.id, table.c.attempts)
    ).all()
    if not taken:
        return []
    lines = [
        {"reminder": row.id, "attempt": row.attempts, "event": "claimed"}
        for row in taken
    ]
    write_lines(connection, lines, asked.worker, asked.now)
    return _claimed(connection, asked, [row.id for row in taken])


def _claimed(connection: Connection, asked: Claim, ids: Sequence[int]) -> list[Claimed]:
    found = [row for chunk in chunks(ids) for row in _rows_of(connection, chunk)]
    people = stand_ins(connection, asked.there)
    return [
        replace(row, **_where(connection, asked.there, people, row, team))
        for row, team in found
    ]


def _where(
    connection: Connection,
    there: Roster,
    people: Mapping[str, Mapping[str, Any]],
    row: Claimed,
    team: str | None,
) -> dict[str, Any]:
    """Where a row goes instead: to the cover, a team's own address, or a team's lead."""
    if row.recipient in people:
        cover = people[row.recipient]
        return {"address": cover["address"], "zone": cover["zone"]}
    if row.recipient in there.teams:
        return {"address": there.teams[row.recipient].address}
    own = there.teams.get(team or "")
    lead = there.owner(own.lead) if own and row.recipient == "lead" else None
    person = member(connection, lead) if lead else None
    return {"lead_address": person.email} if person else {}


def _rows_of(
    connection: Connection, ids: Sequence[int]
) -> list[tuple[Claimed, str | None]]:
    """Rows, and the team of the episode of each."""
    table, people, patients = tables.reminder, tables.staff, tables.patient
    query = (
        select(
            table,
            tables.episode.c.team,
            people.c.email,
            func.coalesce(people.c.zone, patients.c.zone).label("zone"),
        )
        .join(tables.episode, tables.episode.c.key == table.c.episode)
        .outerjoin(people, people.c.id == table.c.recipient)
        .outerjoin(patients, patients.c.key == table.c.recipient)
        .where(table.c.id.in_(ids))
        .order_by(table.c.next_at, table.c.id)
    )
    return [
        (_claimed_row(row), row["team"]) for row in connection.execute(query).mappings()
    ]


def _claimed_row(row: Any) -> Claimed:
    return Claimed(
        id=row["id"],
        attempt=row["attempts"],
        episode=row["episode"],
        visit=row["visit"],
        rule=row["rule"],
        occurrence=row["occurrence"],
        step=row["step"],
        recipient=row["recipient"],
        channel=row["channel"],
        due=row["due"],
        address=row["email"],
        failures=row["failures"],
        zone=row["zone"],
    )


# --- digests


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody for whom rows are due that go into a digest.

    Attributes:
        recipient: a staff id, `clinic`, or a patient's key.
        zone: the recipient's time zone where it is not the clinic's, or None.
    """

    recipient: str
    zone: str | None


def who_waits(connection: Connection, asked: Claim) -> list[Waiting]:
    """Return for whom a digest is due, whoever waits longest first."""
    table, people, patients = tables.reminder, tables.staff, tables.patient
    zone = func.min(func.coalesce(people.c.zone, patients.c.zone))
    query = (
        select(table.c.recipient, zone)
        .outerjoin(people, people.c.id == table.c.recipient)
        .outerjoin(patients, patients.c.key == table.c.recipient)
        .where(_is_due(asked), _awake(asked), _unbound())
        .group_by(table.c.recipient)
        .order_by(func.min(table.c.next_at), table.c.recipient)
        .limit(asked.limit)
    )
    return [Waiting(*row) for row in connection.execute(query)]


def _unbound() -> Any:
    return and_(tables.reminder.c.alone == 0, tables.reminder.c.message.is_(None))


def claim_digest(
    connection: Connection, asked: Claim, recipient: str, key: str
) -> list[Claimed] | None:
    """Open the digest of the day for somebody, with everything that is due.

    Several are opened in the order of their recipients, so that two workers never wait
    for each other.

    Returns:
        Its rows; None where there is one for this day already.
    """
    digest = {
        "key": key,
        "recipient": recipient,
        "channel": asked.channel,
        "day": asked.today,
        "alone": 0,
    }
    if not insert_message(connection, digest):
        return None
    mine = and_(tables.reminder.c.recipient == recipient, _unbound())
    rows = _take(connection, asked, mine, None, message=key)
    if not rows:
        table = tables.message
        connection.execute(table.delete().where(table.c.key == key))
    return rows


def claim_again(
    connection: Connection, asked: Claim
) -> list[tuple[str, list[Claimed]]]:
    """Take digests that were claimed before and did not go: (key, rows) of each.

    A digest is taken whole: its own row is locked while its reminders are.
    """
    rows, messages = tables.reminder, tables.message
    due = (
        select(rows.c.message)
        .where(_is_due(asked), _awake(asked), rows.c.message.is_not(None))
        .distinct()
        .limit(asked.limit)
    )
    keys = connection.execute(due).scalars().all()
    lock = (
        select(messages)
        .where(messages.c.key.in_(keys))
        .order_by(messages.c.key)
        .with_for_update(skip_locked=True)
    )
    found = []
    for digest in connection.execute(lock).all():
        bound = rows.c.message == digest.key
        if digest.sent_at is not None:
            # What missed its digest goes with the next one.
            free = update(rows).where(bound, _is_due(asked)).values(message=None)
            connection.execute(free)
            continue
        taken = _take(connection, asked, bound, None)
        if taken:
            found.append((digest.key, taken))
    return found


def put_off(
    connection: Connection, asked: Claim, recipient: str, until: dt.datetime, why: str
) -> int:
    """Let what waits for somebody's digest wait until then; return how many rows."""
    table = tables.reminder
    statement = (
        update(table)
        .where(_is_due(asked), table.c.recipient == recipient, _unbound())
        .values(next_at=until, last_error=why)
    )
    return connection.execute(statement).rowcount


def drop_waiting(
    connection: Connection, asked: Claim, recipient: str, why: str
) -> list[Claimed]:
    """Cancel what waits for somebody's digest; return the rows."""
    table = tables.reminder
    statement = (
        update(table)
        .where(_is_due(asked), table.c.recipient == recipient, _unbound())
        .values(status="cancelled", last_error=why)
        .returning(table.c.id)
    )
    return _claimed(connection, asked, connection.execute(statement).scalars().all())
