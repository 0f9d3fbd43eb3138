"""Who needed somebody, and where everybody stood, on a day behind or as known then.

The copies tell of the present alone. Every episode that was open then is folded from
its entries: the cost grows with those, and not with the whole record.
"""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, exists, func, select

from sitrack.clock import start_of
from sitrack.journey.agenda import Due, agenda
from sitrack.journey.episode import Episode
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Status
from sitrack.record import codec, history, library, tables, worklist
from sitrack.record.act_first import Line, Now
from sitrack.record.bands import Bands, calendar_of
from sitrack.record.duty import roster
from sitrack.record.ledger import Ledger
from sitrack.record.standing import standing_row
from sitrack.record.whereabouts import open_then
from sitrack.record.worklist import Standing, Waiting

_DAY = dt.timedelta(days=1)

_Line = tuple[str, int, str, int]
"""A line of the agenda by its name: episode, visit, rule, occurrence."""


def everybody(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None,
    *,
    whole: bool = False,
    finished: bool = False,
) -> list[Waiting]:
    """Return every open episode as `worklist.everybody` would have, then."""
    if finished:
        keys = sorted(connection.execute(select(tables.episode.c.key)).scalars())
    else:
        keys = open_then(connection, ledger, day, as_known)
    then = history.episodes_at(connection, ledger, keys, as_of=day, as_known=as_known)
    due = _due_of(connection, list(then))
    until = codec.instant_text(_latest(ledger, day, as_known))
    known = codec.instant_text(as_known) if as_known else None
    now = Now(
        Bands(day, calendar_of(connection, known)),
        _undeliverable(connection, until, due),
        frozenset(
            str(episode.key)
            for episode, lines in due
            if episode.status is Status.ACTIVE and not lines
        ),
        roster(connection, ledger, day, as_known),
    )
    names = _names(connection)
    return [
        worklist.waiting(
            _row(episode, names),
            [_shown(line) for line in lines if whole or line.show_from <= day],
            now,
        )
        for episode, lines in due
    ]


def _due_of(
    connection: Connection, episodes: list[Episode]
) -> list[tuple[Episode, list[Due]]]:
    protocols: dict[str, Protocol] = {
        name: library.pinned(connection, name)
        for name in {episode.protocol for episode in episodes}
    }
    return [(each, agenda(each, protocols[each.protocol])) for each in episodes]


def _latest(ledger: Ledger, day: dt.date, as_known: dt.datetime | None) -> dt.datetime:
    """The last moment that counts: of what was known, or of the day."""
    end = start_of(day + _DAY, ledger.zone)
    return min(end, as_known) if as_known else end


def _undeliverable(
    connection: Connection, until: str, due: list[tuple[Episode, list[Due]]]
) -> frozenset[str]:
    """Episodes of which a reminder had been given up, about what was still due."""
    open_lines: set[_Line] = {
        (str(episode.key), line.visit, line.rule, line.occurrence)
        for episode, lines in due
        for line in lines
    }
    rows, given_up = tables.reminder.c, tables.delivery.c
    again = tables.delivery.alias()
    query = (
        select(rows.episode, rows.visit, rows.rule, rows.occurrence)
        .join(tables.delivery, given_up.reminder == rows.id)
        .where(
            given_up.event == "gave-up",
            given_up.at <= until,
            ~exists().where(
                again.c.reminder == rows.id,
                again.c.at > given_up.at,
                again.c.at <= until,
            ),
        )
    )
    found = {(row[0], row[1], row[2], row[3]) for row in connection.execute(query)}
    return frozenset(line[0] for line in found & open_lines)


def _shown(line: Due) -> Line:
    return Line(
        line.due,
        line.show_from,
        line.rule,
        line.title,
        line.waits_for,
        line.tries,
        int(line.urgent),
    )


def _row(episode: Episode, names: dict[str, dict[str, str]]) -> Any:
    """What the copies would have said of an episode, with its patient's name."""
    return SimpleNamespace(**standing_row(episode) | names[episode.key.patient])


def _names(connection: Connection) -> dict[str, dict[str, str]]:
    """Who everybody is, by key: that has one time only, which is now."""
    named, people = tables.patient.alias("named").c, tables.patient.c
    query = select(named.key, people.key.label("patient"), people.given, people.family)
    is_theirs = people.key == func.coalesce(named.merged_into, named.key)
    rows = connection.execute(query.join(tables.patient, is_theirs)).mappings()
    return {
        row["key"]: {name: row[name] for name in ("patient", "given", "family")}
        for row in rows
    }


def standings_at(
    connection: Connection,
    ledger: Ledger,
    patient: str | None,
    day: dt.date,
    as_known: dt.datetime | None,
) -> list[Standing]:
    """Return where every episode stood, or one patient's, by key."""
    query = select(tables.episode.c.key)
    if patient is not None:
        query = query.where(tables.episode.c.patient == patient)
    keys = sorted(connection.execute(query).scalars())
    names = _names(connection)
    then = history.episodes_at(connection, ledger, keys, as_of=day, as_known=as_known)
    found = [worklist.standing_of(_row(each, names)) for each in then]
    return sorted(found, key=lambda each: each.episode)
