"""A clinic's own numbers: adopting a protocol, and bringing running episodes to it.

Adopting touches no running episode: each stays pinned to what it was opened under.
Migrating one is an act of its own, rehearsed first, and names the clinician who signed
the numbers, as the adoption does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sitrack.coordination.episodes import load_episode, settled
from sitrack.coordination.people import Author, clinician_named, provenance
from sitrack.errors import BadInput, NotEligible, NotFound
from sitrack.journey.assessment.case import Case
from sitrack.journey.entries import Draft, Entry
from sitrack.journey.episode import Episode, fold
from sitrack.journey.migration import Asked, Rehearsal, Verdict, migrated, rehearse
from sitrack.journey.patient import EpisodeKey, read_episode_key
from sitrack.pathway.loading import load, shipped, shipped_text
from sitrack.pathway.policy import Payer
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.soundness import emptied, faults
from sitrack.record import history, library
from sitrack.record.journal import (
    Ledger,
    Reader,
    Work,
    load_stream,
    present_instant,
    reading,
    writing,
)
from sitrack.record.library import Adopted, Running

OFFICE = "office"
_TICK = dt.timedelta(microseconds=1)


def protocol_named(ledger: Ledger, word: str) -> Protocol:
    """Return the protocol of that id, or of that content hash or its beginning.

    Raises:
        NotFound: the record keeps none, or the beginning fits several.
    """
    with reading(ledger) as connection:
        return _named(connection, word)


def _named(connection: Reader, word: str) -> Protocol:
    kept = library.all_adopted(connection)
    found = {each.hash for each in kept if each.id == word or _begins(each, word)}
    if len(found) != 1:
        names = ", ".join(each.id for each in kept)
        raise NotFound(
            f"the record keeps no protocol {word[:40]!r}; it keeps {names}",
            "sitrack pathway list",
        )
    return library.pinned(connection, found.pop())


def _begins(kept: Adopted, word: str) -> bool:
    return len(word) >= 8 and kept.hash.startswith(word.lower())


def known_protocols(ledger: Ledger) -> list[Adopted]:
    """Return every protocol that the record keeps, latest first, then the shipped."""
    with reading(ledger) as connection:
        kept = library.all_adopted(connection)
    more = load(shipped_text())
    if more.hash not in {each.hash for each in kept}:
        kept.append(Adopted(more.id, more.hash, None, 0))
    return kept


def base_in(ledger: Ledger, name: str) -> Protocol:
    """Return the protocol that a file derives from: adopted here, or shipped.

    Raises:
        NotFound: it is neither.
    """
    try:
        return protocol_named(ledger, name)
    except NotFound:
        return shipped(name)


# --- adopting


@dataclass(frozen=True, slots=True)
class Adoption:
    """What adopting a protocol did.

    Attributes:
        protocol: the one that new episodes follow from now on.
        entry: the entry that says so.
        elsewhere: running episodes that stay pinned to another one.
    """

    protocol: Protocol
    entry: Entry
    elsewhere: int


def adopt(
    ledger: Ledger,
    author: Author,
    protocol: Protocol,
    clinician: str,
    *,
    dry_run: bool = False,
) -> Adoption:
    """Keep a protocol; episodes opened from now on are pinned to it.

    Raises:
        NotEligible: it is not sound.
        BadInput: it was adopted already, or its id belongs to another text.
        NotPermitted: the author is not on the staff list, or nobody who is a
            clinician signed it.
    """
    _refuse_unsound(protocol)
    with writing(ledger, dry_run=dry_run) as work:
        signed = clinician_named(work, clinician, "an adoption")
        who = provenance(work, author, signed.id)
        last = work.load(OFFICE)[-1].recorded
        _refuse_taken(work, protocol)
        # The latest adoption is the one that counts: no two are of one instant.
        library.adopt(work, protocol, max(work.now, last + _TICK))
        payload = {
            **author.payload(),
            "protocol": protocol.id,
            "hash": protocol.hash,
            "clinician": signed.id,
        }
        if protocol.derived is not None:
            payload["derives"] = protocol.derived.protocol
            payload["derives_hash"] = protocol.derived.hash
        draft = Draft(
            "protocol-adopted",
            work.today,
            who,
            protocol=protocol.hash,
            payload=payload,
        )
        entry = work.append(OFFICE, draft)
        elsewhere = sum(each.running for each in library.all_adopted(work.connection))
        return Adoption(protocol, entry, elsewhere)


def _refuse_unsound(protocol: Protocol) -> None:
    found = faults(protocol) + emptied(protocol)
    if found:
        raise NotEligible(
            f"{protocol.id} is not sound: {found[0]}",
            "see everything: sitrack pathway check FILE",
        )


def _refuse_taken(work: Work, protocol: Protocol) -> None:
    for kept in library.all_adopted(work.connection):
        if kept.hash == protocol.hash:
            raise BadInput(f"{protocol.id} was adopted already", "sitrack pathway list")
        if kept.id == protocol.id:
            raise BadInput(
                f"{protocol.id} is the id of another text, adopted on "
                f"{(kept.adopted or '')[:10]}",
                "give the file an id of its own",
            )


# --- migrating


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
        new = _named(connection, word)
        today = present_instant(connection, ledger).astimezone(ledger.zone).date()
        chosen = _chosen(connection, keys)
        found = []
        for number, each in enumerate(chosen, start=1):
            if each.protocol != new.hash:
                asked = _asked(connection, ledger, each, new, today)
                found.append(rehearse(asked))
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


def _asked(
    connection: Reader, ledger: Ledger, each: Running, new: Protocol, today: dt.date
) -> Asked:
    key = read_episode_key(each.key)
    entries = load_stream(connection, key.stream)
    episode = fold(key, entries, ledger.zone)
    way_in, variance = _way_in(connection, ledger, episode, entries, new)
    return Asked(
        episode=episode,
        old=library.pinned(connection, episode.protocol),
        new=new,
        today=today,
        way_in=way_in,
        variance=variance,
        alert=each.alert,
    )


def _way_in(
    connection: Reader,
    ledger: Ledger,
    episode: Episode,
    entries: Sequence[Entry],
    new: Protocol,
) -> tuple[Case | None, str | None]:
    """The case in which the present stay was entered, and the variance that lifted."""
    visit = episode.visit
    if visit.move is None:
        return None, None
    move = next(entry for entry in entries if entry.seq == visit.seq)
    known = [entry for entry in entries if entry.seq < visit.seq]
    before = fold(episode.key, known, ledger.zone, visit.entered)
    before = history.told(connection, ledger, before, known)
    others = history.sibling_episodes(
        connection, ledger, episode.key, visit.entered, move.recorded
    )
    said = move.payload or {}
    payer = Payer.thawed(said.get("payer"))
    case = Case(before, new, visit.entered, visit.reason, others, payer)
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

    Each is rehearsed again on what stands by then. One that would be illegal stays;
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
            for standing in library.running(work.connection, str(key)):
                if standing.protocol == planned.to.hash:
                    continue
                asked = _asked(
                    work.connection, ledger, standing, planned.to, work.today
                )
                found = rehearse(asked)
                entry = None
                if may_go(found, named):
                    draft = migrated(asked, signed.id, who, author.payload())
                    entry = work.append(key.stream, draft)
                    entries = [*opened.entries, entry]
                    settled(
                        work, opened.patient, key, entries, planned.to, dry_run=dry_run
                    )
                done.append(Migration(found, entry))
            tell(number)
    return done


def may_go(found: Rehearsal, named: Collection[EpisodeKey]) -> bool:
    """Whether an episode is brought over: one that needs a person, only if named."""
    if found.verdict is Verdict.PERSON:
        return found.episode.key in named
    return found.verdict is not Verdict.ILLEGAL
