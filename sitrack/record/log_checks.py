"""Checks the sealed log: its leaves, its heads, its witnesses, and `delivery`.

The tree is built anew from the leaves, in one pass, and its root compared with that of
every seal and of every head that a witness saw: a log whose root at an old size is
still the same extends the old one. That the leaves are the entries, the walk over the
streams has shown; what is gone of them, and of `delivery`, is shown here.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, text

from sitrack.record import chain, codec, keyring, keys, merkle
from sitrack.record.entry_checks import SOON, Walk
from sitrack.record.faults import LOG, Fault
from sitrack.record.keys import Trusted
from sitrack.record.notes import (
    COSIGNATURE,
    ED25519,
    Head,
    NotANote,
    Note,
    read_head,
    read_note,
)
from sitrack.record.seal import Seal, origin_of

_LEAVES: Final = "SELECT position, hash FROM leaf ORDER BY position"
_SEALS: Final = "SELECT number, size, note, edge, at FROM seal ORDER BY number"
_ENTRY_LEAVES: Final = "SELECT count(*) FROM leaf WHERE stream IS NOT NULL"
_ENTRIES_GONE: Final = """
SELECT l.position, l.stream, l.seq FROM leaf l
LEFT JOIN entry e ON e.stream = l.stream AND e.seq = l.seq
WHERE l.stream IS NOT NULL AND e.seq IS NULL ORDER BY l.stream, l.seq
"""
_DELIVERIES: Final = f"""
SELECT {", ".join(f"d.{name}" for name in codec.DELIVERY)}, l.hash FROM delivery d
LEFT JOIN leaf l
  ON l.reminder = d.reminder AND l.attempt = d.attempt AND l.event = d.event
ORDER BY d.reminder, d.attempt, d.event
"""  # noqa: S608 - names of ours
_DELIVERIES_GONE: Final = """
SELECT l.reminder, l.attempt, l.event FROM leaf l
LEFT JOIN delivery d
  ON d.reminder = l.reminder AND d.attempt = l.attempt AND d.event = l.event
WHERE l.reminder IS NOT NULL AND d.reminder IS NULL
ORDER BY l.reminder, l.attempt, l.event
"""
_UNANNOUNCED: Final = """
SELECT s.number FROM seal s LEFT JOIN entry e
  ON e.stream = 'office' AND e.kind = 'sealed' AND e.recorded = s.at
WHERE e.seq IS NULL ORDER BY s.number
"""
_PIECES: Final = {"yield_per": 1_000}


@dataclass(frozen=True, slots=True)
class Seen:
    """A head that a witness keeps, on a machine of its own.

    Attributes:
        note: the head, with the signatures below it.
        name: the witness, in words.
    """

    note: Note
    name: str

    @property
    def head(self) -> Head:
        """The head itself."""
        return read_head(self.note.text)


@dataclass
class LogCheck:
    """One check of the sealed log.

    Attributes:
        ledger_id: names the log.
        trusted: the keys that the verifier brought along, of the log and of witnesses;
            where there is none of a kind, its signatures are not looked at.
        seen: the heads that witnesses keep.
        seals: how many seals there were.
        leaves: how many leaves there were.
        last: the last good seal.
    """

    ledger_id: str
    trusted: Sequence[Trusted] = ()
    seen: Sequence[Seen] = ()
    seals: int = 0
    leaves: int = 0
    last: Seal | None = None
    _edge: merkle.Edge = field(default_factory=merkle.Edge)
    _logs: Sequence[Trusted] = ()

    def faults(self, connection: Connection) -> Iterator[Fault]:
        """What does not hold of leaves, seals and witnesses, in the log's order."""
        logs = [each for each in self.trusted if each.key.kind == ED25519]
        self._logs = keys.extended(logs, keyring.rotations(connection))
        self._edge = merkle.Edge()
        leaves = iter(connection.execute(text(_LEAVES), execution_options=_PIECES))
        pending = sorted(self.seen, key=lambda each: each.head.size)
        held, size = True, 0
        for row in connection.execute(text(_SEALS), execution_options=_PIECES):
            seal = Seal(*row)
            self.seals += 1
            found = self._form_faults(seal, size)
            while not found and pending and pending[0].head.size <= seal.size:
                yield from self._witnessed(pending.pop(0), leaves)
            if held and not found:
                found = self._root_faults(seal, leaves)
                held = not found
            yield from found
            if held and not found:
                self.last = seal
            size = seal.size
        while pending:
            yield from self._witnessed(pending.pop(0), leaves)
        sealed = self._edge.size
        for _ in leaves:
            sealed += 1
        self.leaves = sealed
        if held and sealed > size:
            yield Fault("SEAL_MISSING", LOG, None, "the last leaves are under no seal")

    def _form_faults(self, seal: Seal, size: int) -> list[Fault]:
        """What is wrong with a seal, after one of `size` leaves, but for its root."""

        def fault(code: str, seen: str) -> list[Fault]:
            return [Fault(code, LOG, seal.number, seen)]

        if seal.number != self.seals:
            code, self.seals = "SEAL_MISSING", seal.number
            return fault(code, "the seal before it is gone")
        try:
            note = read_note(seal.note)
            head = read_head(note.text)
        except (NotANote, TypeError, AttributeError):
            return fault("SEAL_SIGNATURE", "it is no signed head")
        if head.origin != origin_of(self.ledger_id):
            return fault("SEAL_SIGNATURE", "it is the head of another log")
        if self._logs and not _is_signed(note, head.size, self._logs):
            return fault("SEAL_SIGNATURE", "no trusted key signed it at that size")
        if head.size != seal.size or seal.size <= size:
            return fault("SEAL_ROOT", "its size is not what was sealed")
        return []

    def _root_faults(self, seal: Seal, leaves: Iterator[Any]) -> list[Fault]:
        """Whether the leaves give the root that was signed."""
        if not self._grow(leaves, seal.size):
            seen = f"it covers {seal.size} leaves, and {self._edge.size} are left"
            return [Fault("SEAL_TRUNCATED", LOG, seal.number, seen)]
        root = read_head(read_note(seal.note).text).root
        if self._edge.root() != root or self._edge.packed() != seal.edge:
            seen = "the leaves do not give the root that was sealed"
            return [Fault("SEAL_ROOT", LOG, seal.number, seen)]
        return []

    def _grow(self, leaves: Iterator[Any], size: int) -> bool:
        """Take leaves until there are so many; False where one is missing before."""
        edge = self._edge
        for position, hashed in itertools.islice(leaves, max(0, size - edge.size)):
            if position != edge.size or not isinstance(hashed, bytes):
                return False
            edge.append(merkle.leaf_hash(hashed))
        return edge.size >= size

    def _witnessed(self, seen: Seen, leaves: Iterator[Any]) -> Iterator[Fault]:
        """Whether the log still is what a witness saw."""
        head = seen.head
        if head.origin != origin_of(self.ledger_id):
            yield Fault("WITNESS", LOG, None, f"{seen.name} saw another log")
        elif not self._grow(leaves, head.size):
            what = f"{seen.name} saw {head.size} leaves, and {self._edge.size} are left"
            yield Fault("WITNESS", LOG, None, what)
        elif self._edge.size == head.size and self._edge.root() != head.root:
            what = f"{seen.name} saw another root at {head.size} leaves"
            yield Fault("WITNESS", LOG, None, what)
        witnesses = [each for each in self.trusted if each.key.kind == COSIGNATURE]
        for trusted in (self._logs, witnesses):
            if trusted and not _is_signed(seen.note, head.size, trusted):
                what = f"what {seen.name} keeps is signed by no trusted key"
                yield Fault("WITNESS", LOG, None, what)


def _is_signed(note: Note, size: int, trusted: Sequence[Trusted]) -> bool:
    return any(
        keys.is_by(each.key, signature, note.text)
        for each in trusted
        if each.signs(size)
        for signature in note.signatures
    )


# --- what the leaves were made of


def entries_gone(connection: Connection, found: int) -> Iterator[Fault]:
    """The first entry of each stream that was sealed, and is gone.

    Args:
        connection: an open transaction.
        found: how many entries with a leaf the walk over the streams met.
    """
    if connection.execute(text(_ENTRY_LEAVES)).scalar() == found:
        return
    last = None
    for position, stream, seq in connection.execute(text(_ENTRIES_GONE)):
        if stream != last:
            last = stream
            seen = f"it was sealed as leaf {position}, and is gone"
            yield Fault("SEAL_TRUNCATED", str(stream), seq, seen)


def delivery_faults(
    connection: Connection, now: dt.datetime, *, is_sealed: bool
) -> Iterator[Fault]:
    """Lines of `delivery` that are not what was sealed, are gone, or were never sealed."""
    lately = codec.instant_text(now - SOON)
    late = 0
    rows = connection.execute(text(_DELIVERIES), execution_options=_PIECES)
    for row in rows:
        try:
            hashed = chain.delivery_hash(codec.as_text(row[:-1]))
            late += row[-1] is None and row[codec.DELIVERY.index("at")] < lately
        except (ValueError, TypeError, AttributeError):
            hashed = b""
        if row[-1] is not None and row[-1] != hashed:
            seen = "it is not what was sealed"
            yield Fault("DELIVERY", f"delivery/{row[0]}", row[1], seen)
    if late and is_sealed:
        seen = f"{late} older than a day, and under no seal"
        yield Fault("SEAL_MISSING", "delivery", None, seen)
    for reminder, attempt, event in connection.execute(text(_DELIVERIES_GONE)):
        seen = f"{event} was sealed, and is gone"
        yield Fault("DELIVERY", f"delivery/{reminder}", attempt, seen)


def unsealed_faults(walk: Walk, *, is_sealed: bool) -> Iterator[Fault]:
    """The oldest entry under no seal, where it should long be under one."""
    if walk.unsealed is None or not is_sealed:
        return
    recorded, stream, seq = walk.unsealed
    if recorded < codec.instant_text(walk.now - SOON):
        seen = "it is older than a day, and under no seal"
        yield Fault("SEAL_MISSING", stream, seq, seen)


def announced_faults(connection: Connection, last: int) -> Iterator[Fault]:
    """Whether `office` announces every seal, at its time, and no others."""
    for (number,) in connection.execute(text(_UNANNOUNCED)):
        seen = "no entry of office announces it at its time"
        yield Fault("SEAL_MISSING", LOG, number, seen)
    announced = keyring.last_announced(connection)
    if announced is not None and announced[0] > last:
        seen = f"it announces seal {announced[0]}, which is gone"
        yield Fault("SEAL_MISSING", keyring.OFFICE, announced[1], seen)
