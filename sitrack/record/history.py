"""What was true on a day, and what was known at a moment.

*As known* leaves out what was written later; *as of* leaves out what happened later.
Both can be asked at once, and the answer about a past "known" never changes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from sitrack.clock import day_of
from sitrack.errors import NotFound
from sitrack.journey import alerts
from sitrack.journey.amendments import amended_since, effective
from sitrack.journey.entries import ENROLLED, LATE_AFTER_DAYS, PAYER_SET, Entry
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.patient import EpisodeKey, patient_stream, read_episode_key
from sitrack.record import codec, library, persons, tables
from sitrack.record.journal import load_stream
from sitrack.record.ledger import Ledger

_named = tables.patient.alias("named")
_SIBLINGS = (
    select(tables.episode.c.key)
    .join(
        _named,
        tables.episode.c.patient == func.coalesce(_named.c.merged_into, _named.c.key),
    )
    .where(
        _named.c.key.in_(bindparam("of", expanding=True)),
        tables.episode.c.key != bindparam("but"),
    )
    .distinct()
    .order_by(tables.episode.c.key)
)
"""The other episodes of a person, by any key of theirs."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a history shows it.

    Attributes:
        entry: the entry.
        day: the clinical day on which it happened.
        written_after: days between happening and writing.
        amended_by: the number of the last entry that amends it, or None.
        retracted: it was taken out, and does not stand.
    """

    entry: Entry
    day: dt.date
    written_after: int
    amended_by: int | None = None
    retracted: bool = False

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
    stands = {entry.seq: entry for entry in effective(entries)}
    amended = {e.corrects: e.seq for e in entries if e.corrects is not None}
    found = []
    for entry in entries:
        day = entry.day(ledger.zone)
        # Whether it was so on that day, is told by what stands of it.
        true_on = stands.get(entry.seq, entry).day(ledger.zone)
        if as_of is None or true_on <= as_of:
            after = (day_of(entry.recorded, ledger.zone) - day).days
            gone = entry.corrects is None and entry.seq not in stands
            found.append(Line(entry, day, after, amended.get(entry.seq), gone))
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
    episode = fold(key, entries, ledger.zone, as_of)
    return told(connection, ledger, episode, entries)


_AT_ONCE: Final = 200


def episodes_at(
    connection: Connection,
    ledger: Ledger,
    keys: Sequence[str],
    *,
    as_of: dt.date | None = None,
    as_known: dt.datetime | None = None,
) -> Iterator[Episode]:
    """Return those of many episodes that were open, as `episode_at` would, in order."""
    for name, entries in streams_of(connection, keys, as_known):
        with contextlib.suppress(NotFound):
            episode = fold(key_of_stream(name), entries, ledger.zone, as_of)
            yield told(connection, ledger, episode, entries)


def streams_of(
    connection: Connection, keys: Sequence[str], as_known: dt.datetime | None
) -> Iterator[tuple[str, list[Entry]]]:
    """Return (stream, entries) of many episodes, in the order of their keys."""
    entries, payloads = tables.entry, tables.payload
    is_its = (payloads.c.stream == entries.c.stream) & (payloads.c.seq == entries.c.seq)
    query = (
        select(entries, payloads.c.salt, payloads.c.body)
        .outerjoin(payloads, is_its)
        .where(entries.c.stream.in_(bindparam("names", expanding=True)))
        .order_by(entries.c.stream, entries.c.seq)
    )
    if as_known is not None:
        query = query.where(entries.c.recorded <= codec.instant_text(as_known))
    for first in range(0, len(keys), _AT_ONCE):
        names = [f"episode/{key}" for key in keys[first : first + _AT_ONCE]]
        rows = connection.execute(query, {"names": names}).mappings()
        found = {
            stream: [codec.entry_of(dict(row)) for row in each]
            for stream, each in itertools.groupby(rows, lambda row: str(row["stream"]))
        }
        for name in names:
            if name in found:
                yield name, found[name]


def told(
    connection: Connection, ledger: Ledger, episode: Episode, entries: Sequence[Entry]
) -> Episode:
    """Return a folded episode with the moves that a correction took the ground from."""
    if not amended_since(entries, 0):
        return episode
    protocol_of = functools.partial(library.pinned, connection)
    return alerts.marked(episode, entries, protocol_of, ledger.zone)


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
    keys = {key.patient}
    if as_known is not None:
        keys |= persons.keys_told(connection, key.patient, as_known)
    named = {"of": sorted(keys), "but": str(key)}
    for name in connection.execute(_SIBLINGS, named).scalars():
        other = key_of_stream(f"episode/{name}")
        if as_known is not None and other.patient not in keys:
            continue  # somebody else's then
        entries = load_stream(connection, other.stream, as_known)
        if any(entry.day(ledger.zone) <= day and entry.seq == 1 for entry in entries):
            with contextlib.suppress(NotFound):  # erased by law
                found.append(fold(other, entries, ledger.zone, day))
    return tuple(found)


def payer_at(
    connection: Connection,
    ledger: Ledger,
    patient: str,
    day: dt.date,
    as_known: dt.datetime | None = None,
) -> str | None:
    """Return who paid for a patient on a day, as known at a moment; None for nobody.

    Of somebody who was merged by then it is who pays for the survivor.
    """
    key = persons.owner_told(connection, patient, as_known)
    entries = load_stream(connection, patient_stream(key), as_known)
    return payer_told(entries, ledger.zone, day)


def payer_told(entries: Sequence[Entry], zone: dt.tzinfo, day: dt.date) -> str | None:
    """Return who paid on a day, by the entries of a patient's stream.

    Whom a patient was enrolled with paid before, too, as far as anybody knows.
    """
    enrolled_by = next((e.batch for e in entries if e.kind == ENROLLED), None)
    paid: list[tuple[dt.date, int, str | None]] = []
    for entry in entries:
        if entry.kind == PAYER_SET:
            at_first = entry.batch == enrolled_by
            since = dt.date.min if at_first else entry.day(zone)
            paid.append((since, entry.seq, (entry.payload or {}).get("payer")))
    return max((each for each in paid if each[0] <= day), default=(day, 0, None))[2]
