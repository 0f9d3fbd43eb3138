"""An entry: one permanent line of the record, and the draft it is written from.

Every entry has two times. `occurred` is when it was so, for the patient; `recorded`
is when it was written, by the machine's clock. Nothing about an entry ever changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Occurred = dt.date | dt.datetime
"""A clinical day, or an aware instant where the time of day is known."""

OPENED: Final = "opened"
MOVE: Final = "move"
HELD: Final = "held"
HOLD_RENEWED: Final = "hold-renewed"
RESUMED: Final = "resumed"
LOST: Final = "lost"
RETURNED: Final = "returned"
"""The kinds of entry that say where an episode is, and whether its clock runs."""

SNOOZED: Final = "snoozed"
"""Off the worklist until a day; the clock goes on."""

ASSIGNED: Final = "assigned"
CLAIMED: Final = "claimed"
OFFERED: Final = "handoff-offered"
ACCEPTED: Final = "handoff-accepted"
DECLINED: Final = "handoff-declined"
DUTY: Final = (ASSIGNED, CLAIMED, OFFERED, ACCEPTED, DECLINED)
"""The kinds of entry that say who answers for an episode; see `journey.duty`."""

CORRECTED: Final = "corrected"
RETRACTED: Final = "retracted"
"""The kinds of entry that amend an earlier one of the same stream. What was retracted
by mistake is recorded afresh: an entry of its own kind again, that cites the first."""

ENROLLED: Final = "enrolled"
PAYER_SET: Final = "payer-set"
"""Kinds of entry of a patient's own stream: the first, and who pays from a day on."""

MERGED: Final = "merged"
UNMERGED: Final = "unmerged"
"""Two patients are one person; or, taken back, are not. Both their streams say so."""

MIGRATED: Final = "migrated"
"""The kind of entry that pins an episode to another protocol; it changes no stage."""

EXPORTED: Final = "exported"
"""Something of an episode left the house: what, for whom, and the hash of its bytes."""

LATE_AFTER_DAYS: Final = 2
"""An entry written more days than this after it happened is shown as late [O4b]."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who did it, who wrote it down, and from what.

    Attributes:
        performer: the staff id of who did it, or None where nobody is named.
        recorder: the staff id of who wrote it.
        source: a word such as `clinic`, `patient` or `letter`.
    """

    performer: str | None
    recorder: str
    source: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written: an entry without its number, clock, or hash.

    Attributes:
        kind: `opened`, `move`, a kind of evidence, or an administrative word.
        occurred: when it was so.
        provenance: who and from what.
        stage_from: the stage that a move leaves, else None.
        stage_to: the stage that a move (or the opening) enters, else None.
        protocol: the content hash of the protocol it was judged by, or None.
        corrects: the number of the entry it amends, or None.
        payload: what was written, as JSON without floats.
    """

    kind: str
    occurred: Occurred
    provenance: Provenance
    stage_from: str | None = None
    stage_to: str | None = None
    protocol: str | None = None
    corrects: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a stream as it stands in the record.

    Attributes:
        stream: `episode/P01428-R`, `patient/P01428` or `office`.
        seq: its number within the stream, gapless from 1.
        entry_id: a random name, the same in every export.
        recorded: when it was written; never goes back within a stream.
        batch: the command that wrote it, one unit of undo.
        commitment: hex; binds the payload, and survives its lawful erasure.
        previous: hex; the hash of the entry before, or the stream's genesis.
        hash: hex.
        payload: what was written, or None where it was erased.
        salt: the salt of the commitment, or None where it was erased.
    """

    stream: str
    seq: int
    entry_id: str
    kind: str
    stage_from: str | None
    stage_to: str | None
    occurred: Occurred
    recorded: dt.datetime
    provenance: Provenance
    protocol: str | None
    corrects: int | None
    batch: str
    commitment: str
    previous: str
    hash: str
    payload: Mapping[str, Any] | None
    salt: bytes | None = None

    def day(self, zone: dt.tzinfo) -> dt.date:
        """Return the clinical day on which it happened."""
        return clinical_day(self.occurred, zone)

    @property
    def values(self) -> Mapping[str, Any]:
        """The clinical values of the payload; empty where it was erased."""
        values: Mapping[str, Any] = (self.payload or {}).get("values", {})
        return values


def clinical_day(occurred: Occurred, zone: dt.tzinfo) -> dt.date:
    """Return the day of `occurred` in the clinic's zone."""
    if isinstance(occurred, dt.datetime):
        return occurred.astimezone(zone).date()
    return occurred
