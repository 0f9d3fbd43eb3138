"""Text that can only be read: what could act on a terminal or a page is spelled out.

Control characters, and marks that turn the direction of writing, become `\\u202E`. Names
and notes hold whatever somebody typed, and pass through here before anybody sees them. A
table for a spreadsheet holds no cell that one would take for a formula.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_BIDI: Final = {0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_SOFT_HYPHEN: Final = 0x00AD


def shown(text: str) -> str:
    """Return text that can only be shown: what could act is spelled out."""
    if text.isprintable():
        # Nothing of the kinds that act is printable, and this looks in one step.
        return text
    return "".join(
        char if is_harmless(char) else f"\\u{ord(char):04X}" for char in text
    )


def is_harmless(char: str) -> bool:
    """Whether a character does nothing but show itself."""
    if ord(char) in _BIDI:
        return False
    return unicodedata.category(char)[0] != "C" or ord(char) == _SOFT_HYPHEN


_FORMULA: Final = (
    "=",
    "+",
    "-",
    "@",
    "|",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
_BLANK: Final = " \t\r\n"


def plain(value: Any) -> str:
    """Return a value as text: a moment as RFC 3339 in UTC, a day as ISO."""
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC).replace(tzinfo=None)
        return utc.isoformat(timespec="microseconds") + "Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def separated(
    columns: Sequence[str], rows: Iterable[Mapping[str, Any]], form: str
) -> str:
    """Return a table as `csv` or `tsv`."""
    import csv
    import io

    out = io.StringIO()
    delimiter = "\t" if form == "tsv" else ","
    writer = csv.writer(out, lineterminator="\n", delimiter=delimiter)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in columns])
    return out.getvalue()


def cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula.

    Quoting does not help: spreadsheets take the quotes off first, and many the blanks.
    """
    kind = type(value)
    if kind is str and value[:1].isalnum() and value.isprintable():
        # Most cells: no formula begins so, and nothing in it acts.
        return value
    if value is None:
        return ""
    if kind is int:
        return value
    if kind is dt.date:
        return value.isoformat()
    if kind is bool:
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        value = " ".join(str(each) for each in value)
    text = plain(value)
    acts = text.lstrip(_BLANK).startswith(_FORMULA) or text[:1] in {"\t", "\r", "\n"}
    return f"'{shown(text)}" if acts else shown(text)
