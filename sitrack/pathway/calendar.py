"""Lengths of time, and the days on which a clinic is open.

A length is in calendar days (`14d`, `6w`) or in business days (`10bd`): days on which
the clinic is open. Its holidays are written out in the protocol, day by day, so that a
due date worked out today comes out the same in ten years, whatever has been learned
about holidays since. A protocol without a calendar is open from Monday to Friday.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sitrack.errors import BadInput, repeated
from sitrack.pathway import shapes

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
WEEKEND: Final = frozenset({5, 6})

_DURATION: Final = re.compile(r"(-?[0-9]{1,5})(d|w|bd)", re.ASCII)
_MOST_DAYS: Final = 36525
_MOST_BUSINESS_DAYS: Final = 2600
_MOST_CLOSINGS: Final = 200
_LEAP_YEAR: Final = 2000
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time.

    Attributes:
        count: how many days; negative reaches back.
        unit: `d`, calendar days, or `bd`, days on which the clinic is open.
    """

    count: int
    unit: Literal["d", "bd"] = "d"

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"

    def __add__(self, other: Duration) -> Duration:
        if self.unit != other.unit:
            raise ValueError("lengths in different units have no sum")
        return Duration(self.count + other.count, self.unit)


def read_duration(text: str) -> Duration:
    """Return a length typed as `14d`, `6w` or `10bd`.

    Raises:
        BadInput: it is none, or longer than a hundred years (ten of business days).
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise BadInput(
            f"{repeated(text, 'that')} is no length of time", "14d, 6w or 10bd"
        )
    count, unit = int(found[1]), found[2]
    if unit == "w":
        count, unit = 7 * count, "d"
    if abs(count) > (_MOST_BUSINESS_DAYS if unit == "bd" else _MOST_DAYS):
        raise BadInput(f"{repeated(text, 'that')} is too long", "14d, 6w or 10bd")
    return Duration(count, "bd" if unit == "bd" else "d")


@dataclass(frozen=True)
class Calendar:
    """When a clinic is open.

    Attributes:
        country: the ISO code whose public holidays are listed, or None.
        region: the subdivision of that country, or None.
        years: first and last year whose holidays are listed, or None.
        weekend: the days of the week that are never open; Monday is 0.
        holidays: the public ones, each with its name.
        closed: the clinic's own closing days, each with the reason.
        yearly: days closed every year, by month and day, each with the reason.
    """

    country: str | None = None
    region: str | None = None
    years: tuple[int, int] | None = None
    weekend: frozenset[int] = WEEKEND
    holidays: Mapping[dt.date, str] = field(default_factory=dict)
    closed: Mapping[dt.date, str] = field(default_factory=dict)
    yearly: Mapping[tuple[int, int], str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Whose holidays are kept: `GB-ENG`; empty where nobody's are."""
        return "-".join(part for part in (self.country, self.region) if part)

    def why_closed(self, day: dt.date) -> str | None:
        """Return the name of a closed day, or None where the clinic is open."""
        if day.weekday() in self.weekend:
            return WEEKDAYS[day.weekday()].capitalize()
        own = self.closed.get(day) or self.yearly.get((day.month, day.day))
        return own or self.holidays.get(day)

    def is_open(self, day: dt.date) -> bool:
        """Whether it is a business day."""
        return self.why_closed(day) is None

    def next_open(self, day: dt.date) -> dt.date:
        """Return `day` where the clinic is open, else the first open day after it."""
        while not self.is_open(day):
            day += _DAY
        return day

    def day_after(self, day: dt.date, length: Duration) -> dt.date:
        """Return the day that lies `length` after `day` (before it, if negative).

        In business days it is an open day, unless the length is nothing.
        """
        if length.unit == "d":
            return day + dt.timedelta(days=length.count)
        step = _DAY if length.count > 0 else -_DAY
        left = abs(length.count)
        while left:
            day += step
            left -= self.is_open(day)
        return day


# --- as a protocol file says it


def calendar(row: Mapping[str, Any]) -> Calendar:
    """Return `[calendar]` of a whole protocol, its holidays written out.

    Raises:
        BadInput: it is none; the sentence names the place.
    """
    place = "calendar"
    shapes.known(row, (*SAID, "holidays"), place)
    country = _code(row, "country", place)
    if (country is None) is not ("holidays" not in row):
        raise BadInput(
            "protocol: calendar.holidays and calendar.country go together",
            "a derived file needs the country only; its holidays are then written out",
        )
    single, yearly = _closings(row, place)
    return Calendar(
        country=country,
        region=_code(row, "region", place),
        years=years(row) if country else None,
        weekend=_weekend(row, place),
        holidays=_holidays(row, place),
        closed=single,
        yearly=yearly,
    )


SAID: Final = ("country", "region", "years", "weekend", "closed")
"""What a derived file may say of a calendar; the holidays follow from it."""


def years(row: Mapping[str, Any]) -> tuple[int, int]:
    """Return the first and the last year whose holidays are kept."""
    found = row.get("years")
    if (
        not isinstance(found, list)
        or [type(year) for year in found] != [int, int]
        or not 1990 <= found[0] <= found[1] <= 2100
        or found[1] - found[0] > 30
    ):
        raise BadInput(
            "protocol: calendar.years must be two years, such as [2026, 2035], "
            "at most 30 apart"
        )
    return found[0], found[1]


def _code(row: Mapping[str, Any], key: str, place: str) -> str | None:
    return shapes.text(row, key, place) if key in row else None


def _weekend(row: Mapping[str, Any], place: str) -> frozenset[int]:
    if "weekend" not in row:
        return WEEKEND
    named = shapes.words(row["weekend"], f"{place}.weekend")
    for each in named:
        if each not in WEEKDAYS:
            raise BadInput(f"protocol: {place}.weekend names {each!r}, no day")
    if len(set(named)) == len(WEEKDAYS):
        raise BadInput(f"protocol: {place}.weekend leaves no day open")
    return frozenset(WEEKDAYS.index(each) for each in named)


def _holidays(row: Mapping[str, Any], place: str) -> dict[dt.date, str]:
    found: dict[dt.date, str] = {}
    for index, each in enumerate(shapes.listed(row, "holidays", place)):
        here = f"{place}.holidays[{index}]"
        table = shapes.table(each, here)
        shapes.known(table, ("day", "name"), here)
        found[_date(table, "day", here)] = shapes.text(table, "name", here)
    return found


def _closings(
    row: Mapping[str, Any], place: str
) -> tuple[dict[dt.date, str], dict[tuple[int, int], str]]:
    single: dict[dt.date, str] = {}
    yearly: dict[tuple[int, int], str] = {}
    rows = shapes.listed(row, "closed", place)
    if len(rows) > _MOST_CLOSINGS:
        raise BadInput(f"protocol: {place}.closed has over {_MOST_CLOSINGS} rows")
    for index, each in enumerate(rows):
        here = f"{place}.closed[{index}]"
        table = shapes.table(each, here)
        shapes.known(table, ("day", "until", "name"), here)
        name = shapes.text(table, "name", here)
        if isinstance(table.get("day"), str) and "until" not in table:
            yearly[_every_year(table["day"], here)] = name
        else:
            single |= dict.fromkeys(_span(table, here), name)
    return single, yearly


def _every_year(text: str, place: str) -> tuple[int, int]:
    try:
        day = dt.date.fromisoformat(f"{_LEAP_YEAR}-{text}")
    except ValueError:
        raise BadInput(
            f"protocol: {place}.day must be a date, or a day of every year "
            'such as "12-24"'
        ) from None
    return day.month, day.day


def _span(table: Mapping[str, Any], place: str) -> list[dt.date]:
    first = _date(table, "day", place)
    last = _date(table, "until", place) if "until" in table else first
    if not 0 <= (last - first).days < 366:
        raise BadInput(f"protocol: {place}.until must lie within a year after the day")
    return [first + n * _DAY for n in range((last - first).days + 1)]


def _date(table: Mapping[str, Any], key: str, place: str) -> dt.date:
    value = table.get(key)
    if type(value) is not dt.date:
        raise BadInput(f"protocol: {place}.{key} must be a date such as 2026-12-24")
    return value
