"""Loads a protocol from TOML, and refuses what is not one, naming the place.

The text is data and is treated as hostile: keys and kinds come from closed lists,
names are plain lower-kebab words (never a dotted path that a library might import),
and every number that a requirement uses must be declared with a source.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sitrack.errors import BadInput, NotFound, repeated
from sitrack.pathway import calendar, numbers, shapes
from sitrack.pathway.calendar import Duration
from sitrack.pathway.follow_ups import ANCHORS, CLOSERS, Closer, FollowUp
from sitrack.pathway.moves import COMMANDS, Move
from sitrack.pathway.protocol import Derived, Protocol, StageRule, reachable_from
from sitrack.pathway.requirements import KINDS, Requirement
from sitrack.pathway.stages import Stage, Status
from sitrack.pathway.writing import toml

SHIPPED: Final = "si-2026.1"
"""The protocol that a new ledger adopts."""

_RULE_ID: Final = re.compile(r"[A-Z0-9]{2,4}-[A-Z0-9]{1,12}\Z|BOOKED\Z")
_MAX_BYTES: Final = 1_000_000


def shipped_text() -> str:
    """Return the text of the protocol that travels with the package."""
    folder = importlib.resources.files("sitrack.pathway") / "protocols"
    return (folder / f"{SHIPPED}.toml").read_text(encoding="utf-8")


def shipped(name: str) -> Protocol:
    """Return the shipped protocol of that id.

    Raises:
        NotFound: none of that id is shipped.
    """
    if name != SHIPPED:
        raise NotFound(
            f"there is no protocol {repeated(name, 'of that name')}",
            f"the shipped one is {SHIPPED}",
        )
    return load(shipped_text())


@functools.lru_cache(maxsize=32)
def load(text: str) -> Protocol:
    """Read and validate a protocol.

    Raises:
        BadInput: it is not a protocol; the sentence names the place.
    """
    return _Reader(document_of(text), text).protocol()


def load_document(document: dict[str, Any]) -> Protocol:
    """Validate a protocol that was put together, and give it a text.

    Raises:
        BadInput: it is not a protocol; the sentence names the place.
    """
    _Reader(document, "").protocol()
    return load(toml(document))


def document_of(text: str) -> dict[str, Any]:
    """Return the tables of a protocol file, whatever they hold.

    Raises:
        BadInput: it is not TOML, or too large.
    """
    if len(text) > _MAX_BYTES:
        raise BadInput("the protocol is larger than 1 MB")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        where = str(error)[:120] if isinstance(error, tomllib.TOMLDecodeError) else ""
        raise BadInput(f"the protocol is not TOML: {where}") from None


def content_hash(text: str) -> str:
    """Return the name of a protocol version: the SHA-256 of its text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


_TOP: Final = {
    "id": str,
    "title": str,
    "initial": str,
    "numbers": dict,
    "settings": dict,
    "windows": dict,
    "stages": list,
    "moves": list,
    "status_moves": list,
    "follow_ups": list,
    "steps": dict,
}
_OPTIONAL: Final = {"derived", "calendar", "contact"}
_MOVE: Final = {
    "id",
    "title",
    "from",
    "to",
    "command",
    "reasons",
    "variances",
    "sources",
    "requirements",
}
_RULE: Final = {
    "id",
    "title",
    "stages",
    "anchor",
    "only",
    "offset",
    "every",
    "closes",
    "waits_for",
    "recipient",
    "show_days",
    "sources",
}


class _Reader:
    """Turns a parsed document into a `Protocol`, or names the first wrong place."""

    def __init__(self, document: dict[str, Any], text: str) -> None:
        self.document = document
        self.text = text

    def protocol(self) -> Protocol:
        shapes.known(self.document, {*_TOP, *_OPTIONAL}, "the file")
        for key, kind in _TOP.items():
            shapes.of_type(self.document.get(key), kind, key)
        for key in _OPTIONAL & self.document.keys():
            shapes.table(self.document[key], key)
        self.numbers = numbers.numbers(self.document["numbers"])
        self.flags = numbers.flags(self.document["settings"])
        stages = tuple(
            self._stage(row, f"stages[{i}]") for i, row in self._rows("stages")
        )
        self.stage_ids = {stage.id for stage in stages}
        if self.document["initial"] not in self.stage_ids:
            raise BadInput("protocol: initial names no stage of the file")
        protocol = Protocol(
            id=self._protocol_id(),
            title=shapes.text(self.document, "title", "the file"),
            hash=content_hash(self.text),
            text=self.text,
            initial=self.document["initial"],
            numbers=self.numbers,
            windows=numbers.windows(self.document["windows"]),
            stages=stages,
            moves=tuple(self._moves("moves", self.stage_ids)),
            status_moves=tuple(self._moves("status_moves", {s.value for s in Status})),
            follow_ups=tuple(
                self._follow_up(i, row) for i, row in self._rows("follow_ups")
            ),
            steps=numbers.steps(self.document["steps"]),
            contact=numbers.contact(self.document.get("contact", {})),
            calendar=calendar.calendar(self.document.get("calendar", {})),
            derived=self._derived(),
        )
        _refuse_ambiguity(protocol)
        _refuse_unreachable(protocol)
        return protocol

    # --- pieces of the file

    def _protocol_id(self) -> str:
        name = self.document["id"]
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}\.[0-9]{1,4}", name):
            raise BadInput("protocol: id must look like si-2026.1")
        return str(name)

    def _derived(self) -> Derived | None:
        row = self.document.get("derived")
        if row is None:
            return None
        shapes.known(row, {"protocol", "hash", "changed"}, "derived")
        places = shapes.listed(row, "changed", "derived")
        return Derived(
            protocol=shapes.text(row, "protocol", "derived"),
            hash=shapes.text(row, "hash", "derived"),
            changed=frozenset(
                shapes.text({"": each}, "", "derived.changed") for each in places
            ),
        )

    def _stage(self, row: Mapping[str, Any], place: str) -> StageRule:
        shapes.known(row, {"id", "purpose", "final"}, place)
        name = shapes.word(row, "id", place)
        if name not in {stage.value for stage in Stage}:
            raise BadInput(f"protocol: {place}.id names no stage of the pathway")
        purpose = shapes.text(row, "purpose", place)
        return StageRule(name, purpose, shapes.flag(row, "final", place))

    def _moves(self, key: str, places: set[str]) -> Iterable[Move]:
        seen: set[str] = set()
        for index, row in self._rows(key):
            place = f"{key}[{index}]"
            shapes.known(row, _MOVE, place)
            move_id = shapes.word(row, "id", place)
            place = f"{key}.{move_id}"
            if move_id in seen:
                raise BadInput(f"protocol: {place} stands twice")
            seen.add(move_id)
            yield Move(
                id=move_id,
                title=shapes.text(row, "title", place),
                sources=shapes.members(row, "from", places, place),
                target=self._target(row, places, place),
                command=self._command(row, place),
                requirements=tuple(self._requirements(row, place)),
                reasons=shapes.words(row.get("reasons", []), f"{place}.reasons"),
                variances=shapes.words(row.get("variances", []), f"{place}.variances"),
                citations=shapes.sources(row, place),
            )

    def _target(
        self, row: Mapping[str, Any], places: set[str], place: str
    ) -> str | None:
        if "to" not in row:
            if places >= {stage.value for stage in Stage}:
                raise BadInput(f"protocol: {place}.to is missing")
            return None
        if shapes.word(row, "to", place) not in places:
            raise BadInput(f"protocol: {place}.to names nothing declared")
        return str(row["to"])

    def _command(self, row: Mapping[str, Any], place: str) -> str:
        if "command" in row:
            shapes.one_of(row, "command", COMMANDS, place)
        return str(row.get("command", "advance"))

    def _requirements(self, row: Mapping[str, Any], move: str) -> Iterable[Requirement]:
        names: set[str] = set()
        for index, table in enumerate(shapes.listed(row, "requirements", move)):
            place = f"{move}.requirements[{index}]"
            kind = shapes.word(shapes.table(table, place), "kind", place)
            if kind not in KINDS:
                raise BadInput(f"protocol: {place}.kind {kind!r} is not a known kind")
            if kind in names:
                raise BadInput(f"protocol: {place} repeats the kind {kind}")
            names.add(kind)
            expected = KINDS[kind].parameters
            shapes.known(table, {"kind", "hard", *expected}, place)
            values = {
                name: self._parameter(table, name, expected[name], f"{place} ({kind})")
                for name in expected
                if name in table or name not in KINDS[kind].defaults
            }
            hard = shapes.flag(table, "hard", place)
            whole = {**KINDS[kind].defaults, **values}
            yield Requirement(kind, kind, whole, hard, self._cited(table, expected))

    def _cited(
        self, table: Mapping[str, Any], expected: Mapping[str, str]
    ) -> tuple[str, ...]:
        found: list[str] = []
        for name, kind in expected.items():
            if kind == "number" and name in table:
                found += self.numbers[table[name]].sources
        return tuple(dict.fromkeys(found))

    def _parameter(
        self, table: Mapping[str, Any], name: str, kind: str, place: str
    ) -> int | bool | str | tuple[str, ...]:
        if name not in table:
            raise BadInput(f"protocol: {place} needs {name}")
        value = table[name]
        if kind == "words":
            return shapes.words(value, f"{place}.{name}")
        if not isinstance(value, str):
            raise BadInput(f"protocol: {place}.{name} must be a name, in quotes")
        if kind == "word":
            return shapes.text(table, name, place)
        known: Mapping[str, Any] = self.flags if kind == "flag" else self.numbers
        if value not in known:
            where = "settings" if kind == "flag" else "numbers"
            raise BadInput(
                f"protocol: {place}.{name} refers to {value!r}, "
                f"which [{where}] does not hold"
            )
        return self.flags[value] if kind == "flag" else self.numbers[value].value

    def _follow_up(self, index: int, row: Mapping[str, Any]) -> FollowUp:
        place = f"follow_ups[{index}]"
        shapes.known(row, _RULE, place)
        name = shapes.text(row, "id", place)
        if not _RULE_ID.match(name):
            raise BadInput(f"protocol: {place}.id must look like CON-TRIAL")
        place = f"follow_ups.{name}"
        shapes.one_of(row, "anchor", ANCHORS, place)
        shapes.one_of(row, "waits_for", ("patient", "staff"), place)
        if "recipient" in row:
            shapes.one_of(row, "recipient", ("coordinator", "lead"), place)
        return FollowUp(
            id=name,
            title=shapes.text(row, "title", place)[:24],
            stages=shapes.members(row, "stages", self.stage_ids, place),
            anchor=row["anchor"],
            only=shapes.words(row.get("only", []), f"{place}.only"),
            offset=_duration(row, "offset", place),
            every=_interval(row, place),
            closers=tuple(
                self._closer(table, f"{place}.closes[{i}]")
                for i, table in enumerate(shapes.listed(row, "closes", place))
            ),
            waits_for=row["waits_for"],
            recipient=row.get("recipient", "coordinator"),
            show_days=shapes.whole(row, "show_days", place)
            if "show_days" in row
            else 7,
            citations=shapes.sources(row, place),
        )

    def _closer(self, table: Any, place: str) -> Closer:
        row = shapes.table(table, place)
        shapes.known(row, {"evidence", "from_day", "from_due"}, place)
        shapes.one_of(row, "evidence", CLOSERS, place)
        return Closer(
            row["evidence"],
            shapes.whole(row, "from_day", place) if "from_day" in row else None,
            shapes.whole(row, "from_due", place) if "from_due" in row else None,
        )

    # --- the smallest checks, each naming the place

    def _rows(self, key: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
        for index, row in enumerate(self.document[key]):
            yield index, shapes.table(row, f"{key}[{index}]")


def _duration(row: Mapping[str, Any], key: str, place: str) -> Duration:
    """A length of time: a whole number of days, or `"10bd"`."""
    if not isinstance(row.get(key), str):
        return Duration(shapes.whole(row, key, place))
    try:
        return calendar.read_duration(row[key])
    except BadInput as error:
        raise BadInput(f"protocol: {place}.{key}: {error.message}") from None


def _interval(row: Mapping[str, Any], place: str) -> Duration | None:
    if "every" not in row:
        return None
    every = _duration(row, "every", place)
    if every.count < 1:
        raise BadInput(f"protocol: {place}.every must be at least 1")
    if every.unit != _duration(row, "offset", place).unit:
        raise BadInput(f"protocol: {place}.every must count as its offset does")
    return every


def _refuse_ambiguity(protocol: Protocol) -> None:
    for key, rows in (("stages", protocol.stages), ("follow_ups", protocol.follow_ups)):
        ids = [row.id for row in rows]
        for name in ids:
            if ids.count(name) > 1:
                raise BadInput(f"protocol: {key}.{name} stands twice")
    pairs: set[tuple[str, str | None]] = set()
    for move in protocol.moves:
        for source in move.sources:
            if (source, move.target) in pairs:
                raise BadInput(
                    f"protocol: two moves lead from {source} to {move.target}; "
                    "a stage must name one move"
                )
            pairs.add((source, move.target))


def _refuse_unreachable(protocol: Protocol) -> None:
    reached = reachable_from(protocol, protocol.initial)
    for stage in protocol.stages:
        if stage.id not in reached:
            raise BadInput(
                f"protocol: no move leads to the stage {stage.id} "
                f"from {protocol.initial}"
            )
