"""What stands after every amendment, and whether the journey is still a legal one. Pure.

Nothing is ever edited: a correction gives an entry other values from then on, a
retraction takes it out, and what was retracted by mistake is recorded afresh. An
entry keeps its number through all of it, so that whatever refers to it still does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from sitrack.journey.entries import (
    ACCEPTED,
    CORRECTED,
    DECLINED,
    DUTY,
    HELD,
    HOLD_RENEWED,
    LOST,
    MOVE,
    OFFERED,
    OPENED,
    RESUMED,
    RETRACTED,
    RETURNED,
    SNOOZED,
    Entry,
)
from sitrack.journey.forms import KINDS
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import NOT_UNDER_WAY, Stage

FRAME: Final = (MOVE, HELD, HOLD_RENEWED, RESUMED, LOST, RETURNED)
"""Changes of stage or status: of these the day can be corrected, nothing else."""

_KEPT: Final = ("values", "readings", "about")


def is_amendable(entry: Entry) -> bool:
    """Whether an entry can be amended: evidence and changes, but no amendment."""
    kinds = (*KINDS, *FRAME, *DUTY, SNOOZED)
    return entry.corrects is None and entry.kind in kinds


def effective(entries: Sequence[Entry]) -> list[Entry]:
    """Return what stands: each entry as it was amended last, the retracted left out.

    Args:
        entries: a stream in its order, or the part known at some moment.
    """
    if all(entry.corrects is None for entry in entries):
        return list(entries)
    first: dict[int, Entry] = {}
    standing: dict[int, Entry] = {}
    for entry in entries:
        if entry.corrects is None:
            first[entry.seq] = standing[entry.seq] = entry
        elif entry.kind == RETRACTED:
            standing.pop(entry.corrects, None)
        elif entry.corrects in first:
            standing[entry.corrects] = _amended(first[entry.corrects], entry)
    return [standing[seq] for seq in sorted(standing)]


def _amended(first: Entry, by: Entry) -> Entry:
    """The first entry with the day, the values and the performer of its amendment."""
    payload = dict(first.payload or {})
    given = by.payload or {}
    payload.update({name: given[name] for name in _KEPT if name in given})
    return replace(
        first, occurred=by.occurred, provenance=by.provenance, payload=payload
    )


def kept(entry: Entry) -> dict[str, object]:
    """Return the part of a payload that an amendment says anew."""
    payload = entry.payload or {}
    return {name: payload[name] for name in _KEPT if name in payload}


def fault_of_amendment(known: Sequence[Entry], entry: Entry) -> str | None:
    """Return why an amendment could not be made on what was known, or None.

    Args:
        known: every entry of the stream before it.
        entry: the amendment.
    """
    target = next((e for e in known if e.seq == entry.corrects), None)
    if target is None:
        return "it amends an entry that does not come before it"
    if not is_amendable(target):
        return f"#{target.seq} cannot be amended"
    stands = any(e.seq == target.seq for e in effective(known))
    if entry.kind in {CORRECTED, RETRACTED}:
        if entry.payload is not None and entry.payload.get("kind") != target.kind:
            return f"it does not say what #{target.seq} is"
        return None if stands else f"#{target.seq} was retracted already"
    if _changes(entry) != _changes(target):
        return f"it is not #{target.seq} recorded afresh"
    return f"#{target.seq} was not retracted" if stands else None


def _changes(entry: Entry) -> tuple[str, str | None, str | None]:
    """What an entry is, and which stages it leaves and enters."""
    return entry.kind, entry.stage_from, entry.stage_to


def fault_of_timeline(
    entries: Sequence[Entry], zone: dt.tzinfo, protocol_of: Callable[[str], Protocol]
) -> str | None:
    """Return why what stands is no legal journey, or None if it is one.

    Each move leaves the stage that the one before it entered, by a pair of the table
    that it was made by; each renewal and release finds its hold, each return its loss.
    """
    entry = first_hanging(entries, zone, protocol_of)
    if entry is None:
        return None
    return f"#{entry.seq} of {entry.day(zone)} ({entry.kind}) follows from nothing"


def first_hanging(
    entries: Sequence[Entry], zone: dt.tzinfo, protocol_of: Callable[[str], Protocol]
) -> Entry | None:
    """Return the first change that does not follow from what stands before it."""
    kinds = (OPENED, *FRAME, *DUTY)
    frame = [e for e in effective(entries) if e.kind in kinds]
    path = _Path(protocol_of)
    for entry in sorted(frame, key=lambda e: (e.day(zone), e.seq)):
        if not path.takes(entry):
            return entry
    return None


class _Path:
    """A journey walked entry by entry."""

    def __init__(self, protocol_of: Callable[[str], Protocol]) -> None:
        self.protocol_of = protocol_of
        self.stage: str | None = None
        self.holds: set[int] = set()
        self.lost = False
        self.offer: int | None = None

    def takes(self, entry: Entry) -> bool:
        """Take the next change; False where it does not follow."""
        if entry.kind in DUTY:
            return self._hands_over(entry)
        if not self._allows(entry):
            return False
        if entry.kind == HELD:
            self.holds.add(entry.seq)
        elif entry.kind == RESUMED:
            self.holds.discard((entry.payload or {})["hold"])
        elif entry.kind == MOVE:
            self.holds.clear()
        self.lost = entry.kind == LOST
        self.stage = entry.stage_to or self.stage
        return True

    def _hands_over(self, entry: Entry) -> bool:
        """A hand-off waits until it is answered, or somebody is named anyway."""
        if entry.kind in {ACCEPTED, DECLINED}:
            answers = self.offer == (entry.payload or {}).get("offer")
            self.offer = None
            return answers
        self.offer = entry.seq if entry.kind == OFFERED else None
        return self.stage is not None

    def _allows(self, entry: Entry) -> bool:
        if entry.kind == OPENED or self.stage is None:
            return entry.kind == OPENED and self.stage is None
        if entry.stage_from not in {None, self.stage}:
            return False
        if entry.kind in {RESUMED, HOLD_RENEWED}:
            return (entry.payload or {})["hold"] in self.holds
        if entry.kind == MOVE:
            return self._moves(entry)
        if entry.kind == RETURNED:
            return self.lost
        return (
            not self.lost
            and self.stage not in NOT_UNDER_WAY
            and (entry.kind == HELD or not self.holds)
        )

    def _moves(self, entry: Entry) -> bool:
        parked = self.lost or bool(self.holds)
        protocol = self.protocol_of(entry.protocol or "")
        pair = protocol.move_between(entry.stage_from or "", entry.stage_to or "")
        return pair is not None and (not parked or entry.stage_to == Stage.CLOSED)


def amended_since(entries: Iterable[Entry], seq: int) -> list[Entry]:
    """Return the amendments that were written after that number."""
    return [e for e in entries if e.corrects is not None and e.seq > seq]
