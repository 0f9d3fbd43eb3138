"""What does not hold in a record, as data: one fault, and the report of a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold.

    Attributes:
        code: `HASH`, `LINK`, `REPLAY` …: see docs/reference/verify.md.
        stream: where.
        seq: the first bad entry, or None where it is not about one.
        seen: what was found, in words.
    """

    code: str
    stream: str
    seq: int | None
    seen: str


@dataclass
class Report:
    """What was checked, and what does not hold."""

    streams: int
    entries: int
    episodes: int
    faults: list[Fault]
