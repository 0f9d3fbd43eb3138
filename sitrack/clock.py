"""What time it is, as something that can be handed in.

Every instant in the product is aware and in UTC; a clinical day is a date in the
clinic's zone. Nothing else in the house asks the machine for the time, so that a
synthetic ledger can be walked through two years in a few seconds.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable

from sitrack.errors import BadInput

Clock = Callable[[], dt.datetime]
"""Asked for the present instant: aware, in UTC."""


def machine_clock() -> dt.datetime:
    """Return the present instant of this machine, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def stopped_clock(instant: dt.datetime) -> Clock:
    """Return a clock that always answers `instant` (for synthetic ledgers)."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone is not an instant")
    utc = instant.astimezone(dt.UTC)
    return lambda: utc


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """Return the time zone of that IANA name.

    Raises:
        BadInput: no such zone is known.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise BadInput(
            "the time zone is not known", "use an IANA name such as Europe/London"
        ) from None


def day_of(instant: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """Return the calendar day that `instant` falls on in `zone`."""
    return instant.astimezone(zone).date()


def start_of(day: dt.date, zone: dt.tzinfo, at: dt.time = dt.time.min) -> dt.datetime:
    """Return the instant at which the clock of `zone` shows `day` and `at`, in UTC.

    A wall time that a spring change skips lands as far after the gap as it was into
    it; of a wall time
    that an autumn change repeats, the first is meant.
    """
    # fold=0 reads a skipped time by the clock as it stood before the change, which
    # lands just after the gap, and a repeated one as the first of the two.
    return dt.datetime.combine(day, at, tzinfo=zone).astimezone(dt.UTC)
