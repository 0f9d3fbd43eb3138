"""Where episodes were on a day, by what was known at a moment, from headers alone.

One episode costs the same in a record of any size. Of all episodes, the copies answer
what is known now; what nothing was written about since a moment is known as it was
known then, so that only the others are looked up in their entries.
"""

from __future__ import annotations

import collections
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    func,
    or_,
    select,
    text,
)

from sitrack.journey.entries import (
    CORRECTED,
    HELD,
    LOST,
    MOVE,
    OPENED,
    RESUMED,
    RETRACTED,
    RETURNED,
    clinical_day,
)
from sitrack.pathway.stages import Stage, Status
from sitrack.record import codec, tables
from sitrack.record.ledger import Ledger

_FRAME: Final = (OPENED, MOVE, HELD, RESUMED, LOST, RETURNED, CORRECTED, RETRACTED)
_HOLDS: Final = {HELD: 1, RESUMED: -1}
_LOSES: Final = {LOST: True, RETURNED: False}
_LAST_MOMENT: Final = "9999"
"""Sorts after every instant that the record can hold."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an episode was.

    Attributes:
        stage: the stage.
        status: whether its clock ran.
        since: the day of entering the stage.
        visit: the number of the entry that began the stay.
    """

    stage: str
    status: Status
    since: dt.date
    visit: int

    @property
    def is_open(self) -> bool:
        """Whether the episode was not finished."""
        return self.status is not Status.FINISHED


class _Change(NamedTuple):
    """What an entry's header tells of the frame, as it was amended last.

    They sort in the order in which they happened: by the day, then as they came.
    """

    day: dt.date
    seq: int
    kind: str
    stage_to: str | None


def whereabouts(
    connection: Connection,
    ledger: Ledger,
    stream: str,
    *,
    as_of: dt.date | None = None,
    as_known: dt.datetime | None = None,
) -> Whereabouts | None:
    """Return where the episode of a stream was; None where it was not open yet."""
    limit = codec.instant_text(as_known) if as_known else _LAST_MOMENT
    asked = {"name": stream, "limit": limit}
    rows = connection.execute(_CHANGES, asked).all()
    return _walked(_standing(rows, ledger.zone), as_of)


# Written out, and its columns named: else names are gathered anew at each question, of
# what is asked or of what is answered, and that takes longer than to answer it.
_CHANGES: Final = text(
    f"""
    SELECT seq, kind, stage_to, occurred, corrects FROM entry
    WHERE stream = :name AND recorded <= :limit
    AND kind IN ({", ".join(f"'{kind}'" for kind in _FRAME)})
    ORDER BY seq
    """  # noqa: S608 - words of ours
).columns(
    *(tables.entry.c[n] for n in ("seq", "kind", "stage_to", "occurred", "corrects"))
)


def _standing(rows: Iterable[Any], zone: dt.tzinfo) -> Iterable[_Change]:
    """The changes that stand, each on the day that it was given last."""
    first: dict[int, tuple[str, str | None]] = {}
    standing: dict[int, _Change] = {}
    for seq, kind, stage_to, occurred, corrects in rows:
        if corrects is None:
            first[seq] = (kind, stage_to)
        elif kind == RETRACTED:
            standing.pop(corrects, None)
        number = corrects or seq
        if kind != RETRACTED and number in first:
            day = clinical_day(codec.read_occurred(occurred), zone)
            standing[number] = _Change(day, number, *first[number])
    return standing.values()


def stays_then(
    connection: Connection,
    ledger: Ledger,
    stream: str,
    *,
    as_of: dt.date,
    as_known: dt.datetime | None = None,
) -> list[tuple[int, str, dt.date]]:
    """Return the stays of an episode up to a day: (visit, stage, day of entry)."""
    limit = codec.instant_text(as_known) if as_known else _LAST_MOMENT
    rows = connection.execute(_CHANGES, {"name": stream, "limit": limit}).all()
    return [
        (each.seq, each.stage_to, each.day)
        for each in sorted(_standing(rows, ledger.zone))
        if each.stage_to and each.day <= as_of
    ]


def _walked(changes: Iterable[_Change], as_of: dt.date | None) -> Whereabouts | None:
    """Walk the changes in the order in which they happened, up to a day."""
    stay: _Change | None = None
    held, lost = 0, False
    for change in sorted(changes):
        if as_of is not None and change.day > as_of:
            break
        if change.kind == MOVE:
            held, lost = 0, False
        held += _HOLDS.get(change.kind, 0)
        lost = _LOSES.get(change.kind, lost)
        stay = change if change.stage_to else stay
    if stay is None:
        return None
    stage = stay.stage_to or ""
    return Whereabouts(stage, _status(stage, held, lost=lost), stay.day, stay.seq)


def _status(stage: str, held: int, *, lost: bool) -> Status:
    if stage == Stage.CLOSED:
        return Status.FINISHED
    if lost:
        return Status.LOST
    return Status.ON_HOLD if held else Status.ACTIVE


# --- everybody


def open_then(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None = None,
) -> list[str]:
    """Return the keys of the episodes that were open on a day, in order."""
    spans = tables.stage_span.c
    query = select(spans.episode).where(_covers(day), spans.stage != Stage.CLOSED)
    keys = set(connection.execute(query).scalars())
    for key, place in _known_otherwise(connection, ledger, day, as_known):
        keys.discard(key)
        if place is not None and place.is_open:
            keys.add(key)
    return sorted(keys)


def census(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None = None,
) -> dict[str, int]:
    """Return how many episodes were in each stage on a day, finished ones among them."""
    spans = tables.stage_span.c
    query = select(spans.stage, func.count()).where(_covers(day)).group_by(spans.stage)
    counts = collections.Counter(
        {str(stage): int(number) for stage, number in connection.execute(query)}
    )
    for key, place in _known_otherwise(connection, ledger, day, as_known):
        counts.subtract(_stages_on(connection, key, day))
        counts.update([place.stage] if place is not None else [])
    return {stage: number for stage, number in sorted(counts.items()) if number}


def _covers(day: dt.date) -> ColumnElement[bool]:
    spans = tables.stage_span.c
    return (spans.entered <= day) & or_(spans.left_on.is_(None), spans.left_on > day)


def _stages_on(connection: Connection, key: str, day: dt.date) -> list[str]:
    """The stage that the copies say an episode was in; none, or one."""
    spans = tables.stage_span.c
    query = select(spans.stage).where(spans.episode == key, _covers(day))
    return list(connection.execute(query).scalars())


def _known_otherwise(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None,
) -> Iterator[tuple[str, Whereabouts | None]]:
    """Each episode that something was written about since, as it was known then."""
    for key in sorted(written_about_since(connection, as_known)):
        stream = f"episode/{key}"
        place = whereabouts(connection, ledger, stream, as_of=day, as_known=as_known)
        yield key, place


def written_about_since(
    connection: Connection, as_known: dt.datetime | None
) -> frozenset[str]:
    """Return the keys of the episodes that something was written about since."""
    if as_known is None:
        return frozenset()
    entries = tables.entry.c
    query = (
        select(entries.stream)
        .where(
            entries.recorded > codec.instant_text(as_known),
            entries.stream.startswith("episode/"),
        )
        .distinct()
    )
    streams = connection.execute(query).scalars()
    return frozenset(str(each).removeprefix("episode/") for each in streams)
