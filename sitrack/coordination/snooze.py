"""Putting an episode off: off the worklist until a day, while the clock goes on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sitrack.coordination.contact import MOST_DAYS
from sitrack.coordination.episodes import Written, load_episode
from sitrack.coordination.evidence import kept
from sitrack.coordination.people import Author, provenance
from sitrack.errors import BadInput
from sitrack.journey.entries import SNOOZED, Draft
from sitrack.journey.findings import Refused, frame_finding
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.calendar import Duration
from sitrack.pathway.stages import Status
from sitrack.record.journal import writing
from sitrack.record.ledger import Ledger


def snooze(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    until: dt.date | Duration,
    *,
    reason: str | None = None,
    text: str | None = None,
    expect_version: int | None = None,
    dry_run: bool = False,
) -> Written:
    """Take an episode off the worklist until a day; today brings it back.

    Raises:
        BadInput: the day lies in the past, or too far ahead.
        NotFound: there is no such episode.
        Refused: the episode has no place on the worklist anyway.
        WrittenFirst: the episode is not at `expect_version` any more.
    """
    with writing(ledger, dry_run=dry_run) as work:
        opened = load_episode(work, key, expect_version)
        if opened.episode.status is not Status.ACTIVE:
            seen = f"{opened.episode.stage}, {opened.episode.status}"
            finding = frame_finding("NOT_ALLOWED_FROM_STATE", seen)
            raise Refused(f"{key} cannot be put off", [finding])
        if isinstance(until, Duration):
            until = opened.protocol.calendar.day_after(work.today, until)
        if not 0 <= (until - work.today).days <= MOST_DAYS:
            raise BadInput(
                f"{until} is not from today to {MOST_DAYS} days ahead",
                "give a day ahead, such as +3d"
                if until < work.today
                else "to wait for longer: sitrack episode hold --help",
            )
        payload: dict[str, Any] = {**author.payload(), "until": until.isoformat()}
        payload |= {"reason": reason} if reason else {}
        payload |= {"text": text} if text else {}
        who = provenance(work, author)
        draft = Draft(SNOOZED, work.today, who, payload=payload)
        return kept(work, key, opened, draft, dry_run=dry_run)
