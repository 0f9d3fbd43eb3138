"""Reads the named values of a protocol: numbers, settings, windows and steps.

Each is named once, with its source; moves and follow-ups refer to it by name, so that
a clinic or a payer changes it in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sitrack.errors import BadInput
from sitrack.pathway import shapes
from sitrack.pathway.protocol import Number


def numbers(rows: Mapping[str, Any]) -> dict[str, Number]:
    """Return `[numbers]`: whole numbers with a unit, none below nothing."""
    return {name: _number(row, f"numbers.{name}") for name, row in rows.items()}


def _number(row: Any, place: str) -> Number:
    table = shapes.table(row, place)
    shapes.known(table, {"value", "unit", "sources"}, place)
    value, unit = (
        shapes.whole(table, "value", place),
        shapes.text(table, "unit", place),
    )
    if value < 0 or (unit == "%" and value > 100):
        raise BadInput(f"protocol: {place}.value is out of range")
    return Number(value, unit, shapes.sources(table, place))


def flags(rows: Mapping[str, Any]) -> dict[str, bool]:
    """Return `[settings]`: what is true or false."""
    return {name: _flag(row, f"settings.{name}") for name, row in rows.items()}


def _flag(row: Any, place: str) -> bool:
    table = shapes.table(row, place)
    shapes.known(table, {"value", "sources"}, place)
    if not isinstance(table.get("value"), bool):
        raise BadInput(f"protocol: {place}.value must be true or false")
    shapes.sources(table, place)
    return bool(table["value"])


def windows(rows: Mapping[str, Any]) -> dict[str, int]:
    """Return `[windows]`: minutes by anaesthetic agent; `other` stands for the rest."""
    found = {
        name: _span(row, "minutes", f"windows.{name}") for name, row in rows.items()
    }
    if "other" not in found:
        raise BadInput("protocol: windows.other is missing")
    return found


def steps(rows: Mapping[str, Any]) -> dict[str, int]:
    """Return `[steps]`: days after the due date, by step of a reminder."""
    return {name: _span(row, "days", f"steps.{name}") for name, row in rows.items()}


def contact(rows: Mapping[str, Any]) -> dict[str, int]:
    """Return `[contact]`: days until the next attempt, by what came of the last."""
    return {name: _span(row, "days", f"contact.{name}") for name, row in rows.items()}


def _span(row: Any, unit: str, place: str) -> int:
    table = shapes.table(row, place)
    shapes.known(table, {unit, "sources"}, place)
    shapes.sources(table, place)
    return shapes.whole(table, unit, place)
