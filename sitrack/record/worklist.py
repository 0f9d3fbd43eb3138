"""Who needs somebody: the open agenda of all episodes, as one indexed query."""

from __future__ import annotations

import collections
import datetime as dt
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, func, select

from sitrack.journey.patient import initials
from sitrack.record import tables
from sitrack.record.journal import Ledger, present_instant, reading


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the worklist: an episode and its earliest open follow-up.

    Attributes:
        episode: its key.
        initials: what may be shown of the patient's name.
        stage: where it is.
        due: the day by which somebody should act; None where only an alert stands.
        rule: the follow-up rule, or the alert.
        title: the next step in words.
        waits_for: `patient` or `staff`.
        coordinator: staff id, or None.
        more: how many further lines of it are shown by that day.
        alert: why it needs somebody before anything else, or None.
    """

    episode: str
    initials: str
    stage: str
    due: dt.date | None
    rule: str
    title: str
    waits_for: str
    coordinator: str | None
    more: int
    alert: str | None = None


def who_waits(
    ledger: Ledger, coordinator: str | None, day: dt.date | None
) -> tuple[dt.date, list[Waiting], int]:
    """Return (day, worklist, open episodes with nothing to show).

    It stands here, and not with the other questions, so that the most frequent
    command loads neither the machine nor the rules of the pathway.
    """
    with reading(ledger) as connection:
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        rows = waiting(connection, day or today, coordinator)
        rows = _alerts_first(rows, _alerted(connection, coordinator))
        hidden = not_shown(connection, day or today)
    return day or today, rows, hidden


def waiting(
    connection: Connection, today: dt.date, coordinator: str | None = None
) -> list[Waiting]:
    """Return every open episode with something to show by `today`, by due date.

    Ties stand in the order of the keys, so that the list never jitters.
    """
    lines, episodes, people = tables.agenda, tables.episode, tables.patient
    query = (
        select(
            episodes.c.key,
            people.c.given,
            people.c.family,
            episodes.c.stage,
            lines.c.due,
            lines.c.rule,
            lines.c.title,
            lines.c.waits_for,
            episodes.c.coordinator,
        )
        .join(episodes, episodes.c.key == lines.c.episode)
        .join(people, people.c.key == episodes.c.patient)
        .where(lines.c.show_from <= today)
        .order_by(lines.c.due, episodes.c.key, lines.c.rule)
    )
    if coordinator is not None:
        query = query.where(episodes.c.coordinator == coordinator)
    rows = connection.execute(query).all()
    lines_of = collections.Counter(row[0] for row in rows)
    first: dict[str, Waiting] = {}
    for key, given, family, stage, due, rule, title, waits_for, lead in rows:
        if key not in first:
            first[key] = Waiting(
                episode=key,
                initials=initials(given, family),
                stage=stage,
                due=due,
                rule=rule,
                title=title,
                waits_for=waits_for,
                coordinator=lead,
                more=lines_of[key] - 1,
            )
    return list(first.values())


_ALERTS: Final = {"guard-no-longer-met": "guard no longer met"}
"""What an alert asks for, as a next step."""


def _alerted(connection: Connection, coordinator: str | None) -> list[Waiting]:
    """Every episode that needs somebody before anything else, by key."""
    episodes, people = tables.episode, tables.patient
    query = (
        select(episodes, people.c.given, people.c.family)
        .join(people, people.c.key == episodes.c.patient)
        .where(episodes.c.alert.is_not(None))
        .order_by(episodes.c.key)
    )
    if coordinator is not None:
        query = query.where(episodes.c.coordinator == coordinator)
    return [
        Waiting(
            episode=row["key"],
            initials=initials(row["given"], row["family"]),
            stage=row["stage"],
            due=None,
            rule=row["alert"],
            title=_ALERTS.get(row["alert"], row["alert"]),
            waits_for="staff",
            coordinator=row["coordinator"],
            more=0,
            alert=row["alert"],
        )
        for row in connection.execute(query).mappings()
    ]


def _alerts_first(rows: list[Waiting], alerted: list[Waiting]) -> list[Waiting]:
    """What is due about an episode with an alert is counted behind the alert."""
    due = {row.episode: row for row in rows}
    first = [
        replace(row, due=due[row.episode].due, more=due[row.episode].more + 1)
        if row.episode in due
        else row
        for row in alerted
    ]
    keys = {row.episode for row in alerted}
    return first + [row for row in rows if row.episode not in keys]


def not_shown(connection: Connection, today: dt.date) -> int:
    """Return how many open episodes have nothing to show by `today`.

    Only active ones and those on hold have an agenda: it is enough to count both.
    """
    lines, episodes = tables.agenda, tables.episode
    shown = select(func.count(lines.c.episode.distinct())).where(
        lines.c.show_from <= today
    )
    active = (
        select(func.count())
        .select_from(episodes)
        .where(episodes.c.status.in_(("active", "on-hold")))
    )
    query = select(active.scalar_subquery() - shown.scalar_subquery())
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one episode is, by its standing row."""

    episode: str
    patient: str
    initials: str
    side: str
    stage: str
    status: str
    since: dt.date
    coordinator: str | None
    version: int


def standings(connection: Connection, patient: str | None = None) -> list[Standing]:
    """Return the standing of every episode, or of one patient's, by key."""
    episodes, people = tables.episode, tables.patient
    query = (
        select(episodes, people.c.given, people.c.family)
        .join(people, people.c.key == episodes.c.patient)
        .order_by(episodes.c.key)
    )
    if patient is not None:
        query = query.where(episodes.c.patient == patient)
    return [
        Standing(
            episode=row["key"],
            patient=row["patient"],
            initials=initials(row["given"], row["family"]),
            side=row["side"],
            stage=row["stage"],
            status=row["status"],
            since=row["since"],
            coordinator=row["coordinator"],
            version=row["version"],
        )
        for row in connection.execute(query).mappings()
    ]


def keys_of(connection: Connection, patient: str) -> list[tuple[str, str]]:
    """Return (episode key, status) of a patient's episodes, by key."""
    query = (
        select(tables.episode.c.key, tables.episode.c.status)
        .where(tables.episode.c.patient == patient)
        .order_by(tables.episode.c.key)
    )
    return [(row.key, row.status) for row in connection.execute(query)]
