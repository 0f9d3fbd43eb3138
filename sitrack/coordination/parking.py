"""Holding an episode, losing sight of a patient, and coming back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sitrack.coordination.days import refuse_impossible
from sitrack.coordination.episodes import (
    Written,
    load_episode,
    protocol_on,
    settled,
)
from sitrack.coordination.people import Author, provenance
from sitrack.journey.entries import Draft
from sitrack.journey.findings import Refused, frame_finding
from sitrack.journey.folding import fold
from sitrack.journey.parking import Parking
from sitrack.journey.patient import EpisodeKey
from sitrack.record.journal import writing
from sitrack.record.ledger import Ledger


def change_status(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    decide: Callable[[Parking], Draft],
    *,
    on: dt.date | None = None,
    text: str | None = None,
    expect_version: int | None = None,
    dry_run: bool = False,
) -> Written:
    """Change an episode's status by one of the decisions of `journey.parking`.

    Args:
        ledger: the record.
        author: who asks.
        key: the episode.
        decide: makes the entry, or refuses.
        on: the day on which it happens; None is today.
        text: why, in words.
        expect_version: refuse if the episode has moved on.
        dry_run: keep nothing.

    Raises:
        Refused, NotFound, BadInput: see `journey.parking`; or the day lies ahead.
        WrittenFirst: the episode is not at `expect_version` any more.
    """
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        patient, entries, present, protocol = load_episode(work, key, expect_version)
        day = on or work.today
        refuse_impossible(day, work.today)
        if day < present.moved:
            seen = f"stage or status changed last on {present.moved}"
            finding = frame_finding("OUT_OF_ORDER", seen)
            raise Refused(f"{key} cannot change before that", [finding])
        payload = author.payload() | ({"text": text} if text else {})
        episode = fold(key, entries, ledger.zone, day)
        judged_by = protocol_on(work, episode, protocol)
        draft = decide(Parking(episode, judged_by, day, who, payload))
        entry = work.append(key.stream, draft)
        return settled(work, patient, key, [*entries, entry], protocol, dry_run=dry_run)
