"""Who answers for an episode: assigning, claiming out of a queue, handing over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from sitrack.coordination.episodes import Written, load_episode, settled
from sitrack.coordination.people import Author, provenance
from sitrack.coordination.teams import carer
from sitrack.journey import handover
from sitrack.journey.entries import Draft
from sitrack.journey.handover import Hands
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.calendar import Calendar, Duration
from sitrack.record import duty
from sitrack.record.duty import Roster
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger

ANSWER_WITHIN: Final = Duration(3, "bd")
"""How long a hand-off may wait for its answer, where no day is named."""

Decide = Callable[[Hands, Roster, Calendar], Draft]


def assign(
    ledger: Ledger,
    author: Author,
    keys: Sequence[EpisodeKey],
    to: str,
    *,
    text: str | None = None,
    expect_version: int | None = None,
    dry_run: bool = False,
) -> list[Written]:
    """Name who answers for episodes from now on: somebody, or a team's queue.

    All of them in one transaction: one unit of undo. What goes to somebody stays with
    the team that it is in.

    Args:
        ledger: the record.
        author: who names them.
        keys: the episodes.
        to: a staff id, or a team.
        text: why, in words.
        expect_version: where it is one episode, refuse if it has moved on.
        dry_run: keep nothing.

    Raises:
        NotFound: there is no such person, team or episode.
        BadInput: it is theirs already, or their role looks after no episodes.
        Refused: an episode is finished.
    """
    with writing(ledger, dry_run=dry_run) as work:
        is_team = to in duty.roster(work.connection, ledger, work.today).teams
        if not is_team:
            carer(work, to)

        def decide(hands: Hands, _there: Roster, _calendar: Calendar) -> Draft:
            if is_team:
                return handover.assign(hands, None, to)
            return handover.assign(hands, to, hands.episode.team)

        return [
            _decided(work, author, key, decide, text, expect_version, dry_run=dry_run)
            for key in sorted(dict.fromkeys(keys), key=str)
        ]


def claim(
    ledger: Ledger, author: Author, key: EpisodeKey, *, dry_run: bool = False
) -> Written:
    """Take an episode that nobody answers for: out of a queue of one's own, or nobody's.

    Raises:
        WrittenFirst: somebody has it; with who.
        NotPermitted: it waits in the queue of another team.
    """

    def decide(hands: Hands, there: Roster, _calendar: Calendar) -> Draft:
        return handover.claim(hands, there.teams_of(hands.me))

    with writing(ledger, dry_run=dry_run) as work:
        return _decided(work, author, key, decide, None, dry_run=dry_run)


def hand_off(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    to: str,
    reason: str,
    *,
    until: dt.date | Duration = ANSWER_WITHIN,
    text: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Ask somebody to take an episode over; until they accept, the giver answers.

    Raises:
        NotFound: there is no such person or episode.
        NotPermitted: it is not the author's to hand over.
        BadInput, WrittenFirst, Refused: see `journey.handover.offer`.
    """

    def decide(hands: Hands, _there: Roster, calendar: Calendar) -> Draft:
        last = until
        if isinstance(last, Duration):
            last = calendar.day_after(hands.day, last)
        return handover.offer(hands, to, reason, last)

    with writing(ledger, dry_run=dry_run) as work:
        carer(work, to)
        return _decided(work, author, key, decide, text, dry_run=dry_run)


def answer(
    ledger: Ledger,
    author: Author,
    key: EpisodeKey,
    declines: str | None = None,
    *,
    text: str | None = None,
    dry_run: bool = False,
) -> Written:
    """Accept what one was asked to take over, or decline it with a reason.

    Raises:
        NotFound: nothing waits for an answer.
        NotPermitted: somebody else was asked.
    """

    def decide(hands: Hands, _there: Roster, _calendar: Calendar) -> Draft:
        if declines is None:
            return handover.accept(hands)
        return handover.decline(hands, declines)

    with writing(ledger, dry_run=dry_run) as work:
        return _decided(work, author, key, decide, text, dry_run=dry_run)


def _decided(
    work: Work,
    author: Author,
    key: EpisodeKey,
    decide: Decide,
    text: str | None,
    seen: int | None = None,
    *,
    dry_run: bool,
) -> Written:
    """Decide about one episode in the hands that it is in, and write it down."""
    who = provenance(work, author)
    patient, entries, episode, protocol = load_episode(work, key, seen)
    there = duty.roster(work.connection, work.ledger, work.today)
    payload = author.payload() | ({"text": text} if text else {})
    owner = there.owner(episode.coordinator)
    hands = Hands(episode, owner, work.today, who, payload)
    entry = work.append(key.stream, decide(hands, there, protocol.calendar))
    return settled(work, patient, key, [*entries, entry], protocol, dry_run=dry_run)
