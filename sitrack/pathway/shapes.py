"""The smallest checks of a protocol file; each names the place that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sitrack.errors import BadInput

_WORD: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\Z")


def known(table: Mapping[str, Any], keys: Iterable[str], place: str) -> None:
    """Refuse a key that is not in `keys`."""
    for key in table:
        if key not in set(keys):
            raise BadInput(f"protocol: {place} has an unknown key {key[:40]!r}")


def of_type(value: Any, kind: type, place: str) -> None:
    """Refuse a value that is missing or of another type."""
    if value is None:
        raise BadInput(f"protocol: {place} is missing")
    if not isinstance(value, kind):
        raise BadInput(f"protocol: {place} is not what it should be")


def table(value: Any, place: str) -> Mapping[str, Any]:
    """Return a value that is a table."""
    if not isinstance(value, dict):
        raise BadInput(f"protocol: {place} must be a table")
    return value


def whole(table: Mapping[str, Any], key: str, place: str) -> int:
    """Return a whole number."""
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput(f"protocol: {place}.{key} must be a whole number")
    if not -36525 <= value <= 36525:
        raise BadInput(f"protocol: {place}.{key} is out of range")
    return value


def flag(table: Mapping[str, Any], key: str, place: str) -> bool:
    """Return true or false; false where it is not given."""
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise BadInput(f"protocol: {place}.{key} must be true or false")
    return value


def listed(table: Mapping[str, Any], key: str, place: str) -> list[Any]:
    """Return a list; an empty one where it is not given."""
    value = table.get(key, [])
    if not isinstance(value, list):
        raise BadInput(f"protocol: {place}.{key} must be a list")
    return value


def text(table: Mapping[str, Any], key: str, place: str) -> str:
    """Return one line of text."""
    value = table.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise BadInput(f"protocol: {place}.{key} must be a line of text")
    return value


def word(table: Mapping[str, Any], key: str, place: str) -> str:
    """Return one lower-kebab word."""
    value = text(table, key, place)
    if not _WORD.match(value):
        raise BadInput(
            f"protocol: {place}.{key} {value[:40]!r} must be a lower-kebab word; "
            "dotted names are never called"
        )
    return value


def words(value: Any, place: str) -> tuple[str, ...]:
    """Return a list of lower-kebab words."""
    if not isinstance(value, list):
        raise BadInput(f"protocol: {place} must be a list of words")
    return tuple(word({"": each}, "", place) for each in value)


def members(
    table: Mapping[str, Any], key: str, allowed: set[str], place: str
) -> tuple[str, ...]:
    """Return words that all stand in `allowed`."""
    found = words(table.get(key), f"{place}.{key}")
    if not found:
        raise BadInput(f"protocol: {place}.{key} names nothing")
    for each in found:
        if each not in allowed:
            raise BadInput(f"protocol: {place}.{key} names {each!r}, not declared")
    return found


def one_of(
    table: Mapping[str, Any], key: str, allowed: Iterable[str], place: str
) -> None:
    """Refuse a word that is not in `allowed`."""
    if table.get(key) not in tuple(allowed):
        raise BadInput(f"protocol: {place}.{key} must be one of {', '.join(allowed)}")


def sources(table: Mapping[str, Any], place: str) -> tuple[str, ...]:
    """Return the citation keys; there is always one."""
    value = table.get("sources")
    if not isinstance(value, list) or not value:
        raise BadInput(f"protocol: {place} cites no source")
    if not all(isinstance(key, str) and key.isprintable() for key in value):
        raise BadInput(f"protocol: {place}.sources must be citation keys")
    return tuple(value)
