"""A clinic's own numbers: which protocols there are, and adopting one more.

Adopting touches no running episode: each stays pinned to what it was opened under,
until it is migrated. The adoption names the clinician who signed the numbers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sitrack.coordination.people import Author, clinician_named, provenance
from sitrack.errors import BadInput, NotEligible, NotFound, repeated
from sitrack.journey.entries import Draft, Entry
from sitrack.pathway.loading import load, shipped, shipped_text
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.soundness import emptied, faults
from sitrack.record import library
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger, Reader, reading
from sitrack.record.library import Adopted

OFFICE = "office"
_TICK = dt.timedelta(microseconds=1)


def protocol_named(ledger: Ledger, word: str) -> Protocol:
    """Return the protocol of that id, or of that content hash or its beginning.

    Raises:
        NotFound: the record keeps none, or the beginning fits several.
    """
    with reading(ledger) as connection:
        return named_in(connection, word)


def named_in(connection: Reader, word: str) -> Protocol:
    """Return the protocol of that id or hash, by an open transaction.

    Raises:
        NotFound: the record keeps none, or the beginning fits several.
    """
    kept = library.all_adopted(connection)
    found = {each.hash for each in kept if each.id == word or _begins(each, word)}
    if len(found) != 1:
        names = ", ".join(each.id for each in kept)
        raise NotFound(
            f"the record keeps no protocol {repeated(word, 'of that name')}; it keeps {names}",
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
