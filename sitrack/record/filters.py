"""The one grammar by which episodes are picked: `stage:rfa overdue:14d+ held:no`.

Words side by side all have to hold; `or`, `not` and brackets work in a quoted word.
Nothing in it is eaten by a bare shell. An unknown field or word is an error that names
the nearest one, never an empty list.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sitrack.clock import read_day
from sitrack.errors import BadInput, repeated
from sitrack.journey.patient import (
    is_episode_key,
    is_patient_key,
    read_episode_key,
    read_patient_key,
)
from sitrack.pathway.stages import Side, Stage, Status
from sitrack.record.bands import BANDS
from sitrack.record.worklist import HIDDEN, Waiting

Fits = Callable[[Waiting], bool]

_GRAMMAR: Final = r"""
    ?start: any
    ?any: all ("or" all)*
    ?all: one (["and"] one)*
    ?one: "not" one -> none | "(" any ")" | term
    term: FIELD ":" VALUE
    FIELD: /[a-z-]+(?=:)/
    VALUE: /[^\s()]+/
    %import common.WS
    %ignore WS
"""
_RANGE: Final = re.compile(r"(?P<low>[^.]*)\.\.(?P<high>[^.]*)\Z")
_LENGTH: Final = re.compile(r"([0-9]{1,4})(d|w|bd)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when: `owner:me`, `team:mine` and `due:today` depend on it.

    Attributes:
        name: their staff id.
        today: the clinical day.
        teams: the teams that they belong to.
        staff: everybody who is or was on the staff list; None lets any name pass.
        every_team: every team that there is; None lets any name pass.
        rules: every rule of a protocol on record, and code of band `!`; None lets any
            word pass.
    """

    name: str
    today: dt.date
    teams: frozenset[str] = frozenset()
    staff: frozenset[str] | None = None
    every_team: frozenset[str] | None = None
    rules: frozenset[str] | None = None


def read_filter(words: Sequence[str], asker: Asker) -> Fits | None:
    """Return the filter that was typed, or None where none was.

    Args:
        words: as the shell gave them; a quoted word with several terms is a group.
        asker: who asks, and on which day.

    Raises:
        BadInput: it cannot be understood, or names nobody; with a suggestion.
        NotFound: a key in it is nobody's.
    """
    if not words:
        return None
    import lark

    text = " ".join(f"({word})" if " " in word else word for word in words)
    try:
        tree = lark.Lark(_GRAMMAR, parser="earley").parse(text)
        return _compiled(tree, asker)
    except lark.exceptions.UnexpectedInput:
        raise BadInput("the filter cannot be understood", _meant_by(words)) from None


def _meant_by(words: Sequence[str]) -> str:
    """What may have been meant by a word without its field."""
    fields = {
        "episode": is_episode_key,
        "patient": is_patient_key,
        "stage": {stage.value for stage in Stage}.__contains__,
        "side": {side.value for side in Side}.__contains__,
    }
    for word in words:
        for field, is_one in fields.items():
            if is_one(word):
                return f"did you mean {field}:{word}?"
    return "such as: stage:rfa overdue:14d+ 'owner:me or owner:none'"


def _compiled(tree: Any, asker: Asker) -> Fits:
    if tree.data == "term":
        field, value = (str(token) for token in tree.children)
        return _term(field, value, asker)
    parts = [_compiled(each, asker) for each in tree.children if each is not None]
    if tree.data == "none":
        return lambda row: not parts[0](row)
    if tree.data == "any":
        return lambda row: any(part(row) for part in parts)
    return lambda row: all(part(row) for part in parts)


def _term(field: str, value: str, asker: Asker) -> Fits:
    if field not in _FIELDS:
        near = difflib.get_close_matches(field, _FIELDS, n=1, cutoff=0.5)
        known = f"did you mean {near[0]}:?" if near else f"one of {', '.join(_FIELDS)}"
        raise BadInput(
            f"a filter has no field {repeated(field, 'of that name')}", known
        )
    return _FIELDS[field](field, value, asker)


# --- kinds of fields


def _word(of: str, choices: Sequence[str]) -> Callable[[str, str, Asker], Fits]:
    """A field that is one of some words."""

    def read(field: str, value: str, _asker: Asker) -> Fits:
        wanted = value if of == "band" else value.lower()
        if wanted not in choices:
            raise BadInput(
                f"{field}: takes no {repeated(value, 'such word')}",
                _meant(field, wanted, choices),
            )
        return lambda row: str(getattr(row, of) or "").lower() == wanted.lower()

    return read


def _meant(field: str, wanted: str, choices: Sequence[str]) -> str:
    """The nearest word, by itself or by a part of it: `blokc` is `diagnostic-block`."""
    parts = {part: word for word in choices for part in (*word.split("-"), word)}
    near = difflib.get_close_matches(wanted, parts, n=1, cutoff=0.5)
    if near:
        return f"did you mean {field}:{parts[near[0]]}?"
    return f"{field}: takes {', '.join(choices[:5])}" + ("…" if choices[5:] else "")


def _key(of: str, key_of: Callable[[str], Any]) -> Callable[[str, str, Asker], Fits]:
    """A field that names somebody by a key; one that is nobody's is refused."""

    def read(_field: str, value: str, _asker: Asker) -> Fits:
        key = str(key_of(value))
        return lambda row: getattr(row, of) == key

    return read


def _person(of: str) -> Callable[[str, str, Asker], Fits]:
    """A field that names somebody: a staff id, `me`, or `none`."""

    def read(field: str, value: str, asker: Asker) -> Fits:
        ours = {"none": None, "me": asker.name}
        if value not in ours:
            _refuse_stranger(field, value, asker.staff, "staff")
        wanted = ours.get(value, value)
        return lambda row: getattr(row, of) == wanted

    return read


def _team(field: str, value: str, asker: Asker) -> Fits:
    if value == "mine":
        return lambda row: row.team in asker.teams
    if value == "none":
        return lambda row: row.team is None
    _refuse_stranger(field, value, asker.every_team, "team")
    return lambda row: row.team == value


def _rule(field: str, value: str, asker: Asker) -> Fits:
    """A follow-up by its id, in capitals or not, or what stands first in band `!`.

    Raises:
        BadInput: no protocol on record has it; with the nearest one.
    """
    wanted = value.lower()
    known = {rule.lower(): rule for rule in sorted(asker.rules or ())}
    if asker.rules is not None and wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
        raise BadInput(
            f"{field}: knows no {repeated(value, 'such name')}",
            f"did you mean {field}:{known[near[0]]}?"
            if near
            else "see which there are: sitrack pathway show",
        )
    return lambda row: row.rule.lower() == wanted


def _refuse_stranger(
    field: str, value: str, known: frozenset[str] | None, listed: str
) -> None:
    """Refuse the name of nobody: its empty list would look like a day off.

    Raises:
        BadInput: nobody is or was called so; with the nearest name.
    """
    if known is None or value in known:
        return
    near = difflib.get_close_matches(value.lower(), sorted(known), n=1, cutoff=0.5)
    raise BadInput(
        f"{field}: knows no {repeated(value, 'such name')}",
        f"did you mean {field}:{near[0]}?"
        if near
        else f"see who there is: sitrack {listed} list",
    )


def _is(hidden: str) -> Callable[[str, str, Asker], Fits]:
    """A field that is yes or no."""

    def read(field: str, value: str, _asker: Asker) -> Fits:
        if value not in {"yes", "no"}:
            raise BadInput(f"{field}: takes yes or no")
        states = {"held": "on-hold", "lost": "lost"}

        def fits(row: Waiting) -> bool:
            if hidden in states:
                return row.status == states[hidden]
            return bool(row.alert) if hidden == "alert" else row.hidden == hidden

        return lambda row: fits(row) is (value == "yes")

    return read


def _count(of: str) -> Callable[[str, str, Asker], Fits]:
    def read(field: str, value: str, _asker: Asker) -> Fits:
        low, high = _bounds(field, value, lambda text: _whole(field, text))
        return lambda row: _between(getattr(row, of), low, high)

    return read


def _whole(field: str, text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise BadInput(f"{field}: takes a number", f"such as {field}:2+")
    return int(text)


def _overdue(field: str, value: str, asker: Asker) -> Fits:
    """How long it has been due: `14d+` at least so long, `14d-` at most."""
    business = "bd" in value
    low, high = _bounds(field, value, lambda text: _length(field, text))

    def late(row: Waiting) -> int | None:
        if row.due is None:
            return None
        days = row.days if business else (row.due - asker.today).days
        return -(days or 0)

    return lambda row: (late(row) or 0) > 0 and _between(late(row), low, high)


def _in_stage(field: str, value: str, asker: Asker) -> Fits:
    low, high = _bounds(field, value, lambda text: _length(field, text))
    return lambda row: _between((asker.today - row.since).days, low, high)


def _length(field: str, text: str) -> int:
    found = _LENGTH.match(text)
    if found is None or (found[2] == "bd" and field != "overdue"):
        raise BadInput(f"{field}: takes a length of time", f"such as {field}:14d+")
    return int(found[1]) * (7 if found[2] == "w" else 1)


def _due(field: str, value: str, asker: Asker) -> Fits:
    low, high = _bounds(field, value, lambda text: read_day(text, lambda: asker.today))
    return lambda row: _between(row.due, low, high)


def _bounds(field: str, value: str, read: Callable[[str], Any]) -> tuple[Any, Any]:
    """`X+` at least, `X-` at most, `A..B` from and until, `X` exactly."""
    span = _RANGE.match(value)
    if span is not None:
        low, high = (read(part) if part else None for part in span.groups())
        if low is None and high is None:
            raise BadInput(f"{field}: names no end", f"such as {field}:2..4")
        return low, high
    if value[-1:] == "+":
        return read(value[:-1]), None
    if value[-1:] == "-":
        return None, read(value[:-1])
    return read(value), read(value)


def _between(value: Any, low: Any, high: Any) -> bool:
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


_FIELDS: Final[dict[str, Callable[[str, str, Asker], Fits]]] = {
    "stage": _word("stage", [stage.value for stage in Stage]),
    "status": _word("status", [status.value for status in Status]),
    "side": _word("side", [side.value for side in Side]),
    "band": _word("band", BANDS),
    "waits": _word("waits_for", ("patient", "staff")),
    "rule": _rule,
    "owner": _person("owner"),
    "team": _team,
    "offered": _person("offered_to"),
    "patient": _key("patient", read_patient_key),
    "episode": _key("episode", read_episode_key),
    "due": _due,
    "overdue": _overdue,
    "in-stage": _in_stage,
    "tries": _count("tries"),
    "alert": _is("alert"),
    **{name: _is(name) for name in HIDDEN if name != "not_due"},
}
"""Every field of a filter, and how its value is read."""
