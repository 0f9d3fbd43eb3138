"""Where everybody is now: a copy of what the entries say, kept for quick reading.

`episode`, `stage_span` and `agenda` are written in the same transaction as the entry
that changes them, and can be rebuilt from the entries at any time. The lines of an
agenda, and what becomes of their reminders, are `record.agenda_lines`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, update

from sitrack.journey.agenda import Due, agenda
from sitrack.journey.alerts import alert_of
from sitrack.journey.entries import DUTY, EXPORTED, OPENED, Entry
from sitrack.journey.episode import Episode
from sitrack.pathway.protocol import Protocol
from sitrack.record import agenda_lines, tables
from sitrack.record.pipelining import in_one_journey


def standing_row(episode: Episode) -> dict[str, Any]:
    """Return the row of `episode` that the fold gives.

    Whose it is now, where people were merged, is told by `record.persons`.
    """
    return {
        "key": str(episode.key),
        "patient": episode.key.patient,
        "side": episode.key.side.value,
        "stage": episode.stage,
        "status": episode.status.value,
        "visit": episode.visit.seq,
        "since": episode.visit.entered,
        "coordinator": episode.coordinator,
        "protocol": episode.protocol,
        "version": episode.version,
        "alert": alert_of(episode),
        "snoozed_until": episode.snoozed_until,
        "stopped": episode.stopped,
        "team": episode.team,
        "offered_to": episode.offer.to if episode.offer else None,
        "offered_until": episode.offer.until if episode.offer else None,
    }


def span_rows(episode: Episode) -> list[dict[str, Any]]:
    """Return the rows of `stage_span` that the fold gives."""
    return [
        {
            "episode": str(episode.key),
            "visit": visit.seq,
            "stage": visit.stage,
            "entered": visit.entered,
            "left_on": visit.left,
        }
        for visit in episode.visits
    ]


def refresh(
    connection: Connection,
    episode: Episode,
    protocol: Protocol,
    written: Sequence[Entry],
) -> list[Due]:
    """Bring the copies up to date after what was written; return what is due now."""
    lines = agenda(episode, protocol)
    before = agenda_lines.open_agenda(connection, str(episode.key))
    with in_one_journey(connection):
        _place(connection, episode, written)
        agenda_lines.write(connection, episode, protocol, before, lines, whole=True)
    if any(_is_about_duty(entry) for entry in written):
        agenda_lines.readdress(connection, episode, protocol.steps)
    return lines


def _place(connection: Connection, episode: Episode, written: Sequence[Entry]) -> None:
    """Write where the episode stands after what was written, and its stays."""
    key, row = str(episode.key), standing_row(episode)
    if any(entry.kind == OPENED for entry in written):
        connection.execute(_INSERT_EPISODE, row)
        connection.execute(_INSERT_SPANS, span_rows(episode))
    elif written and all(entry.kind == EXPORTED for entry in written):
        # Who may let something out need not have a right to say where anybody stands.
        connection.execute(_UPDATE_VERSION, {"name": key, "to": row["version"]})
    else:
        _stand(connection, row)
        _write_spans(connection, key, episode, written)


def _is_about_duty(entry: Entry) -> bool:
    return entry.kind in DUTY or (entry.payload or {}).get("kind") in DUTY


def derive(connection: Connection, episode: Episode, protocol: Protocol) -> None:
    """Bring every copy of an episode up to date, whatever was written since."""
    key = str(episode.key)
    lines, before = agenda(episode, protocol), agenda_lines.open_agenda(connection, key)
    with in_one_journey(connection):
        _stand(connection, standing_row(episode))
        connection.execute(_DROP_SPANS, {"of": key})
        connection.execute(_INSERT_SPANS, span_rows(episode))
        agenda_lines.write(connection, episode, protocol, before, lines, whole=False)


def _stand(connection: Connection, row: dict[str, Any]) -> None:
    """Write where an episode stands. No entry of its own changes whose it is.

    To set a key to what it was would make the database look for every row that refers
    to it.
    """
    moved = {name: value for name, value in row.items() if name not in _FOR_EVER}
    connection.execute(_UPDATE_EPISODE, {"name": row["key"], **moved})


_FOR_EVER: Final = {"key", "patient", "side"}


def _write_spans(
    connection: Connection, key: str, episode: Episode, written: Sequence[Entry]
) -> None:
    if any(entry.corrects is not None for entry in written):
        # An amendment may reach any stay.
        connection.execute(_DROP_SPANS, {"of": key})
        connection.execute(_INSERT_SPANS, span_rows(episode))
    elif any(entry.stage_to is not None for entry in written):
        left, entered = span_rows(episode)[-2:]
        ended = {"of": key, "in_visit": left["visit"], "left_on": left["left_on"]}
        connection.execute(_END_SPAN, ended)
        connection.execute(_INSERT_SPANS, entered)


# Statements are put together once: that takes longer than running them.

_INSERT_EPISODE = insert(tables.episode)
_UPDATE_EPISODE = update(tables.episode).where(
    tables.episode.c.key == bindparam("name")
)
_UPDATE_VERSION = (
    update(tables.episode)
    .where(tables.episode.c.key == bindparam("name"))
    .values(version=bindparam("to"))
)
_INSERT_SPANS = insert(tables.stage_span)
_END_SPAN = (
    update(tables.stage_span)
    .where(
        tables.stage_span.c.episode == bindparam("of"),
        tables.stage_span.c.visit == bindparam("in_visit"),
    )
    .values(left_on=bindparam("left_on"))
)
_DROP_SPANS = delete(tables.stage_span).where(
    tables.stage_span.c.episode == bindparam("of")
)
