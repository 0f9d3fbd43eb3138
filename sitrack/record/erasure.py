"""Which contents were erased by law: their entries stand, their words are gone.

An entry of kind `erased` in a patient's stream names, under `streams`, up to which
entry the contents of each stream were erased:
`[{"stream": "episode/P01428-R", "up_to": 14}]`. The
contents of those entries have to be gone, and of no others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, text

ERASED: Final = "erased"

_TOLD: Final = """
SELECT e.stream, p.body FROM entry e
JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
WHERE e.kind = 'erased'
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """Up to which entry the contents of a stream were erased, by its name."""

    up_to: Mapping[str, int] = field(default_factory=dict)

    def covers(self, stream: str, seq: int) -> bool:
        """Whether the content of that entry was erased."""
        return bool(self.up_to) and seq <= self.up_to.get(stream, 0)


def erased(connection: Connection, of: str | None = None) -> Erased:
    """Return what the record says was erased; what cannot be read is left out.

    Args:
        connection: an open transaction.
        of: of the patient whose stream this is, or to whom it belongs; None for all.
    """
    found: dict[str, int] = {}
    if of is None:
        rows = connection.execute(text(_TOLD))
    else:
        whose = of.partition("/")[2].partition("-")[0]
        one = text(f"{_TOLD} AND e.stream = :stream")
        rows = connection.execute(one, {"stream": f"patient/{whose}"})
    for stream, body in rows:
        try:
            told = json.loads(body)["streams"]
            for name, seq in ((each["stream"], each["up_to"]) for each in told):
                if _is_of(stream, name):
                    found[name] = max(int(seq), found.get(name, 0))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue  # its content was changed, which its commitment shows
    return Erased(found)


def _is_of(stream: str, name: str) -> bool:
    """Whether a stream belongs to the patient who asked: one cannot erase others'."""
    kind, _, patient = stream.partition("/")
    of_patient = name == stream or name.startswith(f"episode/{patient}-")
    return kind == "patient" and of_patient
