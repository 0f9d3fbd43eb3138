"""What auditors ask: the trail, who saw whom, what left the way, and whom to look at."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sitrack.errors import NotFound, NotPermitted
from sitrack.journey.patient import is_patient_key, read_episode_key, read_patient_key
from sitrack.record import (
    history,
    reconciling,
    registry,
    sample,
    sightings,
    trail,
    variances,
)
from sitrack.record.journal import load_stream
from sitrack.record.ledger import Ledger, Reader, reading
from sitrack.record.reconciling import Reconciled
from sitrack.record.trail import Span, Wanted

Rows = Sequence[dict[str, Any]]


def key_of(connection: Reader, typed: str) -> str:
    """Return the patient's or the episode's key that was typed.

    Raises:
        NotFound: there is no such patient or episode.
    """
    if is_patient_key(typed):
        return registry.registered(connection, read_patient_key(typed)).key
    key = read_episode_key(typed)
    if not load_stream(connection, key.stream):
        raise NotFound(f"there is no episode {key}", f"sitrack show {key.patient}")
    return str(key)


def trail_of(
    ledger: Ledger, wanted: Wanted, sort: str = "recorded", *, reverse: bool = False
) -> Rows:
    """Return the headers of all entries that are wanted; of a key, who saw it, too.

    Raises:
        BadInput: nothing can be sorted by that, or no entry is of that kind.
        NotFound: there is nobody, or nothing, of that name.
    """
    with reading(ledger) as connection:
        if wanted.key is not None:
            key = key_of(connection, wanted.key)
            seen = sightings.seen_of(connection, key, wanted.span)
            wanted = replace(wanted, key=key, more=seen)
        return trail.trail(connection, wanted, sort, reverse=reverse)


def who_saw(ledger: Ledger, typed: str, span: Span) -> tuple[str, Rows]:
    """Return (key, each time that somebody saw it).

    Raises:
        NotFound: there is no such patient or episode.
    """
    with reading(ledger) as connection:
        key = key_of(connection, typed)
        return key, sightings.who_saw(connection, key, span)


def all_variances(ledger: Ledger, span: Span) -> Rows:
    """Return every move of a span that was made by a variance."""
    with reading(ledger) as connection:
        return variances.variances(connection, span)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample to review.

    Attributes:
        seed: draws the same again.
        out_of: how many there were to draw from.
        rows: the episodes, in the order of the draw.
    """

    seed: int
    out_of: int
    rows: Rows


def draw(ledger: Ledger, size: int, seed: int | None, span: Span) -> Drawn:
    """Draw episodes of which something was written in a span; without a seed, anew."""
    taken = secrets.randbelow(10**8) if seed is None else seed
    with reading(ledger) as connection:
        keys = sample.written_about(connection, span)
        chosen = sample.drawn(keys, str(taken), size)
        rows = [_row(connection, ledger, key, span.until) for key in chosen]
    return Drawn(taken, len(keys), rows)


def _row(
    connection: Reader, ledger: Ledger, key: str, until: dt.datetime | None
) -> dict[str, Any]:
    where = read_episode_key(key)
    episode = history.episode_at(connection, ledger, where, as_known=until)
    return {
        "episode": key,
        "stage": episode.stage,
        "status": episode.status.value,
        "since": episode.visit.entered,
        "entries": episode.version,
    }


def reconcile(ledger: Ledger, lines: Iterable[str], span: Span) -> Reconciled:
    """Hold the log of reads against the lines of the server's own log.

    Args:
        ledger: the record.
        lines: the server's log, of any length.
        span: what is compared; an open end is where the log ends.

    Raises:
        NotPermitted: the record is no server's.
        NotFound: the log tells of no read of this record.
    """
    if not ledger.on_postgres:
        raise NotPermitted(
            "a SQLite file has no server whose log could be held against it",
            "sitrack audit verify",
        )
    reads = reconciling.logged(lines, ledger.ledger_id)
    if not reads:
        raise NotFound(
            "that log tells of no read of this record",
            "look at the server's log_min_messages, and at the name of the file",
        )
    with reading(ledger) as connection:
        return reconciling.reconcile(
            connection, reads, reconciling.covered(reads, span)
        )
