"""Erasing a patient by law: one asks for it, and another one does it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sitrack.coordination.people import Author, provenance
from sitrack.errors import NotEligible, NotPermitted
from sitrack.journey.entries import Draft, Entry, Provenance
from sitrack.journey.patient import patient_stream, read_patient_key
from sitrack.journey.reasons import FOR_ERASING, RETENTION_OVER
from sitrack.record import erasing, persons, registry, worklist
from sitrack.record.erasure import ERASED
from sitrack.record.journal import Work, writing
from sitrack.record.ledger import Ledger

ASKED: Final = "erase-asked"

LEAST_YEARS: Final = 6
"""Records of care are kept for that long at least, whatever the settings say."""

_STANDS_FOR: Final = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Erasing:
    """How far an erasure is.

    Attributes:
        key: the patient.
        entry: what was written down.
        asked_by: who asked for it.
        gone: how many contents were erased; None where it is asked for only.
    """

    key: str
    entry: Entry
    asked_by: str
    gone: int | None


def erase(
    ledger: Ledger,
    author: Author,
    typed: str,
    basis: str,
    years: int,
    *,
    dry_run: bool = False,
) -> Erasing:
    """Ask for an erasure; or, asked for by somebody else, do it.

    Args:
        ledger: the record.
        author: who types.
        typed: the patient's key.
        basis: one of `FOR_ERASING`.
        years: how long records of care are kept after their last entry.
        dry_run: keep nothing.

    Raises:
        NotFound: there is no such patient.
        NotEligible: an episode is open, it must still be kept, or it is erased already.
        NotPermitted: the same person asked for it.
    """
    key = read_patient_key(typed)
    with writing(ledger, dry_run=dry_run) as work:
        who = provenance(work, author)
        registry.registered(work.connection, key)
        entries = work.load(patient_stream(key))
        was_erased = is_erased(entries)
        if not was_erased:
            _refuse(work, key, entries, basis, max(years, LEAST_YEARS))
            said = {**author.payload(), "basis": basis}
            asked = _standing_wish(work, entries, basis)
            done = _asked_or_erased(work, key, who, asked, said)
            if done.gone is None:
                return done
    # Whoever was stopped here left bytes behind: the same command sweeps them away.
    if not dry_run:
        erasing.sweep(ledger)
    if was_erased:
        raise NotEligible(f"{key} is erased already", f"sitrack audit trail {key}")
    return done


def _asked_or_erased(
    work: Work, key: str, who: Provenance, asked: Entry | None, said: dict[str, Any]
) -> Erasing:
    if asked is None:
        draft = Draft(ASKED, work.today, who, payload=said)
        entry = work.append(patient_stream(key), draft)
        return Erasing(key, entry, who.recorder, None)
    first = asked.provenance.recorder
    if first == who.recorder:
        raise NotPermitted(
            "it takes two people: somebody else has to agree",
            f"another admin types: sitrack patient erase {key} --legal-basis {said['basis']}",
        )
    entry, gone = erasing.erase(work, key, who, {**said, "asked_by": first})
    return Erasing(key, entry, first, gone)


def is_erased(entries: list[Entry]) -> bool:
    """Whether what was written in a patient's stream was erased already."""
    return any(entry.kind == ERASED for entry in entries)


def _refuse(work: Work, key: str, entries: list[Entry], basis: str, years: int) -> None:
    _refuse_merged(work, key)
    episodes = worklist.keys_of(work.connection, key)
    still_open = [name for name, status in episodes if status != "finished"]
    if still_open:
        raise NotEligible(
            f"{still_open[0]} is open: care that goes on is not erased",
            f"sitrack episode finish {still_open[0]} --disposition transferred",
        )
    last = (
        max(work.load(f"episode/{name}")[-1].recorded for name, _ in episodes)
        if episodes
        else entries[-1].recorded
    )
    kept_until = _years_after(last.astimezone(work.ledger.zone).date(), years)
    if basis == RETENTION_OVER and work.today <= kept_until:
        raise NotEligible(
            f"it has to be kept until {kept_until}",
            f"a basis that comes before that: {', '.join(FOR_ERASING[1:])}",
        )


def _refuse_merged(work: Work, key: str) -> None:
    """Who is one person with somebody is erased key by key, so that nothing is left."""
    under = persons.others(work.connection, key)
    if persons.owner(work.connection, key) != key:
        under = [key]
    if under:
        raise NotEligible(
            f"{', '.join(under)} is merged, and a person is erased key by key",
            f"sitrack patient unmerge {under[0]}, and erase each of them",
        )


def _years_after(day: dt.date, years: int) -> dt.date:
    """The same day so many years later; of 29 February the day after."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def _standing_wish(work: Work, entries: list[Entry], basis: str) -> Entry | None:
    """What somebody asked for, on the same grounds, not long ago."""
    wishes = [
        entry
        for entry in entries
        if entry.kind == ASKED
        and (entry.payload or {}).get("basis") == basis
        and work.now - entry.recorded <= _STANDS_FOR
    ]
    return wishes[-1] if wishes else None
