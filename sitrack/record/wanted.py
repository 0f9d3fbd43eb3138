"""Whether a reminder is still wanted, by where its episode stands now; and why not.

The one filter for all of them: no rule can opt out of it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, or_, select

from sitrack.record import tables

CARED_FOR = ("active", "on-hold")
"""On hold, only the review of the hold is on the agenda."""


def its_episode_and_line(query: Select[Any]) -> Select[Any]:
    """Join a query of reminders with their episodes, and their lines where they stand."""
    lines, episodes, rows = tables.agenda, tables.episode, tables.reminder
    is_its_line = and_(
        lines.c.episode == rows.c.episode,
        lines.c.visit == rows.c.visit,
        lines.c.rule == rows.c.rule,
        lines.c.occurrence == rows.c.occurrence,
    )
    return query.join(episodes, episodes.c.key == rows.c.episode).outerjoin(
        lines, is_its_line
    )


def is_wanted() -> Any:
    """Its line is on the agenda, and the attempt that it asks for was not made."""
    lines, episodes, rows = tables.agenda, tables.episode, tables.reminder
    return and_(
        lines.c.rule.is_not(None),
        episodes.c.status.in_(CARED_FOR),
        episodes.c.stopped.is_(None),
        or_(rows.c.rung.is_(None), rows.c.rung > lines.c.tries),
    )


def still_wanted() -> Any:
    """The same, of the row that an update is about."""
    lines, episodes, rows = tables.agenda, tables.episode, tables.reminder
    return (
        select(lines.c.rule)
        .join(episodes, episodes.c.key == lines.c.episode)
        .where(
            lines.c.episode == rows.c.episode,
            lines.c.visit == rows.c.visit,
            lines.c.rule == rows.c.rule,
            lines.c.occurrence == rows.c.occurrence,
            is_wanted(),
        )
        .exists()
    )


def why_unwanted(row: Any) -> str | None:
    """Return why a joined row is not wanted any more, as a code; None if it is.

    Args:
        row: the columns of `FACTS`, of a query made by `its_episode_and_line`.
    """
    if row.stopped is not None:
        return str(row.stopped)
    if row.episode_status == "lost":
        return "lost"
    if row.present_visit != row.visit:
        return "stage-left"
    if row.line is None:
        return "held" if row.episode_status == "on-hold" else "attended"
    if row.rung is not None and row.tries is None:
        return "duplicate"  # an earlier line of the episode asks for attempts
    return "attended" if row.rung is not None and row.rung <= row.tries else None


FACTS = (
    tables.reminder.c.visit,
    tables.reminder.c.rung,
    tables.episode.c.stopped,
    tables.episode.c.status.label("episode_status"),
    tables.episode.c.visit.label("present_visit"),
    tables.agenda.c.rule.label("line"),
    tables.agenda.c.tries,
)
"""What `why_unwanted` asks."""
