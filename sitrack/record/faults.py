"""What does not hold in a record, as data: one fault, and the report of a check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

LOG: Final = "log"
"""Where a fault of the sealed log is; its number is that of the seal."""

_STREAMS: Final = ("office", "patient/", "episode/", "access/")

_AT_THE_END: Final = frozenset({"HEAD"})
"""Codes of faults behind the entry that they name, which itself holds."""

_TELL_NOTHING: Final = frozenset({"STANDING", "SEAL_MISSING", "ORPHAN", "LEDGER"})
"""Codes of faults that do not say where a stream ceases to hold."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold.

    Attributes:
        code: `HASH`, `LINK`, `REPLAY` …: see docs/reference/verify.md.
        stream: where: a stream, `log`, `delivery/…`, or the name of a table.
        seq: the first bad entry, or None where it is not about one.
        seen: what was found, in words.
    """

    code: str
    stream: str
    seq: int | None
    seen: str

    @property
    def holds_to(self) -> int | None:
        """The last entry of the stream that still holds; None where it does not tell."""
        is_stream = self.stream.startswith(_STREAMS)
        if self.seq is None or not is_stream or self.code in _TELL_NOTHING:
            return None
        return self.seq if self.code in _AT_THE_END else self.seq - 1


@dataclass
class Report:
    """What was checked, and what does not hold.

    Attributes:
        streams: how many were walked.
        entries: how many, in all of them.
        episodes: how many were replayed.
        seals: how many seals the record holds.
        leaves: how many leaves those cover.
        is_signed: whether keys were brought along, and the signatures checked.
        faults: what does not hold.
    """

    streams: int = 0
    entries: int = 0
    episodes: int = 0
    seals: int = 0
    leaves: int = 0
    is_signed: bool = False
    faults: list[Fault] = field(default_factory=list)


def still_holding(faults: Iterable[Fault]) -> dict[str, int]:
    """Return, for each stream with a bad entry, up to which number it still holds."""
    found: dict[str, int] = {}
    for fault in faults:
        if fault.holds_to is not None:
            before = found.get(fault.stream, fault.holds_to)
            found[fault.stream] = min(before, fault.holds_to)
    return found
