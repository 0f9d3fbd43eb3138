"""Band `!`: why an episode needs somebody before anything else, as a code and in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sitrack.record.bands import Bands
from sitrack.record.duty import Roster

NOBODY: Final = "nobody"
NOTHING_DUE: Final = "nothing-due"
UNDELIVERABLE: Final = "undeliverable"
NO_ANSWER: Final = "no-answer"
HOLD_PAST_REVIEW: Final = "hold-past-review"
COORDINATOR_AWAY: Final = "coordinator-away"
COORDINATOR_GONE: Final = "coordinator-gone"
NOT_ANSWERED: Final = "handoff-not-answered"
OFFERED_TO_ME: Final = "handoff-offered"

_STEPS: Final = {
    "guard-no-longer-met": "guard no longer met",
    "red-flag": "red flag recorded",
    UNDELIVERABLE: "reminder undeliverable",
    HOLD_PAST_REVIEW: "hold past its review",
    NO_ANSWER: "no answer, try after try",
    NOTHING_DUE: "nothing is due",
    NOBODY: "nobody coordinates it",
    COORDINATOR_AWAY: "coordinator is away",
    COORDINATOR_GONE: "coordinator has left",
    NOT_ANSWERED: "hand-off not answered",
}
"""What stands in band `!`, as a next step; a contact that ended care stands as it is."""

CODES: Final = frozenset({*_STEPS, OFFERED_TO_ME})
"""Everything that stands in the place of a rule, but for contacts that ended care."""

_HOLD_REVIEW: Final = "HOLD-REVIEW"


class Now(NamedTuple):
    """What is the same for every episode of one list.

    Attributes:
        bands: where a due date stands.
        dead: episodes with a reminder that cannot be delivered.
        idle: active episodes with nothing on their agenda.
        roster: who is there.
    """

    bands: Bands
    dead: frozenset[str]
    idle: frozenset[str]
    roster: Roster

    @property
    def named(self) -> dict[str, Any]:
        """What a statement asks of the day."""
        return {"day": self.bands.today, "gone": self.roster.uncovered}


class Line(NamedTuple):
    """What is due of an episode, as far as a list shows it."""

    due: dt.date
    shown_from: dt.date
    rule: str
    title: str
    waits_for: str
    tries: int | None
    urgent: int


def step_of(alert: str) -> str:
    """Return the next step of what stands in band `!`."""
    return _STEPS.get(alert, f"finish or clear: {alert}")


def why_first(row: Any, shown: Sequence[Line], now: Now) -> str | None:
    """Return why an episode needs somebody before anything else, as a code; or None.

    Args:
        row: its standing.
        shown: what is shown of its agenda.
        now: the day.
    """
    if row.alert or row.stopped:
        return str(row.alert or row.stopped)
    return _stuck(row, shown, now) or _unanswered(row, now)


def _stuck(row: Any, shown: Sequence[Line], now: Now) -> str | None:
    """Why it does not go on by itself."""
    if row.key in now.dead:
        return UNDELIVERABLE
    today = now.bands.today
    if any(line.rule == _HOLD_REVIEW and line.due < today for line in shown):
        return HOLD_PAST_REVIEW
    if any(line.urgent for line in shown):
        return NO_ANSWER
    return NOTHING_DUE if row.key in now.idle else None


def _unanswered(row: Any, now: Now) -> str | None:
    """Why nobody answers for it; what waits in a queue is a team's."""
    owner = row.team or now.roster.owner(row.coordinator)
    if owner is None and row.status == "active":
        if row.coordinator is None:
            return NOBODY
        has_left = row.coordinator in now.roster.left
        return COORDINATOR_GONE if has_left else COORDINATOR_AWAY
    late = row.offered_until is not None and row.offered_until < now.bands.today
    return NOT_ANSWERED if late and row.status != "finished" else None
