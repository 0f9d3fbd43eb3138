"""Letting evidence out of the house: what was exported is written down before it leaves."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sitrack.coordination.episodes import (
    Written,
    case_of,
    load_episode,
    payer_on,
    settled,
)
from sitrack.coordination.people import Author, provenance
from sitrack.coordination.questions import When
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import EXPORTED, Draft, Entry
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.protocol import Protocol
from sitrack.record import history
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger
from sitrack.record.registry import Patient


class Composed(NamedTuple):
    """The bytes of an export, and what the entry says of it, such as its kind."""

    content: bytes
    said: Mapping[str, Any]


Compose = Callable[[Patient, Case, Sequence[Entry]], Composed]
"""Makes an export from an episode; this room knows nothing of its form."""


@dataclass(frozen=True, slots=True)
class Export:
    """What left the house.

    Attributes:
        written: the entry that says so, and where the episode stands.
        content: the bytes.
        digest: their SHA-256, in hexadecimal, as the entry has it.
    """

    written: Written
    content: bytes
    digest: str


def export(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    compose: Compose,
    *,
    when: When | None = None,
    dry_run: bool = False,
) -> Export:
    """Compose an export of one episode, and write down that it left, at once.

    Earlier exports are left out of what it is composed from: the same record gives the
    same bytes.

    Args:
        ledger: the record.
        author: who lets it out.
        key: the episode.
        compose: makes it.
        when: as of which day, as known when.
        dry_run: keep no entry.

    Raises:
        NotFound: there is no such episode, or was not then.
        NotPermitted: the author is not on the staff list.
    """
    asked = when or When()
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        opened = load_episode(work, key, None)
        day = asked.as_of or work.today
        made = compose(
            opened.patient,
            _case(work, key, opened.protocol, day, asked.as_known),
            _entries(work, key, day, asked.as_known),
        )
        digest = hashlib.sha256(made.content).hexdigest()
        payload = {
            **author.payload(),
            **made.said,
            "as_of": day.isoformat(),
            "digest": digest,
        }
        if asked.as_known is not None:
            payload["as_known"] = asked.as_known.isoformat()
        draft = Draft(EXPORTED, work.today, who, payload=payload)
        entry = work.append(key.stream, draft)
        written = settled(
            work,
            opened.patient,
            key,
            [*opened.entries, entry],
            opened.protocol,
            dry_run=dry_run,
        )
        return Export(written, made.content, digest)


def _case(
    work: Work,
    key: EpisodeKey,
    protocol: Protocol,
    day: dt.date,
    as_known: dt.datetime | None,
) -> Case:
    """The episode as of a day, and who paid then, whatever its stage asks."""
    connection, ledger = work.connection, work.ledger
    episode = history.episode_at(connection, ledger, key, as_of=day, as_known=as_known)
    case = case_of(connection, ledger, episode, protocol, day, as_known=as_known)
    return replace(case, payer=payer_on(connection, ledger, key.patient, day, as_known))


def _entries(
    work: Work, key: EpisodeKey, day: dt.date, as_known: dt.datetime | None
) -> list[Entry]:
    lines = history.lines(
        work.connection, work.ledger, key, as_of=day, as_known=as_known
    )
    return [line.entry for line in lines if line.entry.kind != EXPORTED]
