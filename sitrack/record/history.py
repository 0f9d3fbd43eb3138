"""What was true on a day, and what was known at a moment.

*As known* leaves out what was written later; *as of* leaves out what happened later.
Both can be asked at once, and the answer about a past "known" never changes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from sitrack.clock import day_of
from sitrack.errors import NotFound
from sitrack.journey.entries import LATE_AFTER_DAYS, Entry
from sitrack.journey.episode import Episode, fold
from sitrack.journey.patient import EpisodeKey, read_episode_key
from sitrack.record import tables
from sitrack.record.journal import Ledger, load_stream

_SIBLINGS = (
    select(tables.episode.c.key)
    .where(
        tables.episode.c.patient == bindparam("of"),
        tables.episode.c.key != bindparam("but"),
    )
    .order_by(tables.episode.c.key)
)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a history shows it.

    Attributes:
        entry: the entry.
        day: the clinical day on which it happened.
        written_after: days between happening and writing.
    """

    entry: Entry
    day: dt.date
    written_after: int

    @property
    def is_late(self) -> bool:
        """Written later than documentation is expected [O4b]."""
        return self.written_after > LATE_AFTER_DAYS


def lines(
    connection: Connection,
    ledger: Ledger,
    key: EpisodeKey,
    *,
    as_of: dt.date | None = None,
    as_known: dt.datetime | None = None,
) -> list[Line]:
    """Return the history of an episode, in the order of its entries.

    Raises:
        NotFound: there was no such episode, as known then.
    """
    entries = load_stream(connection, key.stream, as_known)
    if not entries:
        raise NotFound(f"there is no episode {key}", "sitrack episode list")
    found = []
    for entry in entries:
        day = entry.day(ledger.zone)
        if as_of is None or day <= as_of:
            after = (day_of(entry.recorded, ledger.zone) - day).days
            found.append(Line(entry, day, after))
    return found


def episode_at(
    connection: Connection,
    ledger: Ledger,
    key: EpisodeKey,
    *,
    as_of: dt.date | None = None,
    as_known: dt.datetime | None = None,
) -> Episode:
    """Return an episode as it was on a day, by what was known at a moment.

    Raises:
        NotFound: there was no such episode then.
    """
    entries = load_stream(connection, key.stream, as_known)
    if not entries:
        raise NotFound(f"there is no episode {key}", "sitrack episode list")
    return fold(key, entries, ledger.zone, as_of)


def key_of_stream(stream: str) -> EpisodeKey:
    """Return the key of an episode's stream."""
    return read_episode_key(stream.removeprefix("episode/"))


def sibling_episodes(
    connection: Connection,
    ledger: Ledger,
    key: EpisodeKey,
    day: dt.date,
    as_known: dt.datetime | None = None,
) -> tuple[Episode, ...]:
    """Return the same patient's other episodes, as of a day, as known at a moment."""
    found = []
    named = {"of": key.patient, "but": str(key)}
    for name in connection.execute(_SIBLINGS, named).scalars():
        other = key_of_stream(f"episode/{name}")
        entries = load_stream(connection, other.stream, as_known)
        if any(entry.day(ledger.zone) <= day and entry.seq == 1 for entry in entries):
            found.append(fold(other, entries, ledger.zone, day))
    return tuple(found)
