"""What differs between two protocols, value by value, in the words of their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sitrack.pathway.calendar import WEEKDAYS, Calendar, Duration, read_duration
from sitrack.pathway.loading import document_of
from sitrack.pathway.protocol import Protocol

_NAMED: Final = ("numbers", "settings", "windows", "steps", "contact")
_ROWS: Final = ("follow_ups", "stages", "moves", "status_moves")
_LENGTHS: Final = ("offset", "every")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs.

    Attributes:
        part: the table it stands in: `numbers`, `follow_ups`, `calendar` …
        name: the row: `block_min_pct`, `CON-TRIAL`; empty where the part has none.
        what: the key within the row; empty where the whole row came or went.
        was: in the first protocol, in words; None where it is not there.
        now: in the second one, in words; None where it is not there.
    """

    part: str
    name: str
    what: str
    was: str | None
    now: str | None


def differences(first: Protocol, second: Protocol) -> list[Difference]:
    """Return every value in which two protocols differ, in the order of the file."""
    before, after = document_of(first.text), document_of(second.text)
    found = list(_scalars("initial", before, after))
    for part in _NAMED:
        found += _values(part, before.get(part, {}), after.get(part, {}))
    for part in _ROWS:
        found += _rows(part, _by_id(before[part]), _by_id(after[part]))
    return found + list(_calendars(first.calendar, second.calendar))


def _scalars(
    key: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    if before[key] != after[key]:
        yield Difference(key, "", "", before[key], after[key])


def _values(
    part: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in _both(before, after):
        was, now = before.get(name), after.get(name)
        first, second = (each and value_in_words(each) for each in (was, now))
        if first != second:
            yield Difference(part, name, "", first, second)
        elif was and now and was["sources"] != now["sources"]:
            cited = _said(was["sources"]), _said(now["sources"])
            yield Difference(part, name, "sources", *cited)


def value_in_words(row: Mapping[str, Any]) -> str:
    """Return a named value with its unit: `50 %`, `120 minutes`, `yes`."""
    key = next(name for name in ("value", "minutes", "days") if name in row)
    if isinstance(row[key], bool):
        return "yes" if row[key] else "no"
    return f"{row[key]} {row['unit'] if key == 'value' else key}"


def _by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def _rows(
    part: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in _both(before, after):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield Difference(part, name, "", _summary(was), _summary(now))
            continue
        keys = [key for key in _both(was, now) if key not in {"id", "requirements"}]
        changed = [key for key in keys if _told(was, key) != _told(now, key)]
        for key in changed:
            # That a changed value has another source goes without saying.
            if key != "sources" or changed == ["sources"]:
                yield Difference(part, name, key, _told(was, key), _told(now, key))
        yield from _requirements(part, name, was, now)


def _summary(row: Mapping[str, Any] | None) -> str | None:
    """A whole row that came or went, in a few words."""
    if row is None:
        return None
    length = f", {_told(row, 'offset')} from {row['anchor']}" if "offset" in row else ""
    return f"{row.get('title') or row.get('purpose')}{length}"


def _told(row: Mapping[str, Any], key: str) -> str | None:
    if key not in row:
        return None
    value = row[key]
    if key in _LENGTHS:
        return str(read_duration(value) if isinstance(value, str) else Duration(value))
    return _said(value)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "nothing"
    if isinstance(value, Mapping):
        return " ".join(
            str(each) if name == "evidence" else f"{name} {each}"
            for name, each in value.items()
        )
    return str(value)


def _requirements(
    part: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    was = {row["kind"]: row for row in before.get("requirements", [])}
    now = {row["kind"]: row for row in after.get("requirements", [])}
    for kind in _both(was, now):
        old, new = was.get(kind), now.get(kind)
        if old is None or new is None:
            yield Difference(part, name, kind, _asked(old), _asked(new))
            continue
        for key in _both(old, new):
            if _said(old.get(key, "")) != _said(new.get(key, "")):
                yield Difference(
                    part, name, f"{kind} {key}", _told(old, key), _told(new, key)
                )


def _asked(row: Mapping[str, Any] | None) -> str | None:
    if row is None:
        return None
    return "required (hard)" if row.get("hard") else "required"


def _both(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [*before, *(key for key in after if key not in before)]


def _calendars(first: Calendar, second: Calendar) -> Iterator[Difference]:
    before, after = _in_words(first), _in_words(second)
    for what in before:
        if before[what] != after[what]:
            yield Difference("calendar", "", what, before[what], after[what])
    closings = [(_closings(first), _closings(second))]
    if (first.place, first.years) == (second.place, second.years):
        # The holidays of another place, or of other years, differ as a whole.
        closings.append((_by_day(first.holidays), _by_day(second.holidays)))
    for was, now in closings:
        for day in sorted(_both(was, now)):
            if was.get(day) != now.get(day):
                yield Difference("calendar", "", day, was.get(day), now.get(day))


def _in_words(calendar: Calendar) -> dict[str, str | None]:
    weekend = [WEEKDAYS[number] for number in sorted(calendar.weekend)]
    return {
        "holidays of": calendar.place or None,
        "years": "{} to {}".format(*calendar.years) if calendar.years else None,
        "weekend": ", ".join(weekend) or "none",
    }


def _closings(calendar: Calendar) -> dict[str, str]:
    every_year = {
        f"every {month:02}-{day:02}": name
        for (month, day), name in calendar.yearly.items()
    }
    return every_year | _by_day(calendar.closed)


def _by_day(days: Mapping[dt.date, str]) -> dict[str, str]:
    return {day.isoformat(): name for day, name in days.items()}
