"""What time it is, as something that can be handed in.

Every instant in the product is aware and in UTC; a clinical day is a date in the
clinic's zone. Nothing else in the house asks the machine for the time, so that a
synthetic ledger can be walked through two years in a few seconds.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from typing import Final

from sitrack.errors import BadInput, repeated

_RELATIVE: Final = re.compile(r"([+-])([0-9]{1,4})([dw])\Z", re.ASCII)
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2200

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


# --- days and instants as people type them


def is_day(text: str) -> bool:
    """Whether a text has the shape of a day, and not of an instant."""
    named = text in {"today", "yesterday"}
    return named or len(text) == 10 or _RELATIVE.match(text) is not None


def read_day(text: str, today: Callable[[], dt.date]) -> dt.date:
    """Return a day typed as ISO, `today`, `yesterday`, `-3d` or `+2w`.

    Raises:
        BadInput: it is no day, or none from 1900 to 2200.
    """
    if text in {"today", "yesterday"}:
        return today() - dt.timedelta(days=int(text == "yesterday"))
    day = _day_typed(text, today)
    _refuse_far_away(text, day)
    return day


def _refuse_far_away(text: str, day: dt.date) -> None:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadInput(
            f"{repeated(text, 'that')} is not from {_FIRST_YEAR} to {_LAST_YEAR}",
            "give a day of this clinic's patients, such as 2025-05-31",
        )


def _day_typed(text: str, today: Callable[[], dt.date]) -> dt.date:
    relative = _RELATIVE.match(text)
    try:
        if relative:
            sign, number, unit = relative.groups()
            days = int(number) * (7 if unit == "w" else 1)
            return today() + dt.timedelta(days=days if sign == "+" else -days)
        return dt.date.fromisoformat(text)
    except (ValueError, OverflowError):
        known = "2025-05-31, today, yesterday, -3d or +2w"
        hint = "tomorrow is +1d" if text.lower() == "tomorrow" else known
        raise BadInput(f"{repeated(text, 'that')} is not a day", hint) from None


def read_instant(text: str, zone: dt.tzinfo) -> dt.datetime:
    """Return an instant typed as ISO; without an offset it is the clinic's time.

    Raises:
        BadInput: it is no instant, or none from 1900 to 2200.
    """
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"{repeated(text, 'that')} is not an instant",
            "2025-05-31, 2025-05-31T09:00 or …T09:00:00Z",
        ) from None
    _refuse_far_away(text, instant)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
