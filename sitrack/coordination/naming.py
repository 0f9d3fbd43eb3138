"""What a filter may name: people, teams and rules.

It is looked up only for a filter that names one, so that no other list waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sitrack.journey.forms import STOPPING
from sitrack.record import act_first, duty, library, staff
from sitrack.record.ledger import Ledger, present_instant, reading


@dataclass(frozen=True, slots=True)
class Names:
    """Who may be named.

    Attributes:
        staff: everybody who is or was on the staff list.
        teams: every team that there is.
        mine: the teams that who asks belongs to today.
    """

    staff: frozenset[str]
    teams: frozenset[str]
    mine: frozenset[str]


def names_for(ledger: Ledger, staff_id: str) -> Names:
    """Return the people and teams that somebody may name in a filter.

    Whoever has left is still named by days gone by; a team never ends.
    """
    with reading(ledger) as connection:
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        roster = duty.roster(connection, ledger, today)
        everybody = frozenset(each.id for each in staff.everybody(connection))
    return Names(everybody, frozenset(roster.teams), roster.teams_of(staff_id))


def rules_on_record(ledger: Ledger) -> frozenset[str]:
    """Return what may stand in the place of a rule: follow-ups, and codes of band `!`.

    Of every protocol that the record ever kept: a day gone by was planned by its own.

    Raises:
        Unavailable: the text of a protocol is not what it was when it was adopted.
    """
    with reading(ledger) as connection:
        kept = [
            library.pinned(connection, each.hash)
            for each in library.all_adopted(connection)
        ]
    follow_ups = {rule.id for protocol in kept for rule in protocol.follow_ups}
    return frozenset({*follow_ups, *act_first.CODES, *STOPPING})
