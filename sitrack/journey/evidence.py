"""A recorded clinical fact, typed: read from what was typed, or from what is stored.

Evidence says what happened, whatever the rules think of it; it never moves a stage.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sitrack.errors import BadInput, repeated
from sitrack.journey.forms import Field, Kind, option_of

_WORD: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}\Z", re.ASCII)
_READING: Final = re.compile(
    r"([0-9]{1,4}(?:\.[0-9]{1,2})?)(h|m)=([0-9]{1,3}(?:\.5)?)\Z"
)
_DRUG_CLASSES: Final = {
    "nsaid": [
        *("aceclofenac", "celecoxib", "dexketoprofen", "diclofenac", "etodolac"),
        *("etoricoxib", "ibuprofen", "indometacin", "indomethacin", "ketoprofen"),
        *("ketorolac", "lornoxicam", "meloxicam", "nabumetone", "naproxen"),
        *("piroxicam", "tenoxicam"),
    ],
    "gabapentin": ["gabapentin"],
    "pregabalin": ["pregabalin"],
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of a pain diary: minutes after the procedure, and the score then."""

    minutes: int
    score: Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """One recorded clinical fact, as the requirements read it.

    Attributes:
        seq: the entry it stands in.
        kind: a key of `KINDS`.
        day: the clinical day on which it was so.
        written: the clinical day on which it was written.
        recorded: the instant at which it was written.
        performer: staff id of who did it, or None.
        values: by field name, typed: Decimal, int, date, bool, str or tuple.
        about: the entry it belongs to, for a diary, score or attestation.
        readings: the readings of a diary, earliest first.
    """

    seq: int
    kind: str
    day: dt.date
    written: dt.date
    recorded: dt.datetime
    performer: str | None
    values: Mapping[str, Any]
    about: int | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def scale(self) -> str | None:
        """The pain scale it speaks: `nrs`, `vas`, or None."""
        if "nrs" in self.values:
            return "nrs"
        return "vas" if "vas" in self.values else None

    @property
    def pain(self) -> Decimal | None:
        """The pain score on its scale, or None."""
        found = self.values.get(self.scale or "")
        return found if isinstance(found, Decimal) else None


def read_value(kind: str, field: Field, raw: Any) -> Any:
    """Return `raw` as the field's type.

    Args:
        kind: the kind of evidence, for the sentence of an error.
        field: which value.
        raw: text as typed, or a JSON value as stored.

    Raises:
        BadInput: it is not such a value, or out of bounds.
    """
    try:
        return _READERS[field.type](field, raw)
    except (ValueError, TypeError, InvalidOperation):
        raise BadInput(
            f"{kind}: --{option_of(field.name)} {expected(field)}",
            f"see: sitrack record {kind} --help",
        ) from None


def expected(field: Field) -> str:
    """Return what a field takes, in words."""
    if field.choices:
        return f"takes {', '.join(field.choices)}"
    if field.type == "score":
        return (
            f"takes a score from {field.low} to {field.high} in steps of {field.step}"
        )
    if field.type in {"whole", "amount"}:
        return f"takes a number from {field.low} to {field.high}"
    if field.type == "date":
        return "takes a date such as 2025-02-17"
    return "takes one lower-case word such as naproxen or 500mg-bd"


def _choice(field: Field, raw: Any) -> str:
    if raw not in field.choices:
        raise ValueError
    return str(raw)


def _choices(field: Field, raw: Any) -> tuple[str, ...]:
    words = raw.split(",") if isinstance(raw, str) else list(raw)
    found = [_choice(field, str(word).strip()) for word in words]
    return tuple(word for word in field.choices if word in found)


def _number(field: Field, raw: Any, step: str) -> Decimal:
    value = Decimal(str(raw))
    if not value.is_finite() or not field.low <= value <= field.high:
        raise ValueError
    if value % Decimal(step):
        raise ValueError
    return value.normalize() if value else Decimal(0)


def _whole(field: Field, raw: Any) -> int:
    return int(_number(field, raw, "1"))


def _date(_field: Field, raw: Any) -> dt.date:
    return raw if isinstance(raw, dt.date) else dt.date.fromisoformat(str(raw))


def _flag(_field: Field, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise TypeError
    return raw


def _word(_field: Field, raw: Any) -> str:
    if not isinstance(raw, str) or not _WORD.match(raw.lower()):
        raise ValueError
    return raw.lower()


_READERS: Final[Mapping[str, Any]] = {
    "choice": _choice,
    "choices": _choices,
    "score": lambda field, raw: _number(field, raw, field.step),
    "amount": lambda field, raw: _number(field, raw, "0.001"),
    "whole": _whole,
    "date": _date,
    "flag": _flag,
    "word": _word,
}


def read_reading(text: str, scale: str) -> Reading:
    """Return the diary reading typed as `1h=2`, `0.5h=3` or `30m=3`.

    Raises:
        BadInput: it is not a reading, or the score is not on the scale.
    """
    match = _READING.match(text)
    hint = "a reading is a time after the procedure and a score: 1h=2 or 30m=3"
    if match is None:
        raise BadInput("a diary reading cannot be understood", hint)
    minutes = Decimal(match.group(1)) * (60 if match.group(2) == "h" else 1)
    score = Decimal(match.group(3))
    if minutes % 1 or minutes > 72 * 60:
        raise BadInput("a diary reading lies within 72 hours, at whole minutes", hint)
    if score > (10 if scale == "nrs" else 100) or (scale == "vas" and score % 1):
        raise BadInput(f"a diary reading is outside the {scale.upper()} scale", hint)
    return Reading(int(minutes), score)


def read_values(kind: Kind, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the typed values of a form, defaults filled in, absent ones left out.

    Raises:
        BadInput: a value is wrong, unknown, or a required one is missing.
    """
    known = {field.name: field for field in kind.fields}
    for name in raw:
        if name not in known:
            raise BadInput(f"{kind.name} has no field {repeated(name, 'of that name')}")
    found: dict[str, Any] = {}
    for field in kind.fields:
        value = raw.get(field.name)
        if value is None or value is False:
            value = field.default
        if value is None:
            if field.required:
                raise BadInput(
                    f"{kind.name}: --{option_of(field.name)} is missing",
                    f"see: sitrack record {kind.name} --help",
                )
            continue
        found[field.name] = read_value(kind.name, field, value)
    if kind.one_of and not any(name in found for name in kind.one_of):
        options = ", ".join(f"--{option_of(name)}" for name in kind.one_of)
        raise BadInput(f"{kind.name}: give at least one of {options}")
    return found


def drug_class(values: Mapping[str, Any]) -> str:
    """Return the class of a medication entry: as given, else by the drug's name."""
    given = values.get("drug_class")
    if given:
        return str(given)
    for name, drugs in _DRUG_CLASSES.items():
        if values.get("drug") in drugs:
            return name
    return "other"


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return typed values as JSON without floats: decimals and dates as text."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def from_json(kind: Kind, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored values typed again; fields that this version lacks are kept out."""
    found: dict[str, Any] = {}
    for field in kind.fields:
        if field.name in stored:
            found[field.name] = read_value(kind.name, field, stored[field.name])
    return found
