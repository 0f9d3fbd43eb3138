"""What leaves the house about journeys: each episode, with all that was written of it.

Journeys come in the order of the names that the export gives them, so that the place
of one says nothing about when its patient came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sitrack.exchange.pseudonyms import Names
from sitrack.journey.agenda import Due, agenda
from sitrack.journey.amendments import effective
from sitrack.journey.entries import Entry
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.pathway.protocol import Protocol
from sitrack.record import history, library, worklist
from sitrack.record.ledger import Ledger, Reader
from sitrack.record.sent import Sending, sendings


@dataclass(frozen=True, slots=True)
class Journey:
    """One episode, as known at a moment.

    Attributes:
        name: what the export calls it.
        episode: as its entries tell it.
        entries: everything that was written, in that order.
        stands: what stands after every amendment, in the order in which it happened.
        due: what is open.
        sent: the reminders that were sent about it.
        protocol: the one it is pinned to.
    """

    name: str
    episode: Episode
    entries: Sequence[Entry]
    stands: Sequence[Entry]
    due: Sequence[Due]
    sent: Sequence[Sending]
    protocol: Protocol


def journeys(
    connection: Reader,
    ledger: Ledger,
    names: Names,
    as_known: dt.datetime | None = None,
) -> Iterator[Journey]:
    """Return every episode that was known at a moment."""
    keys = [each.episode for each in worklist.standings(connection)]
    called = {
        key: names.episode(history.key_of_stream(f"episode/{key}")) for key in keys
    }
    sent = sendings(connection, as_known)
    protocols: dict[str, Protocol] = {}
    ordered = sorted(keys, key=lambda key: called[key])
    for stream, entries in history.streams_of(connection, ordered, as_known):
        key = history.key_of_stream(stream)
        if entries[0].payload is None:
            continue  # erased by law
        episode = fold(key, entries, ledger.zone)
        if episode.protocol not in protocols:
            protocols[episode.protocol] = library.pinned(connection, episode.protocol)
        protocol = protocols[episode.protocol]
        yield Journey(
            name=called[str(key)],
            episode=episode,
            entries=entries,
            stands=sorted(
                effective(entries), key=lambda each: (each.day(ledger.zone), each.seq)
            ),
            due=agenda(episode, protocol),
            sent=sent.get(str(key), ()),
            protocol=protocol,
        )


def latest(found: Sequence[Journey]) -> dt.datetime | None:
    """Return the last moment at which anything of these was written, or None."""
    return max((each.entries[-1].recorded for each in found), default=None)
