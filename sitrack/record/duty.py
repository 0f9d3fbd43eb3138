"""Teams and absences as the `office` stream tells them, and who answers on a day.

They are small, and read from the entries themselves: so they are known as of a day and
as of a moment like everything else, and nothing has to be kept in step.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select

from sitrack.clock import day_of
from sitrack.record import codec, tables
from sitrack.record.ledger import Ledger

TEAM_ADDED: Final = "team-added"
TEAM_CHANGED: Final = "team-changed"
AWAY: Final = "absence-set"
BACK: Final = "absence-ended"
RETIRED: Final = "staff-retired"
KINDS: Final = (TEAM_ADDED, TEAM_CHANGED, AWAY, BACK, RETIRED)
"""Entries of `office`. One of a team says how it stands as a whole. Who is retired is
away for good, and nobody covers: whoever they coordinate comes up in band `!`."""

_LAST_MOMENT: Final = "9999"
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Team:
    """People who share a queue.

    Attributes:
        id: its name, which is no staff id.
        lead: staff id of who hears of its escalations, or None.
        members: staff ids.
        address: where its reminders go while nobody coordinates an episode, or None.
    """

    id: str
    lead: str | None
    members: frozenset[str]
    address: str | None

    def payload(self) -> dict[str, Any]:
        """Return what an entry keeps of it."""
        return {
            "team": self.id,
            "lead": self.lead,
            "members": sorted(self.members),
            "address": self.address,
        }


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away, both days included, and who covers for them, if anybody."""

    staff: str
    since: dt.date
    until: dt.date
    cover: str | None

    @property
    def is_for_good(self) -> bool:
        """Whether they have left."""
        return self.until == dt.date.max


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is there on a day.

    Attributes:
        teams: by name.
        stand_ins: of everybody who is away, who answers for them; None for nobody.
        left: who of them will not come back.
    """

    teams: Mapping[str, Team] = field(default_factory=dict)
    stand_ins: Mapping[str, str | None] = field(default_factory=dict)
    left: frozenset[str] = frozenset()

    def owner(self, coordinator: str | None) -> str | None:
        """Return who answers for what somebody coordinates: they, or their cover."""
        if coordinator is None:
            return None
        return self.stand_ins.get(coordinator, coordinator)

    @property
    def uncovered(self) -> list[str]:
        """Everybody for whom nobody answers."""
        return sorted(who for who, cover in self.stand_ins.items() if cover is None)

    def teams_of(self, staff: str) -> frozenset[str]:
        """Return the teams that somebody belongs to."""
        found = (team.id for team in self.teams.values() if staff in team.members)
        return frozenset(found)


NOBODY_AWAY: Final = Roster()


def roster(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None = None,
) -> Roster:
    """Return who is there on a day, by what was known at a moment."""
    teams, away = _told(connection, ledger, day, as_known)
    # Of two absences that cover a day, the one written last counts.
    covers = {
        each.staff: each.cover for each in away if each.since <= day <= each.until
    }
    left = (each.staff for each in away if each.since <= day and each.is_for_good)
    stand_ins = {who: _stand_in(covers, who) for who in covers}
    return Roster(teams, stand_ins, frozenset(left))


def absences(connection: Connection, ledger: Ledger, day: dt.date) -> list[Absence]:
    """Return who is away on that day or later, the first first.

    One whose every day is said otherwise by a later one counts for nothing: who would
    read both would not know which of two covers answers.
    """
    _, written = _told(connection, ledger, day, None)
    away = [each for each in written if each.until >= day and not each.is_for_good]
    found = (
        each
        for place, each in enumerate(away, start=1)
        if not any(_replaces(later, each, day) for later in away[place:])
    )
    return sorted(found, key=lambda each: (each.since, each.staff))


def _replaces(later: Absence, earlier: Absence, day: dt.date) -> bool:
    """Whether an absence tells of every day from `day` on that an earlier one does."""
    begins, ends = max(earlier.since, day), earlier.until
    same = later.staff == earlier.staff
    return same and later.since <= begins and ends <= later.until


def _stand_in(covers: Mapping[str, str | None], who: str) -> str | None:
    """Who is there: the cover, or the cover's cover, as long as they differ."""
    seen, cover = {who}, covers[who]
    while cover is not None and cover in covers:
        if cover in seen:
            return None
        seen.add(cover)
        cover = covers[cover]
    return cover


def _told(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None,
) -> tuple[dict[str, Team], list[Absence]]:
    """The teams of a day, and every absence in the order of writing."""
    limit = codec.instant_text(as_known) if as_known else _LAST_MOMENT
    teams: dict[str, Team] = {}
    away: list[Absence] = []
    for kind, recorded, body in connection.execute(_office(), {"limit": limit}):
        said: dict[str, Any] = json.loads(body)
        if kind == AWAY:
            away.append(_absence(said))
        elif kind == RETIRED:
            since = day_of(codec.read_instant(recorded), ledger.zone)
            away.append(Absence(said["staff"], since, dt.date.max, None))
        elif kind == BACK:
            away = list(_ended(away, said))
        elif day_of(codec.read_instant(recorded), ledger.zone) <= day:
            teams[said["team"]] = _team(said)
    return teams, away


def _team(said: Mapping[str, Any]) -> Team:
    members = frozenset(said["members"])
    return Team(said["team"], said["lead"], members, said["address"])


def _absence(said: Mapping[str, Any]) -> Absence:
    since, until = (dt.date.fromisoformat(said[name]) for name in ("since", "until"))
    return Absence(said["staff"], since, until, said["cover"])


def _ended(away: Iterable[Absence], said: Mapping[str, Any]) -> Iterable[Absence]:
    """What is left of the absences of somebody who is back from a day on."""
    back = dt.date.fromisoformat(said["on"])
    for each in away:
        stays = each.until < back or each.is_for_good
        if each.staff != said["staff"] or stays:
            yield each
        elif each.since < back:
            yield replace(each, until=back - _DAY)


# Put together once, when it is first needed: it is asked at every worklist.


@functools.cache
def _office() -> Select[Any]:
    entries, payloads = tables.entry.c, tables.payload.c
    is_its = (payloads.stream == entries.stream) & (payloads.seq == entries.seq)
    return (
        select(entries.kind, entries.recorded, payloads.body)
        .join(tables.payload, is_its)
        .where(
            entries.stream == "office",
            entries.kind.in_(KINDS),
            entries.recorded <= bindparam("limit"),
        )
        .order_by(entries.seq)
    )
