"""Walks every stream, entry by entry: numbers, links, hashes, times, contents, leaves.

One query gives every entry beside its content and its leaf of the sealed log, and
another the head of each stream, in the same order; one row is held at a time. Of each stream the first bad entry is
named, and beside it the first that is another than what was sealed. Values come as
the driver gives them: in a damaged file anything may stand anywhere, and must become
a finding.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, text

from sitrack.record import chain, codec
from sitrack.record.erasure import Erased
from sitrack.record.faults import Fault
from sitrack.record.ledger import Ledger

AHEAD: Final = dt.timedelta(minutes=5)
"""How far a record may be ahead of this clock before that is a finding."""

SOON: Final = dt.timedelta(days=1)
"""How long an entry may be under no seal, where the record is sealed."""

_TOLD_EVERY: Final = 1_000
_STORED: Final = codec.HEADER[1:]

_WALK: Final = f"""
SELECT {", ".join(f"e.{name}" for name in _STORED)}, e.previous, e.hash,
  p.salt, p.body, l.hash
FROM entry e
LEFT JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
LEFT JOIN leaf l ON l.stream = e.stream AND l.seq = e.seq
{{where}} ORDER BY e.stream, e.seq
"""  # noqa: S608 - names of ours
_HEADS: Final = """
SELECT s.stream, s.seq, s.hash FROM stream s
WHERE EXISTS (SELECT 1 FROM entry e WHERE e.stream = s.stream) {where}
ORDER BY s.stream
"""

_SEQ: Final = _STORED.index("seq")
_OCCURRED: Final = _STORED.index("occurred")
_RECORDED: Final = _STORED.index("recorded")
_COMMITMENT: Final = _STORED.index("commitment")
_FIELDS: Final = len(_STORED)
_PREVIOUS, _HASH, _SALT, _BODY, _LEAF = range(_FIELDS, _FIELDS + 5)

_Row = Any
_Seen = tuple[str, str]


@dataclass
class Walk:
    """One walk over every stream, and what it saw on its way.

    Attributes:
        ledger: the record.
        now: the present, by which it is told what is overdue.
        latest: the last instant at which anything can have been written.
        tell: called with the number of entries seen, every thousand.
        erased: which contents were erased by law.
        streams: how many there were.
        entries: how many there were.
        leaves: how many of them a seal covers.
        unsealed: the oldest entry under no seal: (recorded, stream, number).
        broken: the streams in which an entry is bad.
    """

    ledger: Ledger
    now: dt.datetime
    latest: dt.datetime
    tell: Callable[[int], None]
    erased: Erased
    streams: int = 0
    entries: int = 0
    leaves: int = 0
    unsealed: tuple[str, str, int] | None = None
    broken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._latest = self.latest + AHEAD

    def faults(
        self, connection: Connection, only: str | None = None
    ) -> Iterator[Fault]:
        """The first fault of each stream, in the order of their names.

        Args:
            connection: a transaction that reads one consistent state.
            only: the one stream to walk; None for all.
        """
        heads = _Heads(_rows(connection, _HEADS, "AND s.stream = :only", only))
        at: _Place | None = None
        for row in _rows(connection, _WALK, "WHERE e.stream = :only", only):
            if at is None or row[0] != at.stream:
                yield from self._left(at, heads)
                at = _Place(self.ledger, row[0], self.erased)
                self.streams += 1
            self.entries += 1
            if not self.entries % _TOLD_EVERY:
                self.tell(self.entries)
            if row[_LEAF] is not None:
                self.leaves += 1
            else:
                self._note_unsealed(row)
            if at.fault is None:
                if at.unlike is None and row[_LEAF] not in {None, row[_HASH]}:
                    at.unlike = at.number
                at.fault = self._look(at, row)
        yield from self._left(at, heads)
        self.tell(self.entries)

    def _note_unsealed(self, row: _Row) -> None:
        found = (str(row[_RECORDED]), str(row[0]), row[_SEQ])
        if self.unsealed is None or found[0] < self.unsealed[0]:
            self.unsealed = found

    def _left(self, at: _Place | None, heads: _Heads) -> Iterator[Fault]:
        """What is to be said at the end of a stream."""
        if at is None:
            return
        if at.unlike is not None:
            seen = "it is not what was sealed under its number"
            yield Fault("SEAL_ROOT", str(at.stream), at.unlike, seen)
        if heads.of(at.stream) != (at.number - 1, at.previous) and at.fault is None:
            at.fault = "HEAD", "the head of the stream is not its last entry"
            at.number -= 1
        if at.fault is not None:
            self.broken.add(str(at.stream))
            code, seen = at.fault
            yield Fault(code, str(at.stream), at.number, seen)

    def _look(self, at: _Place, row: _Row) -> _Seen | None:
        """What is wrong with the next entry of a stream; None if nothing."""
        try:
            seen = (
                _chain_fault(at, row)
                or self._time_fault(at, row)
                or _content_fault(at, row)
            )
        except (ValueError, TypeError, OverflowError, AttributeError):
            return "INTEGRITY", "it cannot be read as an entry"
        if seen is None:
            at.previous, at.recorded = row[_HASH], row[_RECORDED]
            at.number += 1
        return seen

    def _time_fault(self, at: _Place, row: _Row) -> _Seen | None:
        recorded, occurred = row[_RECORDED], row[_OCCURRED]
        if recorded <= at.recorded:
            return "CLOCK", "it was written before the entry before it"
        written = codec.read_instant(recorded)
        if written > self._latest:
            return "FUTURE", "it was written in the future"
        happened = codec.read_occurred(occurred)
        if isinstance(happened, dt.datetime):
            is_later = happened > written
        else:
            # Days differ from zone to zone: only those around need a closer look.
            is_later = (
                occurred >= recorded[:10]
                and happened > written.astimezone(self.ledger.zone).date()
            )
        return ("FUTURE", "it happened after it was written") if is_later else None


def _rows(connection: Connection, query: str, where: str, only: str | None) -> Any:
    """The rows of a query, in pieces; of one stream, or of all where none is named."""
    return connection.execute(
        text(query.format(where="" if only is None else where)),
        {} if only is None else {"only": only},
        execution_options={"yield_per": _TOLD_EVERY},
    )


class _Heads:
    """The heads of the streams that have entries, one after another."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def of(self, stream: Any) -> tuple[Any, Any] | None:
        """The number and hash of the next stream's head; None where it has none."""
        head = self._next
        if head is None or head[0] != stream:
            return None
        self._next = next(self._rows, None)
        return head[1], head[2]


class _Place:
    """Where a walk is in a stream.

    Attributes:
        stream: its name.
        erased_to: the last number whose content was erased by law; 0 for none.
        number: which the next entry has to have, or has that is bad.
        previous: the hash it has to be chained to.
        recorded: when the entry before it was written.
        fault: what is wrong in this stream.
        unlike: the first entry that is another than its leaf.
    """

    __slots__ = (
        *("erased_to", "fault", "framed", "number"),
        *("previous", "recorded", "stream", "unlike"),
    )

    def __init__(self, ledger: Ledger, stream: Any, erased: Erased) -> None:
        self.stream = stream
        self.erased_to = erased.up_to.get(stream, 0)
        self.number = 1
        self.recorded = ""
        self.fault: _Seen | None = None
        self.unlike: int | None = None
        try:
            self.previous = chain.genesis(ledger.ledger_id, stream)
            self.framed = chain.frame([ledger.ledger_id, stream])
        except (ValueError, TypeError, AttributeError):
            self.fault = "INTEGRITY", "its name cannot be read"


def _chain_fault(at: _Place, row: _Row) -> _Seen | None:
    if row[_SEQ] != at.number:
        return "SEQ", f"number {row[_SEQ]} stands where {at.number} should"
    if row[_PREVIOUS] != at.previous:
        return "LINK", "it is not chained to the entry before it"
    header = at.framed + chain.frame(codec.as_text(row[1:_FIELDS]))
    hashed = hashlib.sha256(chain.ENTRY + at.previous + header).digest()
    return None if hashed == row[_HASH] else ("HASH", "its header was changed")


def _content_fault(at: _Place, row: _Row) -> _Seen | None:
    body = row[_BODY]
    if at.number <= at.erased_to:
        if body is None:
            return None
        return "ERASE_INCOMPLETE", "its content was erased, and is there"
    if body is None:
        return "PAYLOAD_MISSING", "its content is gone"
    if chain.commitment(row[_SALT], body.encode()) != row[_COMMITMENT]:
        return "PAYLOAD", "its content was changed"
    return None
