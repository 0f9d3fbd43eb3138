"""Folds the entries of one stream into the episode they tell of.

The fold is the only truth about where an episode is: standing, spans and agenda are
copies of it. Entries are read in the order in which things happened (clinical day,
then number), each as it was amended last, so that the same facts give the same
episode in whatever order they were written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sitrack.errors import NotFound
from sitrack.journey.amendments import effective
from sitrack.journey.duty import duty_of
from sitrack.journey.entries import (
    HELD,
    HOLD_RENEWED,
    LOST,
    MIGRATED,
    MOVE,
    OPENED,
    RESUMED,
    RETURNED,
    SNOOZED,
    Entry,
)
from sitrack.journey.episode import Episode, Hold, Visit
from sitrack.journey.evidence import Evidence, Reading, from_json
from sitrack.journey.forms import KINDS
from sitrack.journey.patient import EpisodeKey


def fold(
    key: EpisodeKey,
    entries: Sequence[Entry],
    zone: dt.tzinfo,
    as_of: dt.date | None = None,
) -> Episode:
    """Return the episode that `entries` tell of.

    Args:
        key: the episode's name.
        entries: its stream, or the part of it that was known at some moment.
        zone: the clinic's zone, in which days are counted.
        as_of: leave out what happened after this day.

    Raises:
        NotFound: it was not open yet.
    """
    dated = sorted(
        ((entry.day(zone), entry.seq, entry) for entry in effective(entries)),
        key=lambda item: item[:2],
    )
    lived = [item for item in dated if as_of is None or item[0] <= as_of]
    opening = next((entry for _, _, entry in lived if entry.kind == OPENED), None)
    if opening is None:
        raise NotFound(f"{key} was not open yet")
    if opening.payload is None:
        raise NotFound(
            f"what was written of {key} was erased by law",
            f"sitrack audit trail {key}",
        )
    duty = duty_of(entry for _, _, entry in lived)
    return Episode(
        key=key,
        protocol=_pinned_to(lived),
        opened=opening.day(zone),
        moved=max(day for day, _, entry in dated if entry.kind in _FRAME),
        coordinator=duty.coordinator,
        version=max(entry.seq for entry in entries),
        visits=_visits(lived),
        evidence=tuple(
            read_evidence(entry, day, zone)
            for day, _, entry in lived
            if entry.kind in KINDS and entry.payload is not None
        ),
        holds=_holds(lived),
        lost=_lost(lived),
        snoozed_until=_snoozed(lived),
        team=duty.team,
        offer=duty.offer,
    )


def _pinned_to(lived: Sequence[tuple[dt.date, int, Entry]]) -> str:
    """The protocol it was opened under, or the one it was migrated to last."""
    pins = [entry.protocol for _, _, entry in lived if entry.kind in {OPENED, MIGRATED}]
    return pins[-1] or ""


_FRAME = (OPENED, MOVE, HELD, HOLD_RENEWED, RESUMED, LOST, RETURNED)
"""Entries that change stage or status; they follow each other in time."""


def _holds(lived: Iterable[tuple[dt.date, int, Entry]]) -> tuple[Hold, ...]:
    holds: dict[int, Hold] = {}
    for day, seq, entry in lived:
        payload: Mapping[str, Any] = entry.payload or {}
        if entry.kind == HELD:
            review = dt.date.fromisoformat(payload["review"])
            holds[seq] = Hold(seq, payload["reason"], day, review, seq, None)
        elif entry.kind == HOLD_RENEWED:
            review = dt.date.fromisoformat(payload["review"])
            hold = holds[payload["hold"]]
            holds[hold.seq] = replace(hold, review=review, reviewed_by=seq)
        elif entry.kind == RESUMED:
            holds[payload["hold"]] = replace(holds[payload["hold"]], until=day)
        elif entry.kind == MOVE:
            # Finishing an episode ends its holds.
            holds = {
                n: each if each.until else replace(each, until=day)
                for n, each in holds.items()
            }
    return tuple(holds.values())


def _lost(lived: Iterable[tuple[dt.date, int, Entry]]) -> dt.date | None:
    lost: dt.date | None = None
    for day, _, entry in lived:
        if entry.kind == LOST:
            lost = day
        elif entry.kind in {RETURNED, MOVE}:
            lost = None
    return lost


def _snoozed(lived: Iterable[tuple[dt.date, int, Entry]]) -> dt.date | None:
    """Until when somebody put it off: by a snooze, or by the date of the next attempt.

    The last word counts, and a change of stage ends it.
    """
    until: str | None = None
    for _, _, entry in lived:
        if entry.kind == SNOOZED:
            until = (entry.payload or {}).get("until")
        elif entry.kind == "contact":
            until = entry.values.get("again")
        elif entry.stage_to is not None:
            until = None
    return dt.date.fromisoformat(until) if until else None


def _visits(lived: Iterable[tuple[dt.date, int, Entry]]) -> tuple[Visit, ...]:
    visits: list[Visit] = []
    for day, seq, entry in lived:
        if entry.stage_to is None:
            continue
        if visits:
            visits[-1] = replace(visits[-1], left=day, left_by=seq)
        payload: Mapping[str, Any] = entry.payload or {}
        visits.append(
            Visit(
                seq=seq,
                stage=entry.stage_to or "",
                entered=day,
                left=None,
                left_by=None,
                move=payload.get("move"),
                rests_on=tuple(payload.get("rests_on", ())),
                reason=payload.get("reason"),
            )
        )
    return tuple(visits)


def read_evidence(entry: Entry, day: dt.date, zone: dt.tzinfo) -> Evidence:
    """Return the clinical fact that an entry states, typed."""
    payload, first = entry.payload or {}, first_written(entry)
    return Evidence(
        seq=entry.seq,
        kind=entry.kind,
        day=day,
        written=first.astimezone(zone).date(),
        recorded=first,
        performer=entry.provenance.performer,
        values=from_json(KINDS[entry.kind], payload.get("values", {})),
        about=payload.get("about"),
        readings=tuple(
            sorted(
                (
                    Reading(row["minutes"], Decimal(row["score"]))
                    for row in payload.get("readings", ())
                ),
                key=lambda reading: reading.minutes,
            )
        ),
    )


def first_written(entry: Entry) -> dt.datetime:
    """When it was written down: on the wrong side or patient first, if it was."""
    origin = (entry.payload or {}).get("transferred")
    return dt.datetime.fromisoformat(origin["recorded"]) if origin else entry.recorded
