"""Writes a protocol document as TOML, always in the same words.

The hash of a protocol's text is its name, so that the same document must give the
same text in every version: the order is the document's, and nothing is laid out by
length.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_ESCAPED: Final = re.compile(r'[\x00-\x1f\x7f"\\]')


def toml(document: Mapping[str, Any]) -> str:
    """Return the text of a document of words, whole numbers, flags, days and tables.

    Scalars come first; a table holds one line for each of its keys, and a list of
    tables one block for each.
    """
    blocks = [list(_lines(document, top=True))]
    for name, value in document.items():
        if isinstance(value, Mapping):
            blocks.append([f"[{_key(name)}]", *_lines(value)])
        elif _is_rows(value):
            blocks += [[f"[[{_key(name)}]]", *_lines(row)] for row in value]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _lines(table: Mapping[str, Any], *, top: bool = False) -> Iterator[str]:
    for name, value in table.items():
        if top and (isinstance(value, Mapping) or _is_rows(value)):
            continue
        if _is_rows(value):
            rows = "".join(f"  {_inline(row)},\n" for row in value)
            yield f"{_key(name)} = [\n{rows}]"
        else:
            yield f"{_key(name)} = {_inline(value)}"


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    pairs = ", ".join(f"{_key(name)} = {_inline(each)}" for name, each in value.items())
    return f"{{ {pairs} }}" if pairs else "{}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(_escaped, text) + '"'


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
