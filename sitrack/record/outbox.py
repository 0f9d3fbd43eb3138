"""The outbox: one row for each reminder, made when the day of its step has come.

A row is unique by (episode, visit, rule, occurrence, step, recipient, channel); that
constraint, and not anybody's memory, is what keeps a reminder from going out twice.
Rows are never deleted: what was not sent stays, with the reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from sitrack.journey.ladder import Next, rung_of
from sitrack.record import tables
from sitrack.record.duty import NOBODY_AWAY, Roster
from sitrack.record.staff import member
from sitrack.record.upserting import insert_into
from sitrack.record.wanted import CARED_FOR, still_wanted

ONCE = ("episode", "visit", "rule", "occurrence", "step", "recipient", "channel")
"""What makes a reminder one and the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """A reminder step whose day has come, on an open line of the agenda.

    Attributes:
        episode: key of the episode.
        visit: the stay, by the number of the entry that began it.
        rule: id of the follow-up rule.
        occurrence: which one of that rule.
        step: `notice` or a later step.
        due: the day by which the line was due.
        step_on: the day of this step.
        recipient: the role that the rule names: `coordinator` or `lead`.
        coordinator: staff id of who answers for the episode: its coordinator, or who
            covers for them; None for nobody.
        address: that person's address, or None.
        protocol: content hash of the protocol that the episode is pinned to.
        waits_for: `patient` or `staff`.
        tries: attempts to reach the patient since it was due; None where the ladder
            does not run on this line.
        zone: that person's time zone where it is not the clinic's, or None.
        patient: key of the patient.
        patient_zone: the patient's time zone where it is not the clinic's, or None.
        team: the team that the episode belongs to, or None.
        team_address: the team's address, or None.
    """

    episode: str
    visit: int
    rule: str
    occurrence: int
    step: str
    due: dt.date
    step_on: dt.date
    recipient: str
    coordinator: str | None
    address: str | None
    protocol: str
    waits_for: str = "staff"
    tries: int | None = None
    zone: str | None = None
    patient: str = ""
    patient_zone: str | None = None
    team: str | None = None
    team_address: str | None = None


def awake(today: dt.date) -> Any:
    """The episode was not put off; what goes to the lead is never put off."""
    episodes, lines = tables.episode, tables.agenda
    return or_(
        episodes.c.snoozed_until.is_(None),
        episodes.c.snoozed_until <= today,
        lines.c.recipient == "lead",
    )


def _steps_query(today: dt.date) -> Select[Any]:
    lines, episodes = tables.agenda, tables.episode
    people, patients = tables.staff, tables.patient
    return (
        select(
            *(lines.c[name] for name in _OF_THE_LINE),
            episodes.c.coordinator,
            episodes.c.protocol,
            episodes.c.patient,
            episodes.c.team,
            people.c.email.label("address"),
            people.c.zone,
            patients.c.zone.label("patient_zone"),
        )
        .join(episodes, episodes.c.key == lines.c.episode)
        .join(patients, patients.c.key == episodes.c.patient)
        .outerjoin(people, people.c.id == episodes.c.coordinator)
        .where(
            lines.c.step_on <= today,
            episodes.c.status.in_(CARED_FOR),
            episodes.c.stopped.is_(None),
        )
        .order_by(lines.c.step_on, lines.c.episode, lines.c.rule, lines.c.occurrence)
    )


_OF_THE_LINE = (
    *("episode", "visit", "rule", "occurrence", "step", "due", "step_on"),
    *("recipient", "waits_for", "tries"),
)
_OF_A_STEP = tuple(field.name for field in fields(Step) if field.name != "team_address")


def is_left(connection: Connection, today: dt.date) -> bool:
    """Whether there is a reminder step whose day has come."""
    query = _steps_query(today).where(awake(today)).limit(1)
    return connection.execute(query).first() is not None


def steps_due(
    connection: Connection,
    today: dt.date,
    limit: int,
    *,
    there: Roster = NOBODY_AWAY,
    lock: bool = False,
) -> list[Step]:
    """Return the reminder steps whose day has come, oldest first.

    Args:
        connection: an open transaction.
        today: the clinical day.
        limit: how many at the most.
        there: who is there on that day.
        lock: keep writers off these lines until the end of the transaction, and
            leave out the lines that somebody is writing to.
    """
    query = _steps_query(today).where(awake(today)).limit(limit)
    if lock:
        query = query.with_for_update(of=tables.agenda, skip_locked=True)
    return _steps(connection, there, query)


def count_due(connection: Connection, today: dt.date) -> int:
    """Return how many steps have come and are in nobody's outbox yet."""
    due = _steps_query(today).where(awake(today)).order_by(None).subquery()
    return int(connection.execute(select(func.count()).select_from(due)).scalar_one())


def steps_put_off(
    connection: Connection, there: Roster, today: dt.date
) -> list[tuple[Step, dt.date]]:
    """Return the steps whose day has come and that a snooze keeps back, and until when."""
    until = tables.episode.c.snoozed_until
    query = _steps_query(today).where(~awake(today)).add_columns(until)
    days = [row.snoozed_until for row in connection.execute(query)]
    return list(zip(_steps(connection, there, query), days, strict=True))


def _steps(connection: Connection, there: Roster, query: Select[Any]) -> list[Step]:
    people = stand_ins(connection, there)
    found = []
    for row in connection.execute(query).mappings():
        step = Step(**{name: row[name] for name in _OF_A_STEP})
        if step.coordinator in people:
            step = replace(step, **people[step.coordinator])
        team = there.teams.get(step.team or "")
        found.append(replace(step, team_address=team.address) if team else step)
    return found


def stand_ins(connection: Connection, there: Roster) -> dict[str, dict[str, Any]]:
    """Return who is reminded in place of everybody who is away, and where."""
    found: dict[str, dict[str, Any]] = {}
    for who, cover in there.stand_ins.items():
        person = member(connection, cover) if cover else None
        found[who] = {
            "coordinator": cover,
            "address": person.email if person else None,
            "zone": person.zone if person else None,
        }
    return found


@dataclass(frozen=True, slots=True)
class NewRow:
    """A reminder as it is put into the outbox.

    Attributes:
        step: what it is about.
        recipient: a staff id, `clinic`, `lead`, or a patient's key.
        channel: how it goes.
        next_at: when it may leave.
        alone: it goes in a message of its own.
        suppressed: why it will not go at all, or None.
    """

    step: Step
    recipient: str
    channel: str
    next_at: dt.datetime
    alone: bool = True
    suppressed: str | None = None

    def values(self) -> dict[str, Any]:
        """Return its columns."""
        return {
            "episode": self.step.episode,
            "visit": self.step.visit,
            "rule": self.step.rule,
            "occurrence": self.step.occurrence,
            "step": self.step.step,
            "recipient": self.recipient,
            "channel": self.channel,
            "due": self.step.due,
            "status": "cancelled" if self.suppressed else "open",
            "next_at": self.next_at,
            "attempts": 0,
            "alone": int(self.alone),
            "rung": rung_of(self.step.step),
            "last_error": self.suppressed,
        }


def make_rows(connection: Connection, rows: Sequence[NewRow]) -> list[NewRow]:
    """Put reminders into the outbox; return those that are new, or open again.

    A row that was cancelled is opened again; one that was sent, or given up, never is.
    """
    if not rows:
        return []
    table = tables.reminder
    statement = insert_into(table, connection.dialect.name)
    again = {
        name: statement.excluded[name]
        for name in ("status", "next_at", "due", "alone", "last_error")
    }
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=list(ONCE),
        set_={**again, "message": None, "failures": 0},
        where=and_(tables.IS_CANCELLED, statement.excluded.status == "open"),
    ).returning(*(table.c[name] for name in ONCE))
    made = set(
        map(tuple, connection.execute(upsert, [row.values() for row in rows]).all())
    )
    return [row for row in rows if _name_of(row) in made]


def _name_of(row: NewRow) -> tuple[Any, ...]:
    values = row.values()
    return tuple(values[name] for name in ONCE)


def make_row(
    connection: Connection, step: Step, recipient: str, channel: str, at: dt.datetime
) -> bool:
    """Put one reminder into the outbox; return whether it is newly open."""
    return bool(make_rows(connection, [NewRow(step, recipient, channel, at)]))


def retry(connection: Connection, now: dt.datetime, episode: str | None = None) -> int:
    """Open what was given up and is still wanted; return how many rows."""
    table = tables.reminder
    statement = update(table).where(tables.IS_DEAD, still_wanted())
    if episode is not None:
        statement = statement.where(table.c.episode == episode)
    opened = statement.values(
        status="open", next_at=now, failures=0, message=None, leased_until=None
    )
    return connection.execute(opened).rowcount


def set_next_steps(connection: Connection, steps: Iterable[tuple[Step, Next]]) -> None:
    """Note on the agenda lines which step comes next, or that none does."""
    values = [
        {
            "of": step.episode,
            "in_visit": step.visit,
            "by_rule": step.rule,
            "number": step.occurrence,
            "name": following[0],
            "day": following[1],
        }
        for step, following in steps
    ]
    if values:
        connection.execute(_SET_STEP, values)


def hush(
    connection: Connection,
    episodes: Sequence[str],
    today: dt.date,
    channel: str,
    why: str,
) -> int:
    """Remind nobody of what is due already on these episodes; return how many steps.

    Each step that is not made is kept as a row that was cancelled, with the reason. What
    falls due later is reminded of as ever.
    """
    due = _steps_query(today).where(tables.episode.c.key.in_(episodes))
    steps = _steps(connection, NOBODY_AWAY, due)
    midnight = dt.datetime.combine(today, dt.time.min, tzinfo=dt.UTC)
    rows = [
        NewRow(each, _told(each), channel, midnight, suppressed=why) for each in steps
    ]
    make_rows(connection, rows)
    set_next_steps(connection, [(each, (None, None)) for each in steps])
    return len(steps)


def _told(step: Step) -> str:
    """Who would have been told."""
    owner = step.coordinator or step.team or "clinic"
    return "lead" if step.recipient == "lead" else owner


_SET_STEP = (
    update(tables.agenda)
    .where(
        tables.agenda.c.episode == bindparam("of"),
        tables.agenda.c.visit == bindparam("in_visit"),
        tables.agenda.c.rule == bindparam("by_rule"),
        tables.agenda.c.occurrence == bindparam("number"),
    )
    .values(step=bindparam("name"), step_on=bindparam("day"))
)
