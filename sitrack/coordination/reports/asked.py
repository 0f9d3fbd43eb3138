"""What a report is about: a day, what was known, and which episodes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sitrack.errors import BadInput
from sitrack.record import picking, stays
from sitrack.record.ledger import Ledger, Reader, present_instant
from sitrack.record.stays import Journey
from sitrack.record.worklist import Waiting

FEW: Final = 5
"""A number that rests on fewer is marked, and does not leave the house."""

_IN_ERROR: Final = "opened-in-error"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is to be about.

    Attributes:
        as_of: what was true on that day; None is today.
        as_known: by what was written at that instant; None is now.
        since: only what began on that day or later, or None.
        fits: only episodes that fit as they stood on the day; None is all of them.
    """

    as_of: dt.date | None = None
    as_known: dt.datetime | None = None
    since: dt.date | None = None
    fits: Callable[[Waiting], bool] | None = None


def day_of(connection: Reader, ledger: Ledger, asked: Asked) -> dt.date:
    """Return the day that a report speaks of.

    Raises:
        BadInput: it lies ahead, or before the days that are asked about.
    """
    today = present_instant(connection, ledger).astimezone(ledger.zone).date()
    day = asked.as_of or today
    if day > today:
        raise BadInput("that day lies ahead: a report tells what was")
    if asked.since is not None and asked.since > day:
        raise BadInput("--since lies after the day that is asked about")
    return day


def journeys(
    connection: Reader, ledger: Ledger, asked: Asked, day: dt.date
) -> Iterator[Journey]:
    """Return every journey that is asked about, up to the day.

    What should never have been opened is no journey, and is left out.
    """
    picked = None
    if asked.fits is not None:
        picked = picking.picked(connection, ledger, day, asked.as_known, asked.fits)
    for journey in stays.journeys(connection, ledger, day, asked.as_known):
        if journey[-1].reason == _IN_ERROR:
            continue
        if picked is None or journey[0].episode in picked:
            yield journey
