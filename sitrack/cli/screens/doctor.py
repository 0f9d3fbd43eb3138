"""What `doctor` found as a screen: what is wrong first, each with what mends it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, Final

from sitrack.cli.output import counted
from sitrack.coordination.checkup import Check, Result
from sitrack.legible import shown

_ORDER: Final = tuple(Result)
_INDENT: Final = " " * 9


def row_of(check: Check) -> dict[str, Any]:
    """Return a check as a row."""
    return {
        "check": check.name,
        "result": check.result,
        "what": check.what,
        "command": check.mend,
        "episodes": list(check.episodes),
    }


def lines(found: Sequence[Check], width: int) -> list[str]:
    """Return the screen, for so many columns."""
    told = sorted(
        (each for each in found if each.result is not Result.WELL),
        key=lambda each: _ORDER.index(each.result),
    )
    whole = [line for each in told for line in _lines(each, width)]
    return [*whole, _footer(found)]


def _lines(check: Check, width: int) -> list[str]:
    words = f"{check.result:<9}{check.name}: {shown(check.what)}"
    # What is to be pasted is never broken.
    said = textwrap.wrap(
        words, width, subsequent_indent=_INDENT, break_on_hyphens=False
    )
    return [*said, *([f"{_INDENT}{shown(check.mend)}"] if check.mend else [])]


def _footer(found: Sequence[Check]) -> str:
    counts = {result: sum(each.result is result for each in found) for result in _ORDER}
    told = ", ".join(_counted(n, result) for result, n in counts.items() if n)
    return f"{len(found)} checks: {told}"


def _counted(number: int, result: Result) -> str:
    is_noun = result in {Result.ERROR, Result.WARNING, Result.NOTE}
    return counted(number, result, f"{result}s" if is_noun else result)
