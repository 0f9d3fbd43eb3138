"""Words about one side of a session on both: `left.nrs=8`, `right.reading=1h=2`.

A word names a side, an option of the command without its dashes, and a value. What is
said of one side stands in place of what is said of both.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sitrack.errors import BadInput, may_be_repeated
from sitrack.journey import forms
from sitrack.pathway.stages import Side

_WORD = re.compile(r"(left|right)\.([a-z-]{1,40})=(.+)\Z", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,9}\Z", re.ASCII)
_READING, _ABOUT, _VERSION = "reading", "for", "expect-version"


@dataclass
class Own:
    """What is said of one side alone.

    Attributes:
        values: by field name, as typed.
        readings: of a diary, as typed.
        about: the entry of that side's episode that it belongs to.
        version: the version that side's episode is expected at.
    """

    values: dict[str, Any] = field(default_factory=dict)
    readings: list[str] = field(default_factory=list)
    about: int | None = None
    version: int | None = None


def read_sides(kind: forms.Kind, words: Iterable[str]) -> dict[Side, Own]:
    """Return what is said of each side.

    Raises:
        BadInput: a word cannot be understood, names no option, or says a thing twice.
    """
    told = {side: Own() for side in Side}
    said: set[tuple[str, str]] = set()
    for word in words:
        match = _WORD.match(word)
        if match is None:
            # The word is not repeated: people type names where they do not belong.
            raise BadInput(
                f"{kind.name}: a word after the key cannot be understood",
                "a value of one side is typed such as left.nrs=8",
            )
        side, name, value = match.groups()
        if name != _READING and (side, name) in said:
            raise BadInput(f"{kind.name}: {side}.{name} is given twice")
        said.add((side, name))
        _take(told[Side(side)], kind, side, name, value)
    return told


def _take(own: Own, kind: forms.Kind, side: str, name: str, value: str) -> None:
    fields = {forms.option_of(each.name): each for each in kind.fields}
    more = [_VERSION]
    if kind.name == "diary":
        more.append(_READING)
    if kind.about_entry:
        more.append(_ABOUT)
    if name in fields:
        own.values[fields[name].name] = _value(kind, fields[name], side, value)
    elif name not in more:
        hint = _nearest(kind, side, name, [*fields, *more])
        raise BadInput(
            f"{kind.name} has no {side}.{name if may_be_repeated(name) else '…'}", hint
        )
    elif name == _READING:
        own.readings.append(value)
    elif name == _ABOUT:
        own.about = _number(kind, side, name, value)
    else:
        own.version = _number(kind, side, name, value)


def _nearest(kind: forms.Kind, side: str, name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {side}.{near[0]}? " if near else ""
    return f"{meant}see: sitrack record {kind.name} --help"


def _value(kind: forms.Kind, field_: forms.Field, side: str, value: str) -> Any:
    if field_.type != "flag":
        return value
    if value not in {"yes", "no"}:
        name = forms.option_of(field_.name)
        raise BadInput(f"{kind.name}: {side}.{name} takes yes or no")
    return value == "yes"


def _number(kind: forms.Kind, side: str, name: str, value: str) -> int:
    if not _NUMBER.match(value):
        raise BadInput(f"{kind.name}: {side}.{name} takes a number, such as 7")
    return int(value)
