"""Bringing running episodes to another protocol, each rehearsed first.

Migrating an episode is an act of its own: it is an entry that names the clinician who
signed the numbers, and all that one command brings over are one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sitrack.coordination.episodes import Opened, load_episode, settled
from sitrack.coordination.people import Author, clinician_named, provenance
from sitrack.coordination.protocols import named_in
from sitrack.errors import NotFound
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import Entry
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.migration import Asked, Rehearsal, Verdict, migrated, rehearse
from sitrack.journey.patient import EpisodeKey, read_episode_key
from sitrack.pathway.policy import Payer
from sitrack.pathway.protocol import Protocol
from sitrack.record import history, library
from sitrack.record.journal import Work, load_stream, writing
from sitrack.record.ledger import Ledger, Reader, present_instant, reading
from sitrack.record.library import Running


@dataclass(frozen=True, slots=True)
class Plan:
    """What bringing running episodes to a protocol would do.

    Attributes:
        to: the protocol.
        today: the clinical day.
        rehearsals: one for each episode that was asked about, by key.
        already: how many running episodes follow it already.
    """

    to: Protocol
    today: dt.date
    rehearsals: Sequence[Rehearsal]
    already: int


def count_running(ledger: Ledger) -> int:
    """Return how many episodes are not finished."""
    with reading(ledger) as connection:
        return len(library.running(connection))


def plan(
    ledger: Ledger,
    word: str,
    keys: Collection[EpisodeKey] | None,
    tell: Callable[[int], None],
) -> Plan:
    """Rehearse a protocol on running episodes; writes nothing.

    Args:
        ledger: the record.
        word: the id or the hash of an adopted protocol.
        keys: the episodes, or None for every running one.
        tell: called with the number of episodes looked at.

    Raises:
        NotFound: there is no such protocol, or an episode is not running.
    """
    with reading(ledger) as connection:
        new = named_in(connection, word)
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        chosen = _chosen(connection, keys)
        found = []
        for number, each in enumerate(chosen, start=1):
            if each.protocol != new.hash:
                key = read_episode_key(each.key)
                entries = load_stream(connection, key.stream)
                episode = fold(key, entries, ledger.zone)
                asking = _Asking(connection, ledger, new, today)
                found.append(asking.about(episode, entries, each.alert))
            tell(number)
    already = sum(each.protocol == new.hash for each in chosen)
    return Plan(new, today, found, already)


def _chosen(connection: Reader, keys: Collection[EpisodeKey] | None) -> list[Running]:
    if keys is None:
        return library.running(connection)
    found = []
    for key in sorted(set(keys), key=str):
        one = library.running(connection, str(key))
        if not one:
            raise NotFound(f"{key} is not under way", "sitrack episode list")
        found += one
    return found


@dataclass(frozen=True, slots=True)
class _Asking:
    """Where rehearsals look things up."""

    connection: Reader
    ledger: Ledger
    new: Protocol
    today: dt.date

    def about(
        self, episode: Episode, entries: Sequence[Entry], alert: str | None
    ) -> Rehearsal:
        """Rehearse the new protocol on an episode."""
        way_in, variance = self._way_in(episode, entries)
        asked = Asked(
            episode=episode,
            old=library.pinned(self.connection, episode.protocol),
            new=self.new,
            today=self.today,
            way_in=way_in,
            variance=variance,
            alert=alert,
        )
        return rehearse(asked)

    def _way_in(
        self, episode: Episode, entries: Sequence[Entry]
    ) -> tuple[Case | None, str | None]:
        """The case in which the present stay began, and the variance that lifted."""
        visit = episode.visit
        if visit.move is None:
            return None, None
        connection, ledger, day = self.connection, self.ledger, visit.entered
        move = next(entry for entry in entries if entry.seq == visit.seq)
        known = [entry for entry in entries if entry.seq < visit.seq]
        before = fold(episode.key, known, ledger.zone, day)
        before = history.told(connection, ledger, before, known)
        others = history.sibling_episodes(
            connection, ledger, episode.key, day, move.recorded
        )
        said = move.payload or {}
        payer = Payer.thawed(said.get("payer"))
        case = Case(before, self.new, day, visit.reason, others, payer)
        return case, (said.get("variance") or {}).get("code")


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did to one episode.

    Attributes:
        rehearsal: what it was to do.
        entry: the entry that was written, or None where the episode stayed.
    """

    rehearsal: Rehearsal
    entry: Entry | None


def migrate(
    ledger: Ledger,
    author: Author,
    planned: Plan,
    clinician: str,
    *,
    named: Collection[EpisodeKey] = (),
    tell: Callable[[int], None],
    dry_run: bool = False,
) -> list[Migration]:
    """Bring episodes to a protocol, all in one transaction; each says how it went.

    One that was written to since is rehearsed again. One that would be illegal stays;
    one that needs a person stays unless somebody named it.

    Args:
        ledger: the record.
        author: who asks.
        planned: what was rehearsed.
        clinician: who signed the numbers.
        named: the episodes that somebody named, each to be brought over even where
            it needs a person.
        tell: called with the number of episodes done.
        dry_run: keep nothing.

    Raises:
        NotPermitted: the author is not on the staff list, or nobody who is a
            clinician signed it.
    """
    done = []
    with writing(ledger, dry_run=dry_run) as work:
        signed = clinician_named(work, clinician, "a migration")
        who = provenance(work, author, signed.id)
        for number, each in enumerate(planned.rehearsals, start=1):
            key = each.episode.key
            opened = load_episode(work, key, None)
            found = _again(work, planned, each, opened)
            if found is not None:
                entry = None
                if may_go(found, named):
                    draft = migrated(
                        opened.protocol, planned.to, work.today, who, author.payload()
                    )
                    entry = work.append(key.stream, draft)
                    entries = [*opened.entries, entry]
                    settled(
                        work, opened.patient, key, entries, planned.to, dry_run=dry_run
                    )
                done.append(Migration(found, entry))
            tell(number)
    return done


def _again(
    work: Work, planned: Plan, before: Rehearsal, opened: Opened
) -> Rehearsal | None:
    """The rehearsal on what stands now; None where there is nothing to do any more."""
    if opened.episode.version == before.episode.version:
        return before
    for standing in library.running(work.connection, str(opened.episode.key)):
        if standing.protocol != planned.to.hash:
            asking = _Asking(work.connection, work.ledger, planned.to, work.today)
            return asking.about(opened.episode, opened.entries, standing.alert)
    return None


def may_go(found: Rehearsal, named: Collection[EpisodeKey]) -> bool:
    """Whether an episode is brought over: one that needs a person, only if named."""
    if found.verdict is Verdict.PERSON:
        return found.episode.key in named
    return found.verdict is not Verdict.ILLEGAL
