"""Would every move, hold, loss and return be decided again as it was?

Each is judged by the protocol that the episode was pinned to, as of the day it is
dated, by what was known when it was written. A migration leads from the protocol it
names to another one that has the episode's stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from sitrack.errors import NotEligible, SitrackError
from sitrack.journey import parking
from sitrack.journey.assessment import assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import find_move
from sitrack.journey.entries import MIGRATED, MOVE, Entry
from sitrack.journey.folding import fold
from sitrack.journey.machine import NotInTable, machine_for
from sitrack.journey.parking import Parking
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.moves import Move
from sitrack.pathway.policy import Payer
from sitrack.record import history, library
from sitrack.record.ledger import Ledger


def first_wrong(
    connection: Connection, ledger: Ledger, key: EpisodeKey, entries: Sequence[Entry]
) -> tuple[int, str] | None:
    """Return (number, what is wrong) of the first change that would not be made again.

    None if every one of them would be.
    """
    for place, entry in enumerate(entries):
        if entry.corrects is not None:
            continue  # what amends is no decision of the pathway
        if entry.kind == MOVE:
            seen = _move(connection, ledger, key, entries[:place], entry)
        elif entry.kind in parking.DECIDES:
            seen = _status(connection, ledger, key, entries[:place], entry)
        elif entry.kind == MIGRATED:
            seen = _migration(connection, ledger, key, entries[:place], entry)
        else:
            continue
        if seen:
            return entry.seq, seen
    return None


def _move(
    connection: Connection,
    ledger: Ledger,
    key: EpisodeKey,
    known: Sequence[Entry],
    move: Entry,
) -> str | None:
    """What is wrong with a move, by what was known when it was made; None if nothing."""
    day = move.day(ledger.zone)
    episode = fold(key, known, ledger.zone, day)
    episode = history.told(connection, ledger, episode, known)
    protocol = library.pinned(connection, episode.protocol)
    payload = move.payload or {}
    if move.stage_from != episode.stage or move.protocol != episode.protocol:
        return "it does not leave the stage that the episode was in"
    if day < episode.moved:
        return "it is dated before the change before it"
    named = protocol.move_named(str(payload.get("move")))
    try:
        found = find_move(
            episode, protocol, str(move.stage_to), named.command if named else "advance"
        )
        stage = machine_for(protocol).fire(episode.stage, found, allowed=True)
    except (NotEligible, NotInTable):
        return "the protocol has no such move"
    if found != named or stage != move.stage_to:
        return "it is not the move that it says it is"
    others = history.sibling_episodes(connection, ledger, key, day, move.recorded)
    payer = Payer.thawed(payload.get("payer"))
    case = Case(episode, protocol, day, payload.get("reason"), others, payer)
    return _unmet(case, found, payload.get("variance") or {})


def _unmet(case: Case, move: Move, lifted: Mapping[str, Any]) -> str | None:
    """What a move lacked when it was made; a variance lifts all but the hard."""
    if case.reason is not None and case.reason not in move.reasons:
        return "its reason is not one of the move"
    unmet = assess(case, move).unmet_despite(lifted.get("code"))
    labels = ", ".join(finding.label() for finding in unmet)
    return f"its requirements were not met: {labels}" if unmet else None


def _status(
    connection: Connection,
    ledger: Ledger,
    key: EpisodeKey,
    known: Sequence[Entry],
    change: Entry,
) -> str | None:
    """What is wrong with a hold, a loss or a way back; None if nothing."""
    day = change.day(ledger.zone)
    episode = fold(key, known, ledger.zone, day)
    if day < episode.moved:
        return "it is dated before the change before it"
    protocol = library.pinned(connection, episode.protocol)
    asked = Parking(episode, protocol, day, change.provenance, {})
    try:
        again = parking.DECIDES[change.kind](asked, change.payload or {})
    except SitrackError:
        return "the protocol does not allow it"
    if (again.stage_from, again.stage_to) != (change.stage_from, change.stage_to):
        return "it does not lead where it says"
    return None


def _migration(
    connection: Connection,
    ledger: Ledger,
    key: EpisodeKey,
    known: Sequence[Entry],
    change: Entry,
) -> str | None:
    """What is wrong with a change of protocol; None if nothing."""
    episode = fold(key, known, ledger.zone)
    said = change.payload or {}
    if said.get("from_hash") != episode.protocol:
        return "it was not pinned to the protocol that it says it leaves"
    if said.get("to_hash") != change.protocol:
        return "it does not lead to the protocol that it says"
    protocol = library.pinned(connection, change.protocol or "")
    if episode.stage not in {stage.id for stage in protocol.stages}:
        return "the protocol does not have its stage"
    return None
