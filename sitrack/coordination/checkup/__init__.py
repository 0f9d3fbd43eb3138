"""What `doctor` looks at: care that has stopped, and the ground the record stands on.

Each check answers for itself: all is well, or what is wrong and the command that mends
it. It is quick; `audit verify` is the one that reads every entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Result(StrEnum):
    """How a check came out, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "unknown"
    NOTE = "note"
    WELL = "well"


ASKS_FOR_SOMEBODY: Final = frozenset({Result.ERROR, Result.WARNING})
"""With these somebody has to do something."""

NAMED: Final = 3
"""Episodes that a sentence names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: its code.
        result: how it came out.
        what: what was seen, in words; empty where all is well.
        mend: the command that mends it, or shows how; or None.
        episodes: the episodes that it is about.
    """

    name: str
    result: Result = Result.WELL
    what: str = ""
    mend: str | None = None
    episodes: Sequence[str] = ()


def of_episodes(
    name: str, keys: Sequence[str], result: Result, what: str, mend: str
) -> Check:
    """Return a check that every episode passes but those of these keys.

    Args:
        name: its code.
        keys: the episodes that do not pass.
        result: how it came out, if there are any.
        what: what is wrong, before their keys.
        mend: the command that mends it; `{}` stands for the first key.
    """
    if not keys:
        return Check(name)
    return Check(name, result, f"{what} {listed(keys)}", mend.format(keys[0]), keys)


def listed(keys: Sequence[str]) -> str:
    """Return the first keys, and how many more there are."""
    named = ", ".join(keys[:NAMED])
    return f"{named} and {len(keys) - NAMED} more" if len(keys) > NAMED else named
