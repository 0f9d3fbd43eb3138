"""A payer's policy: what it asks otherwise than the protocol, for a second verdict.

A policy is data that travels with the package (`policies/`): numbers and settings of
the protocol under the names they have there, each with its source. The protocol goes on
deciding every move. What a policy does not state is left to the protocol, and what an
older protocol does not know is left out, and said.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sitrack.errors import BadInput, repeated
from sitrack.pathway.derivation import derived
from sitrack.pathway.loading import document_of, load
from sitrack.pathway.protocol import Protocol

_PAYER: Final = re.compile(r"[a-z][a-z0-9-]{1,39}\Z", re.ASCII)
NOBODY: Final = "none"
"""Typed where a patient has no payer any more."""


@dataclass(frozen=True)
class Policy:
    """What one payer asks, as published in the sources named.

    Attributes:
        id: `medicare-lcd-2023`.
        title: whose it is, and of when.
        sources: citation keys of the whole.
        numbers: by name: `value`, and `sources` of its own.
        settings: by name, likewise.
    """

    id: str
    title: str
    sources: tuple[str, ...]
    numbers: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Mapping[str, Any]]

    @property
    def covers_rfa(self) -> bool | None:
        """Whether it pays for an RFA; None where it does not say."""
        row = self.settings.get("rfa_covered")
        return None if row is None else bool(row["value"])


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for a patient, as far as the coverage of an RFA goes.

    Attributes:
        name: a coded word; that of a shipped policy where there is one.
        covers_rfa: None where no shipped policy says; the protocol's default holds.
    """

    name: str
    covers_rfa: bool | None

    def frozen(self) -> dict[str, Any]:
        """Return what a move keeps of it: a policy may say otherwise one day."""
        return {"name": self.name, "covers_rfa": self.covers_rfa}

    @classmethod
    def thawed(cls, kept: Mapping[str, Any] | None) -> Payer | None:
        """Return the payer by which a move was judged, from what it kept."""
        return None if kept is None else cls(kept["name"], kept["covers_rfa"])


def names() -> tuple[str, ...]:
    """Return the ids of the shipped policies, in alphabetical order."""
    files = _folder().iterdir()
    return tuple(
        sorted(
            each.name.removesuffix(".toml")
            for each in files
            if each.name.endswith(".toml")
        )
    )


@functools.cache
def policy_named(name: str) -> Policy:
    """Return a shipped policy.

    Raises:
        BadInput: there is none of that name; with those that there are.
    """
    if name not in names():
        raise BadInput(
            f"there is no policy {repeated(name, 'of that name')}",
            f"one of {_listed()}",
        )
    text = (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    return Policy(
        id=document["id"],
        title=document["title"],
        sources=tuple(document["sources"]),
        numbers=document.get("numbers", {}),
        settings=document.get("settings", {}),
    )


def _listed() -> str:
    return ", ".join(names())


def _folder() -> Any:
    return importlib.resources.files("sitrack.pathway") / "policies"


def payer_named(name: str) -> Payer:
    """Return a payer, with what a shipped policy of that name says of RFA.

    Raises:
        BadInput: it is no coded word.
    """
    if not _PAYER.match(name) or name == NOBODY:
        raise BadInput(
            "a payer is one lower-case word with hyphens, never a number or a person",
            f"such as {_listed()}",
        )
    covers = policy_named(name).covers_rfa if name in names() else None
    return Payer(name, covers)


def under(policy: Policy, protocol: Protocol) -> tuple[Protocol, tuple[str, ...]]:
    """Return the protocol as a policy would have it, and what it does not know.

    The second are names of the policy that the protocol, an older one, does not hold.
    """
    return _under(policy.id, protocol.text)


@functools.lru_cache(maxsize=32)
def _under(name: str, text: str) -> tuple[Protocol, tuple[str, ...]]:
    policy, document = policy_named(name), document_of(text)
    asked = {"numbers": policy.numbers, "settings": policy.settings}
    known = {
        table: {each: row for each, row in rows.items() if each in document[table]}
        for table, rows in asked.items()
    }
    unknown = [
        each
        for table, rows in asked.items()
        for each in rows
        if each not in known[table]
    ]
    return derived(load(text), known), tuple(unknown)
