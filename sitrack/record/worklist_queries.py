"""What the worklist asks the copies: who is open, who has something to show, what is due.

Statements are put together once: that takes longer than running them.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, or_, select, union_all

from sitrack.record import tables


class Stands(NamedTuple):
    """Where an episode stands, with its patient's name, as it is read from the copies.

    A row of a result looks a name up at each look, and here each is looked at often.
    """

    key: str
    patient: str
    side: str
    stage: str
    status: str
    since: dt.date
    coordinator: str | None
    alert: str | None
    stopped: str | None
    snoozed_until: dt.date | None
    team: str | None
    offered_to: str | None
    offered_until: dt.date | None
    given: str
    family: str


WITH_FINISHED = select(
    *(tables.episode.c[name] for name in Stands._fields[:-2]),
    tables.patient.c.given,
    tables.patient.c.family,
).join(tables.patient, tables.patient.c.key == tables.episode.c.patient)
OPEN_EPISODES = WITH_FINISHED.where(tables.episode.c.status != "finished")
_ITS = tables.agenda.c.episode == tables.episode.c.key
_NOBODYS = (tables.episode.c.status == "active") & tables.episode.c.team.is_(None)
_LEFT = func.coalesce(tables.episode.c.coordinator, "").in_(
    bindparam("gone", expanding=True)
)
IDLE = select(tables.episode.c.key).where(
    tables.episode.c.status == "active", ~exists().where(_ITS)
)
_SPEAKS = union_all(
    select(tables.episode.c.key).where(
        or_(
            tables.episode.c.alert.is_not(None),
            tables.episode.c.stopped.is_not(None),
            _NOBODYS & (tables.episode.c.coordinator.is_(None) | _LEFT),
            tables.episode.c.offered_to.is_not(None),
        )
    ),
    IDLE,
    select(tables.agenda.c.episode).where(
        tables.agenda.c.show_from <= bindparam("day")
    ),
)
"""Episodes that have something to show by a day, or act first whatever is due.

One list, and not several conditions: PostgreSQL can join it, however long it is, where it
would look a long one through for each episode.
"""

NOT_QUIET = OPEN_EPISODES.where(tables.episode.c.key.in_(_SPEAKS))
HOW_MANY_OPEN = (
    select(tables.episode.c.status, func.count())
    .where(tables.episode.c.status != "finished")
    .group_by(tables.episode.c.status)
)
AGENDA = select(
    tables.agenda.c.episode,
    tables.agenda.c.due,
    tables.agenda.c.show_from,
    tables.agenda.c.rule,
    tables.agenda.c.title,
    tables.agenda.c.waits_for,
    tables.agenda.c.tries,
    tables.agenda.c.urgent,
)
SHOWN = AGENDA.where(tables.agenda.c.show_from <= bindparam("day"))
DEAD = (
    select(tables.reminder.c.episode)
    .join(
        tables.agenda,
        (tables.agenda.c.episode == tables.reminder.c.episode)
        & (tables.agenda.c.visit == tables.reminder.c.visit)
        & (tables.agenda.c.rule == tables.reminder.c.rule)
        & (tables.agenda.c.occurrence == tables.reminder.c.occurrence),
    )
    .where(tables.IS_DEAD)
)
