"""Every stay in a stage, journey by journey: what reports about the clinic count.

The copies answer for everything that was not written about since a moment; the other
journeys are read anew from the headers of their entries. Nothing is gathered but the
losses to follow-up, which are few, so that memory stays flat.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, literal, select

from sitrack.journey.entries import LOST, RETRACTED, clinical_day
from sitrack.pathway.stages import Stage
from sitrack.record import codec, tables, whereabouts
from sitrack.record.ledger import Ledger


class Stay(NamedTuple):
    """One stay in a stage, as it was on a day.

    Attributes:
        episode: the key.
        visit: the number of the entry that began it.
        stage: where.
        entered: the day of entry.
        left: the day of leaving; None while it lasted.
        onward: the stage that came next, or None; the same one, or re-evaluation, after
            a return from having been lost.
        lost: the day in this stay on which the patient was lost to follow-up, or None;
            only a return to care, or the end of the episode, comes after it.
        reason: the disposition with which an episode was closed, of a stay in `closed`.
    """

    episode: str
    visit: int
    stage: str
    entered: dt.date
    left: dt.date | None
    onward: str | None
    lost: dt.date | None
    reason: str | None


Journey = list[Stay]
"""The stays of one episode, in their order; there is at least one."""

_Begin = tuple[int, str, dt.date]
"""How a stay begins: the number of the entry, the stage, the day."""

_AT_ONCE: Final = 2000
_LAST_MOMENT: Final = "9999"


def journeys(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None = None,
) -> Iterator[Journey]:
    """Return every journey that had begun on a day, up to it, as known at a moment."""
    changed = whereabouts.written_about_since(connection, as_known)
    losses = _losses(connection, ledger, day, as_known)
    rows = connection.execute(
        _SPANS, {"day": day}, execution_options={"yield_per": _AT_ONCE}
    )
    for key, spans in itertools.groupby(rows, lambda row: str(row.episode)):
        if key not in changed:
            found = [(row.visit, row.stage, row.entered, row.body) for row in spans]
            reasons = {visit: body for visit, _, _, body in found if body}
            begins = [(visit, stage, entered) for visit, stage, entered, _ in found]
            yield _stays(key, begins, losses.get(key, ()), reasons)
    for key in sorted(changed):
        begins = whereabouts.stays_then(
            connection, ledger, f"episode/{key}", as_of=day, as_known=as_known
        )
        if begins:
            reasons = _reasons(connection, key)
            yield _stays(key, begins, losses.get(key, ()), reasons)


def _stays(
    key: str,
    begins: Sequence[_Begin],
    losses: Iterable[tuple[dt.date, int]],
    reasons: Mapping[int, str],
) -> Journey:
    """The stays that begin so; each ends where the next begins."""
    found = []
    ends: list[_Begin | None] = [*begins[1:], None]
    for (visit, stage, entered), after in zip(begins, ends, strict=True):
        lost = [
            day
            for day, seq in losses
            if (entered, visit) < (day, seq)
            and (after is None or (day, seq) < (after[2], after[0]))
        ]
        found.append(
            Stay(
                episode=key,
                visit=visit,
                stage=stage,
                entered=entered,
                left=after[2] if after else None,
                onward=after[1] if after else None,
                lost=lost[-1] if lost else None,
                reason=_reason(reasons.get(visit)),
            )
        )
    return found


def _reason(body: str | None) -> str | None:
    found = json.loads(body).get("reason") if body else None
    return None if found is None else str(found)


def _losses(
    connection: Connection, ledger: Ledger, day: dt.date, as_known: dt.datetime | None
) -> Mapping[str, Sequence[tuple[dt.date, int]]]:
    """The losses to follow-up that stand, by episode: (day, number of the entry)."""
    limit = codec.instant_text(as_known) if as_known else _LAST_MOMENT
    last: dict[tuple[str, int], Any] = {}
    for row in connection.execute(_LOSSES, {"limit": limit}):
        last[row.stream, row.seq] = row
    found: dict[str, list[tuple[dt.date, int]]] = defaultdict(list)
    for (stream, seq), row in last.items():
        occurred = codec.read_occurred(row.amended or row.occurred)
        on = clinical_day(occurred, ledger.zone)
        if row.amendment != RETRACTED and on <= day:
            found[stream.removeprefix("episode/")].append((on, seq))
    return {key: sorted(each) for key, each in found.items()}


def _reasons(connection: Connection, key: str) -> dict[int, str]:
    rows = connection.execute(_BODIES, {"name": f"episode/{key}"})
    return {row.seq: row.body for row in rows}


# Statements are put together once: that takes longer than running them.

_SPAN = tables.stage_span.c
_SPANS = (
    select(
        _SPAN.episode,
        _SPAN.visit,
        _SPAN.stage,
        _SPAN.entered,
        tables.payload.c.body,
    )
    .outerjoin(
        tables.payload,
        (_SPAN.stage == Stage.CLOSED)
        & (tables.payload.c.stream == literal("episode/") + _SPAN.episode)
        & (tables.payload.c.seq == _SPAN.visit),
    )
    .where(_SPAN.entered <= bindparam("day"))
    .order_by(_SPAN.episode, _SPAN.entered, _SPAN.visit)
)
_ENTRY = tables.entry.c
_AGAIN = tables.entry.alias()
_LOSSES = (
    select(
        _ENTRY.stream,
        _ENTRY.seq,
        _ENTRY.occurred,
        _AGAIN.c.kind.label("amendment"),
        _AGAIN.c.occurred.label("amended"),
    )
    .outerjoin(
        _AGAIN,
        (_AGAIN.c.stream == _ENTRY.stream)
        & (_AGAIN.c.corrects == _ENTRY.seq)
        & (_AGAIN.c.recorded <= bindparam("limit")),
    )
    .where(
        _ENTRY.kind == LOST,
        _ENTRY.corrects.is_(None),
        _ENTRY.recorded <= bindparam("limit"),
    )
    .order_by(_ENTRY.stream, _ENTRY.seq, _AGAIN.c.seq)
)
_BODIES = (
    select(tables.payload.c.seq, tables.payload.c.body)
    .join(
        tables.entry,
        (_ENTRY.stream == tables.payload.c.stream)
        & (_ENTRY.seq == tables.payload.c.seq),
    )
    .where(_ENTRY.stream == bindparam("name"), _ENTRY.stage_to == Stage.CLOSED)
)
