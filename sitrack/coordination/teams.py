"""Keeping teams, and who is away: entries of the `office` stream."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sitrack.coordination.people import Author, provenance
from sitrack.errors import BadInput, NotFound, repeated
from sitrack.journey.entries import Draft, Entry
from sitrack.record import adrift, duty, registry, staff
from sitrack.record.adrift import Unanswered
from sitrack.record.duty import Absence, Team
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger, present_instant, reading
from sitrack.record.roles import right_to
from sitrack.settings import is_plain_address

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,30}\Z", re.ASCII)
_TAKEN: Final = {"none", "mine", "me", "clinic", "lead"}
LONGEST_ABSENCE: Final = 730
"""Days; whoever is away for longer has left."""


@dataclass(frozen=True, slots=True)
class TeamChange:
    """What is to be different about a team; None leaves it as it is."""

    lead: str | None = None
    join: Sequence[str] = ()
    leave: Sequence[str] = ()
    address: str | None = None


def add_team(
    ledger: Ledger,
    author: Author,
    name: str,
    change: TeamChange,
    *,
    dry_run: bool = False,
) -> tuple[Team, Entry]:
    """Make a team.

    Raises:
        BadInput: the name is malformed or taken, or a member cannot be one.
        NotFound: a member is not on the staff list.
    """
    with writing(ledger, dry_run=dry_run) as work:
        registry.one_at_a_time(work.connection)
        who = provenance(work, author)
        if not _NAME.match(name) or name in _TAKEN:
            raise BadInput(
                "a team's name is lower-case letters, digits, hyphens",
                "such as: sitrack team add spine --lead rivera",
            )
        if name in _roster(work).teams:
            raise BadInput(f"there is a team {name} already", "sitrack team list")
        if staff.member(work.connection, name) is not None:
            raise BadInput(f"{name} is somebody on the staff list")
        team = _changed(work, Team(name, None, frozenset(), None), change)
        payload = {**author.payload(), **team.payload()}
        draft = Draft(duty.TEAM_ADDED, work.today, who, payload=payload)
        return team, work.append("office", draft)


def change_team(
    ledger: Ledger,
    author: Author,
    name: str,
    change: TeamChange,
    *,
    dry_run: bool = False,
) -> tuple[Team, Entry]:
    """Let people join or leave a team, or give it another lead or address.

    Raises:
        BadInput: nothing would change, or a member cannot be one.
        NotFound: there is no such team, or a member is not on the staff list.
    """
    with writing(ledger, dry_run=dry_run) as work:
        registry.one_at_a_time(work.connection)
        who = provenance(work, author)
        before = _roster(work).teams.get(name)
        if before is None:
            raise NotFound(
                f"there is no team {repeated(name, 'of that name')}",
                "sitrack team list",
            )
        team = _changed(work, before, change)
        if team == before:
            raise BadInput(f"nothing would change about {name}", "sitrack team list")
        payload = {**author.payload(), **team.payload()}
        draft = Draft(duty.TEAM_CHANGED, work.today, who, payload=payload)
        return team, work.append("office", draft)


def _changed(work: Work, team: Team, change: TeamChange) -> Team:
    for name in {*change.join, *filter(None, [change.lead])}:
        carer(work, name)
    for name in change.leave:
        if name not in team.members:
            raise NotFound(
                f"{staff.called(name)} is not in {team.id}", "sitrack team list"
            )
    if change.address and not is_plain_address(change.address):
        raise BadInput("that is not one e-mail address")
    lead = change.lead or team.lead
    stays = team.members | set(change.join) | ({lead} if lead else set())
    if lead in change.leave:
        raise BadInput(f"{lead} leads {team.id}", "name another with --lead WHO")
    return replace(
        team,
        lead=lead,
        members=frozenset(stays - set(change.leave)),
        address=change.address or team.address,
    )


def carer(work: Work, name: str) -> staff.Staff:
    """Return somebody who can answer for episodes.

    Raises:
        NotFound: they are not on the staff list.
        BadInput: their role does not look after episodes.
    """
    found = staff.active(work.connection, name)
    if found is None:
        raise NotFound(
            f"{staff.called(name)} is not on the staff list", "sitrack staff list"
        )
    if found.role not in right_to("episode claim").roles:
        raise BadInput(
            f"{name} is {found.role}: coordinators and clinicians look after episodes",
            "sitrack staff list",
        )
    return found


def all_teams(ledger: Ledger) -> tuple[dt.date, Sequence[Team]]:
    """Return (today, every team by name)."""
    with reading(ledger) as connection:
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        there = duty.roster(connection, ledger, today)
        return today, [there.teams[name] for name in sorted(there.teams)]


# --- who is away


def set_absence(
    ledger: Ledger, author: Author, absence: Absence, *, dry_run: bool = False
) -> tuple[Entry, Unanswered]:
    """Write down that somebody is away, and who covers for them.

    Returns:
        The entry, and how many open episodes nobody answers for on its first day: of
        them, and of whoever they covered for.

    Raises:
        BadInput: the days cannot be, or somebody would cover for themselves.
        NotFound: one of them is not on the staff list.
    """
    with writing(ledger, dry_run=dry_run) as work:
        registry.one_at_a_time(work.connection)
        who = provenance(work, author)
        carer(work, absence.staff)
        if absence.cover is not None:
            carer(work, absence.cover)
        _refuse_impossible(absence, work.today)
        payload = {
            **author.payload(),
            "staff": absence.staff,
            "since": absence.since.isoformat(),
            "until": absence.until.isoformat(),
            "cover": absence.cover,
        }
        day = max(absence.since, work.today)
        before = duty.roster(work.connection, ledger, day)
        draft = Draft(duty.AWAY, work.today, who, payload=payload)
        entry = work.append("office", draft)
        after = duty.roster(work.connection, ledger, day)
        theirs = {absence.staff, *set(after.uncovered) - set(before.uncovered)}
        left = theirs.intersection(after.uncovered)
        return entry, adrift.unanswered(work.connection, left)


def _refuse_impossible(absence: Absence, today: dt.date) -> None:
    if absence.cover == absence.staff:
        raise BadInput("somebody else has to cover", "name them with --cover WHO")
    if absence.until < max(absence.since, today):
        raise BadInput(f"--until {absence.until} is before --from, or over already")
    if (absence.until - min(absence.since, today)).days > LONGEST_ABSENCE:
        raise BadInput(f"an absence is {LONGEST_ABSENCE} days long at the most")


def end_absence(
    ledger: Ledger,
    author: Author,
    staff_id: str,
    on: dt.date | None = None,
    *,
    dry_run: bool = False,
) -> tuple[dt.date, Entry]:
    """Write down that somebody is back from a day on; what was ahead of it falls away.

    Raises:
        BadInput: the day lies behind.
        NotFound: they are not away then, nor later.
    """
    with writing(ledger, dry_run=dry_run) as work:
        registry.one_at_a_time(work.connection)
        who, day = provenance(work, author), on or work.today
        if day < work.today:
            raise BadInput(f"--on {day} is before today, {work.today}")
        away = duty.absences(work.connection, ledger, day)
        if staff_id not in {each.staff for each in away}:
            raise NotFound(
                f"{staff.called(staff_id)} is not away then, nor later",
                "sitrack absence list",
            )
        said = {**author.payload(), "staff": staff_id, "on": day.isoformat()}
        draft = Draft(duty.BACK, work.today, who, payload=said)
        return day, work.append("office", draft)


def all_absences(ledger: Ledger) -> tuple[dt.date, Sequence[Absence]]:
    """Return (today, who is away today or later)."""
    with reading(ledger) as connection:
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        return today, duty.absences(connection, ledger, today)


def _roster(work: Work) -> duty.Roster:
    return duty.roster(work.connection, work.ledger, work.today)
