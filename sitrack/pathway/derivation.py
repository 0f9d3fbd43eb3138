"""A clinic's own protocol: a short file that says what it changes of another one.

It may change numbers, settings, windows, reminder steps and follow-ups, each by the
name it has there, and say when the clinic is open; it cannot touch stages, moves or
requirements, so that nothing the pathway promises can be derived away. What results is a whole protocol, which stands
alone: its text holds everything, and the hash of what it came from.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sitrack.errors import BadInput
from sitrack.pathway import calendar, public_holidays, shapes
from sitrack.pathway.loading import document_of, load, load_document
from sitrack.pathway.protocol import Protocol

CLINIC: Final = "clinic"
"""The source of what a clinic changes and gives no source for."""

_VALUE_OF: Final = {
    "numbers": "value",
    "settings": "value",
    "windows": "minutes",
    "steps": "days",
    "contact": "days",
}
"""Tables of named values, and the key under which a row keeps its value."""

CHANGEABLE: Final = (
    "title",
    "offset",
    "every",
    "closes",
    "waits_for",
    "recipient",
    "show_days",
    "sources",
)
"""What may differ in a follow-up of the same name; its anchor and stages may not."""

FILE: Final = ("derives", "id", "title", *_VALUE_OF, "follow_ups", "calendar")
"""What a derived file may say."""


class Unfit(BadInput):
    """Overrides that do not fit the protocol they are meant for.

    Attributes:
        faults: every one, a sentence each.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(
            f"{self.faults[0]}{more}", "see everything: sitrack pathway check FILE"
        )


def read(text: str, base_of: Callable[[str], Protocol]) -> Protocol:
    """Return the protocol of a file, whether whole or derived from another one.

    Args:
        text: the file.
        base_of: finds a protocol by its id, or raises `NotFound`.

    Raises:
        BadInput: it is no protocol; the sentence names the place.
        Unfit: it is a derived one, and does not fit; with every fault.
    """
    document = document_of(text)
    if "derives" not in document:
        return load(text)
    shapes.known(document, FILE, "the file")
    for key in ("derives", "id", "title"):
        shapes.text(document, key, "the file")
    base = base_of(document["derives"])
    if document["id"] == base.id:
        raise Unfit(
            [f"protocol: id is that of the protocol it derives from, {base.id}"]
        )
    overrides = {name: each for name, each in document.items() if name != "derives"}
    return derived(base, overrides)


def derived(base: Protocol, overrides: Mapping[str, Any]) -> Protocol:
    """Return the whole protocol that `overrides` make of `base`.

    Raises:
        BadInput: what results is no protocol.
        Unfit: they do not fit; with every fault.
    """
    document, changed = merged(document_of(base.text), overrides)
    document["derived"] = {"protocol": base.id, "hash": base.hash, "changed": changed}
    return load_document(document)


def merged(
    base: Mapping[str, Any], overrides: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return (the document of `base` with `overrides` laid over it, places changed).

    Raises:
        Unfit: a name that the base does not have, another unit, a follow-up removed
            that is not there; with every fault.
    """
    merging = _Merging(base)
    for key, value in overrides.items():
        if key in _VALUE_OF:
            merging.values(key, value)
        elif key == "follow_ups":
            merging.follow_ups(value)
        elif key == "calendar":
            merging.calendar(value)
        else:
            merging.document[key] = value
    if merging.faults:
        raise Unfit(merging.faults)
    return merging.document, sorted(merging.changed)


class _Merging:
    """A document on its way from one protocol to another."""

    def __init__(self, base: Mapping[str, Any]) -> None:
        self.document: dict[str, Any] = copy.deepcopy(dict(base))
        self.changed: set[str] = set()
        self.faults: list[str] = []

    def values(self, key: str, overrides: Any) -> None:
        """Lay rows of named values over those of the base."""
        for name, row in self._table(overrides, key).items():
            place = f"{key}.{name}"
            try:
                rows = self.document.setdefault(key, {})
                rows[name] = _value_row(rows, name, row, _VALUE_OF[key], place)
                self.changed.add(place)
            except BadInput as fault:
                self.faults.append(fault.message)

    def follow_ups(self, overrides: Any) -> None:
        """Change, add and remove follow-ups, by their ids."""
        seen: set[str] = set()
        for index, row in enumerate(self._rows(overrides, "follow_ups")):
            place = f"follow_ups[{index}]"
            try:
                name = shapes.text(shapes.table(row, place), "id", place)
                _refuse_twice(name, seen)
                self._follow_up(name, row)
                self.changed.add(f"follow_ups.{name}")
            except BadInput as fault:
                self.faults.append(fault.message)

    def _follow_up(self, name: str, row: Mapping[str, Any]) -> None:
        rows, place = self.document["follow_ups"], f"follow_ups.{name}"
        names = [each["id"] for each in rows]
        if shapes.flag(row, "remove", place):
            shapes.known(row, ("id", "remove"), place)
            del rows[_index(names, name, place)]
        elif name in names:
            shapes.known(row, ("id", "remove", *CHANGEABLE), place)
            told = {key: row[key] for key in row if key != "remove"}
            rows[names.index(name)] |= {"sources": [CLINIC], **told}
        elif "anchor" not in row and "stages" not in row:
            # It was meant for one that is there.
            _index(names, name, place)
        else:
            told = {key: row[key] for key in row if key != "remove"}
            rows.append({"sources": [CLINIC], **told})

    def calendar(self, overrides: Any) -> None:
        """Say when the clinic is open, and write its holidays out."""
        said = self._table(overrides, "calendar")
        before = dict(self.document.get("calendar", {}))
        before.pop("holidays", None)
        if "country" in said:
            before.pop("region", None)
        try:
            shapes.known(said, calendar.SAID, "calendar")
            self.document["calendar"] = _with_holidays({**before, **said})
            self.changed.add("calendar")
        except BadInput as fault:
            self.faults.append(fault.message)

    def _table(self, value: Any, place: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.faults.append(f"protocol: {place} must be a table")
            return {}
        return value

    def _rows(self, value: Any, place: str) -> list[Any]:
        if not isinstance(value, list):
            self.faults.append(f"protocol: {place} must be a list")
            return []
        return value


def _with_holidays(row: dict[str, Any]) -> dict[str, Any]:
    """A calendar with the public holidays of its place, if it names one."""
    if not row.keys() & {"country", "region", "years"}:
        return row
    country = shapes.text(row, "country", "calendar")
    region = shapes.text(row, "region", "calendar") if "region" in row else None
    days = public_holidays.listed(country, region, calendar.years(row))
    return {**row, "holidays": days}


def _value_row(
    rows: Mapping[str, Any], name: str, row: Any, key: str, place: str
) -> dict[str, Any]:
    """One named value with its new value, its unit kept."""
    before = rows[_known(rows, name, place)]
    table = shapes.table(row, place)
    shapes.known(table, {key, "unit", "sources"} & {key, "sources", *before}, place)
    if key not in table:
        raise BadInput(f"protocol: {place}.{key} is missing")
    if table.get("unit", before.get("unit")) != before.get("unit"):
        raise BadInput(
            f"protocol: {place} is in {before['unit']}, not in {table['unit']}"
        )
    after = {**before, key: table[key], "sources": table.get("sources", [CLINIC])}
    _refuse_out_of_range(after, key, place)
    return after


def _refuse_out_of_range(row: Mapping[str, Any], key: str, place: str) -> None:
    if key == "value" and "unit" not in row:
        if not isinstance(row[key], bool):
            raise BadInput(f"protocol: {place}.{key} must be true or false")
        return
    value = shapes.whole(row, key, place)
    if value < 0 or (row.get("unit") == "%" and value > 100):
        raise BadInput(f"protocol: {place}.{key} is out of range")
    shapes.sources(row, place)


def _known(names: Iterable[str], name: str, place: str) -> str:
    """Return a name that is there.

    Raises:
        BadInput: it is not; with the nearest one.
    """
    known = list(names)
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise BadInput(f"protocol: {place} names nothing that is there{meant}")


def _refuse_twice(name: str, seen: set[str]) -> None:
    if name in seen:
        raise BadInput(f"protocol: follow_ups.{name} stands twice")
    seen.add(name)


def _index(names: list[str], name: str, place: str) -> int:
    return names.index(_known(names, name, place))
