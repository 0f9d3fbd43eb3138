"""The headers of entries for people: a table for a spreadsheet, or one page to read.

They stand beside the lines that the verifier reads, in the same folder. The page holds
no script and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Final

from sitrack.legible import separated, shown
from sitrack.record.trail import COLUMNS

FORMS: Final = ("ndjson", "csv", "html")

_STYLE: Final = (
    "body{font:14px sans-serif}table{border-collapse:collapse}"
    "td,th{border:1px solid #999;padding:2px 6px;text-align:left}"
    "td{font-family:monospace}"
)

Rows = Iterable[Mapping[str, Any]]


def files(form: str, title: str, rows: Rows) -> Mapping[str, Iterable[str]]:
    """Return the text of what is added for a form, by the name of the file."""
    if form == "csv":
        return {"entries.csv": [separated(COLUMNS, rows, "csv")]}
    if form == "html":
        return {"entries.html": _page(title, rows)}
    return {}


def _page(title: str, rows: Rows) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield f"<title>{_told(title)}</title>\n<style>{_STYLE}</style></head><body>\n"
    yield f"<h1>{_told(title)}</h1>\n<table>\n<tr>"
    yield "".join(f"<th>{name}</th>" for name in COLUMNS)
    yield "</tr>\n"
    count = 0
    for row in rows:
        count += 1
        cells = "".join(f"<td>{_told(row[name])}</td>" for name in COLUMNS)
        yield f"<tr>{cells}</tr>\n"
    yield f"</table>\n<p>{count} entries. Verify them: python verify.py</p>\n"
    yield "</body></html>\n"


def _told(value: Any) -> str:
    return "" if value is None else escape(shown(str(value)))
