"""Reads one row of an import: every fault of every cell at once, and no value repeated.

What a cell holds may say who somebody is. A problem names the row and the column, and
quotes words of ours alone.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sitrack.clock import zone_named
from sitrack.errors import BadInput
from sitrack.journey.evidence import expected, read_reading, read_value
from sitrack.journey.forms import KINDS, Field
from sitrack.journey.intake.columns import (
    COLUMNS,
    FRAME,
    IDENTIFYING,
    NEEDED,
    NEEDED_IN,
    NEW,
    PATIENT,
    ROW_KINDS,
    Column,
)
from sitrack.journey.patient import is_patient_key
from sitrack.legible import is_harmless
from sitrack.pathway.policy import payer_named
from sitrack.pathway.stages import Side, Stage

LONGEST: Final = 100
"""Characters in a cell, but for those of `text`."""
LONGEST_TEXT: Final = 10_000

_FORMULA: Final = ("=", "+", "-", "@", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_LINE_BREAKS: Final = str.maketrans("", "", "\t\r\n")
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_IN_ANOTHER_ORDER: Final = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}\Z")
_SERIAL: Final = re.compile(r"[0-9]{5}(\.[0-9]+)?\Z", re.ASCII)
_ROUNDED: Final = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+\Z", re.ASCII)
_YEARS: Final = range(1900, 2201)
_YES_NO: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something of a file cannot be taken.

    Attributes:
        row: its number, as a spreadsheet counts; None where it is the whole file.
        column: the column, where it is one.
        code: one word for programs, or a code of the pathway.
        message: why, without any value of the file.
        hint: what mends it, or None.
        is_refusal: the pathway refuses what can be read well.
    """

    row: int | None
    column: str | None
    code: str
    message: str
    hint: str | None = None
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file.

    Attributes:
        number: as a spreadsheet counts: the first row below the heads is 2.
        cells: what is not empty, by the name of its column.
    """

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Act:
    """One row that was read: what is to be written.

    Attributes:
        row: its number.
        id: the row's own name.
        kind: one of `ROW_KINDS`.
        patient: what the file calls the person.
        side: of an episode; None for a patient.
        on: the day; None where the kind has another default.
        values: the values of a fact, by field.
        readings: those of a diary.
        said: every other cell, by the name of its column.
        digest: tells whether the same id comes back with another content.
    """

    row: int
    id: str
    kind: str
    patient: str
    side: Side | None
    on: dt.date | None
    values: Mapping[str, Any]
    readings: tuple[str, ...]
    said: Mapping[str, str]
    digest: str


def problems_of(row: Row) -> list[Problem]:
    """Return everything that is wrong with the cells of a row."""
    found = [_problem(row, name, *fault) for name, fault in _missing_keys(row)]
    kind = row.cells.get("kind")
    if kind is not None and kind not in ROW_KINDS:
        found.append(_problem(row, "kind", "choice", *_not_among(kind, ROW_KINDS)))
        kind = None
    for name, cell in row.cells.items():
        fault = _fault_of(COLUMNS[name], kind, cell)
        if fault is not None:
            found.append(_problem(row, name, *fault))
    if kind is not None:
        found += _lacking(row, kind)
    return found


def act_of(row: Row) -> Act:
    """Return what a row without problems says."""
    cells = row.cells
    kind = cells["kind"]
    on = cells.get("on")
    values = {
        field.name: value
        for name, cell in cells.items()
        if (field := _field(COLUMNS[name], kind)) is not None
        and (value := _raw(field, cell)) is not None
    }
    return Act(
        row=row.number,
        id=cells["id"],
        kind=kind,
        patient=cells[PATIENT],
        side=Side(cells["side"]) if "side" in cells else None,
        on=dt.date.fromisoformat(on) if on else None,
        values=values,
        readings=tuple(cells.get("readings", "").split()),
        said={name: cell for name, cell in cells.items() if not COLUMNS[name].fields},
        digest=_digest(cells),
    )


def _digest(cells: Mapping[str, str]) -> str:
    told = {name: cell for name, cell in cells.items() if name not in IDENTIFYING}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


# --- faults: (code, message, hint)

Fault = tuple[str, str, str | None]


def _problem(
    row: Row, column: str, code: str, message: str, hint: str | None = None
) -> Problem:
    return Problem(row.number, column, code, message, hint)


def _missing_keys(row: Row) -> list[tuple[str, Fault]]:
    return [
        (name, ("missing", "is empty", None))
        for name in NEEDED
        if name not in row.cells
    ]


def _lacking(row: Row, kind: str) -> list[Problem]:
    """What a row of that kind may not leave empty."""
    found = [
        _problem(row, name, "missing", f"is empty: a row of {kind} needs it")
        for name in NEEDED_IN[kind]
        if name not in row.cells
    ]
    one_of = KINDS[kind].one_of if kind in KINDS else ()
    options = [name.replace("_", "-") for name in one_of]
    if options and not any(name in row.cells for name in options):
        wanted = f"is empty: a row of {kind} needs one of {', '.join(options)}"
        found.append(_problem(row, options[0], "missing", wanted))
    return found


def _fault_of(column: Column, kind: str | None, cell: str) -> Fault | None:
    """The first fault of one cell."""
    fault = _unreadable(column, cell)
    if fault is not None or column.name == "kind":
        return fault
    if kind is not None and kind not in column.kinds:
        return "not-taken", f"a row of {kind} takes nothing here", "leave it empty"
    field = _field(column, kind)
    if field is not None:
        return _wrong_value(str(kind), field, cell)
    if column.fields:
        return None  # of which kind the value is, nobody can tell
    return _wrong_word(column.name, cell)


def _unreadable(column: Column, cell: str) -> Fault | None:
    """What no cell may hold: what acts on a screen, a formula, too much."""
    is_text = column.name == "text"
    plain = cell.translate(_LINE_BREAKS) if is_text else cell
    if not (plain.isprintable() or all(map(is_harmless, plain))):
        why = "holds a character that is not text"
        return "unprintable", why, "control characters and marks of direction go out"
    longest = LONGEST_TEXT if is_text else LONGEST
    if len(cell) > longest:
        return "too-long", f"is longer than {longest:,} characters", None
    if cell.startswith(_FORMULA) and not is_text:
        return "formula", "begins like a formula of a spreadsheet", "write the value"
    return None


def _field(column: Column, kind: str | None) -> Field | None:
    return (column.fields or {}).get(kind or "")


def _raw(field: Field, cell: str) -> Any:
    """A cell as the form takes it; None where a flag says no."""
    if field.type == "flag":
        return _YES_NO[cell] or None
    if field.type == "choices":
        return ",".join(cell.replace(",", " ").split())
    return cell


def _wrong_value(kind: str, field: Field, cell: str) -> Fault | None:
    if field.type == "flag":
        return None if cell in _YES_NO else ("choice", "takes yes or no", None)
    if field.type == "date":
        return _wrong_date(cell)
    try:
        read_value(kind, field, _raw(field, cell))
    except BadInput:
        near = _meant(cell, field.choices)
        return "value", expected(field), near
    return None


def _wrong_word(name: str, cell: str) -> Fault | None:
    """What is wrong with a cell that is no value of a fact."""
    if name in _READ:
        try:
            _READ[name](cell)
        except BadInput as error:
            return "value", error.message, error.hint
    return _JUDGED[name](cell) if name in _JUDGED else None


def _wrong_side(cell: str) -> Fault | None:
    if cell in set(Side):
        return None
    hint = _meant(cell, [*Side]) or "of a session on both sides, write two rows"
    return "choice", "takes left or right", hint


def _wrong_stage(cell: str) -> Fault | None:
    return None if cell in set(Stage) else ("choice", *_not_among(cell, [*Stage]))


def _wrong_number(cell: str) -> Fault | None:
    if not _ROUNDED.match(cell):
        return None
    why = "was turned into a rounded number by a spreadsheet"
    return "value", why, "format the column as text, and fill it in again"


def _wrong_person(cell: str) -> Fault | None:
    if cell == NEW or is_patient_key(cell):
        return None
    return "value", f"takes a patient's key such as P01428, or {NEW}", None


def _read_readings(cell: str) -> None:
    for reading in cell.split():
        read_reading(reading, "vas")  # the wider scale: the narrower is judged later


def _wrong_date(cell: str) -> Fault | None:
    """What is wrong with a cell that should hold a day."""
    if not _ISO.match(cell):
        if _IN_ANOTHER_ORDER.match(cell):
            why = "is a date that can be read in two ways"
            return "date", why, "write the year first, as 2025-04-03 for 3 April"
        if _SERIAL.match(cell):
            why = "is a spreadsheet's number of a day"
            return "date", why, "format the column as YYYY-MM-DD"
        return "date", "takes a date such as 2025-04-03", None
    try:
        day = dt.date.fromisoformat(cell)
    except ValueError:
        return "date", "there is no such day in the calendar", None
    if day.year not in _YEARS:
        return "date", f"lies outside {_YEARS[0]} to {_YEARS[-1]}", None
    return None


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "zone": zone_named,
    "payer": payer_named,
    "readings": _read_readings,
}
_JUDGED: Final[Mapping[str, Callable[[str], Fault | None]]] = {
    **dict.fromkeys(("on", "born", "review"), _wrong_date),
    "side": _wrong_side,
    "stage": _wrong_stage,
    "mrn": _wrong_number,
    "same-as": _wrong_person,
}
"""Cells that are words or days of the frame, and no values of a fact."""


def _not_among(cell: str, words: Iterable[str]) -> tuple[str, str | None]:
    known = list(words)
    short = known if len(known) <= len(FRAME) + 4 else None
    said = f"takes {', '.join(short)}" if short else "is not a word for it"
    return said, _meant(cell, known) or f"one of {', '.join(known)}"


def _meant(cell: str, words: Iterable[str]) -> str | None:
    """A word of ours that is near to what stands there."""
    near = difflib.get_close_matches(cell.lower(), list(words), 1)
    return f"did you mean {near[0]}?" if near else None
