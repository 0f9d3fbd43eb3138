"""Rows of an import, from CSV or NDJSON: as many faults as there are, and none twice.

Only what makes a row a row is looked at here; what its cells say is read by
`journey.intake`. CSV is read strictly: commas, one row of heads, as many cells in each
row as there are heads. NDJSON has one object on each line, with the same names.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sitrack.exchange.incoming import Faulty, Incoming, Tell
from sitrack.journey.intake.columns import COLUMNS, NEEDED
from sitrack.journey.intake.rows import Problem, Row

_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}
_HEADS: Final = "see the columns: sitrack import --template"
_LIST_SIGNS: Final = {"readings": " "}


def rows(source: Incoming, tell: Tell) -> Iterator[Row | Problem]:
    """Return the rows of a file, and what keeps others from being read."""
    read = _objects if source.begins_like_json() else _cells
    is_empty = True
    try:
        for found in read(source.lines(tell)):
            is_empty = False
            yield found
    except Faulty as fault:
        yield fault.problem
        return
    if is_empty:
        yield Problem(None, None, "empty", "the file holds no rows", _HEADS)


# --- CSV


def _cells(lines: Iterator[str]) -> Iterator[Row | Problem]:
    reader = _Counted(lines)
    heads = [head.strip() for head in next(reader, [])]
    faults = list(_faults_of_heads(heads))
    if faults:
        yield from faults
        return
    for cells in reader:
        found = {
            name: text
            for name, cell in zip(heads, cells, strict=False)
            if cell and (text := cell.strip())
        }
        if not found and not any(map(str.strip, cells)):
            continue
        if len(cells) != len(heads):
            why = f"has {len(cells)} cells where there are {len(heads)} columns"
            hint = "a comma within a cell wants the cell in quotes"
            yield Problem(reader.number, None, "ragged", why, hint)
            continue
        yield Row(reader.number, found)


class _Counted:
    """A strict reader of CSV that counts rows as a spreadsheet does.

    Attributes:
        number: of the row that was read last.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._reader = csv.reader(lines, strict=True)
        self.number = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> list[str]:
        self.number += 1
        try:
            return next(self._reader)
        except csv.Error as error:
            raise Faulty(self.number, *_why_unreadable(str(error))) from None


def _why_unreadable(said: str) -> tuple[str, str, str | None]:
    if "field limit" in said:
        hint = "is a quote left open above it?"
        return "too-long", "a cell is longer than any can be", hint
    if "unexpected end" in said:
        why = "a quote is opened and never closed; nothing after it can be read"
        return "quotes", why, None
    hint = 'a quote within a quoted cell is written twice: ""'
    return "quotes", "the quotes cannot be followed from here on", hint


def _faults_of_heads(heads: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the first row; places are named as a spreadsheet does."""
    if len(heads) == 1:
        for sign, called in _SEPARATORS.items():
            if sign in heads[0]:
                why = f"the columns are separated by {called}"
                yield Problem(1, None, "separator", why, "save it with commas")
                return
    for place, head in enumerate(heads):
        where = letter_of(place)
        if not head:
            yield Problem(1, where, "no-head", "the column has no name", _HEADS)
        elif head not in COLUMNS:
            yield Problem(1, where, "unknown-column", *_unknown(head))
        elif head in heads[:place]:
            first = letter_of(heads.index(head))
            why = f"names the same column as {first}"
            yield Problem(1, where, "twice", why, "leave one of them out")
    for name in NEEDED:
        if name not in heads:
            yield Problem(1, name, "missing", "the column is missing", _HEADS)


def _unknown(name: str) -> tuple[str, str]:
    """What is said of a name that is no column; it may be anything, and is not shown."""
    near = difflib.get_close_matches(name.lower().replace("_", "-"), COLUMNS, 1)
    return (
        "is no column of an import",
        f"did you mean {near[0]}?" if near else _HEADS,
    )


def letter_of(place: int) -> str:
    """Return what a spreadsheet calls a column: A, B, …, Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


# --- NDJSON


def _objects(lines: Iterator[str]) -> Iterator[Row | Problem]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield from _object(number, _parsed(line))
        except _Repeated:
            yield Problem(number, None, "twice", "a name stands twice in the object")
        except (ValueError, RecursionError):
            why, hint = "is not a JSON object", "one object on each line"
            yield Problem(number, None, "json", why, hint)


class _Repeated(Exception):
    """A name stands twice in one object."""


def _parsed(line: str) -> Any:
    # Numbers stay the text that they are: 0.5 is no fraction of two.
    return json.loads(
        line,
        object_pairs_hook=_once,
        parse_int=str,
        parse_float=str,
        parse_constant=_refuse_constant,
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Repeated
    return found


def _refuse_constant(_name: str) -> None:
    raise ValueError


def _object(number: int, found: Any) -> Iterator[Row | Problem]:
    if not isinstance(found, dict):
        raise ValueError  # noqa: TRY004 - said of the line, as of what is no JSON
    faults: list[Row | Problem] = []
    cells: dict[str, str] = {}
    for name, value in found.items():
        if name not in COLUMNS:
            faults.append(Problem(number, None, "unknown-column", *_unknown(name)))
            continue
        text = _as_cell(name, value)
        if text is None:
            why = "takes a text, a number, true or false, or a list of these"
            faults.append(Problem(number, name, "value", why))
        elif text.strip():
            cells[name] = text.strip()
    yield from faults or [Row(number, cells)]


def _as_cell(name: str, value: Any) -> str | None:
    """A value of JSON as a cell; None where it can be none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return _LIST_SIGNS.get(name, ",").join(value)
    return None


# --- the template


def template() -> str:
    """Return a CSV file that can be imported: every column, and one invented patient."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_EXAMPLE)
    return out.getvalue()


def _of(number: int, kind: str, **cells: str) -> Mapping[str, str]:
    more = {name.replace("_", "-"): cell for name, cell in cells.items()}
    return {"id": f"example-{number}", "kind": kind, "patient": "example", **more}


_side: Callable[[str], dict[str, str]] = lambda day: {"side": "right", "on": day}  # noqa: E731

_EXAMPLE: Final = (
    _of(1, "patient", given="Alba", family="Abel", born="1970-05-31", mrn="SYN-0"),
    _of(2, "episode", **_side("2025-01-06")),
    _of(
        3,
        "injection",
        **_side("2025-01-06"),
        guidance="fluoroscopy",
        contrast="in-joint",
        nrs="8",
    ),
    _of(4, "diary", side="right", readings="1h=2 2h=2", **{"for": "example-3"}),
    _of(5, "score", **_side("2025-01-20"), nrs="7"),
    _of(6, "move", **_side("2025-01-20"), stage="re-evaluation"),
)
