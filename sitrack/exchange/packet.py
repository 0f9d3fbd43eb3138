"""The evidence packet: what a reviewer asks for, line by line, and what the record holds.

A packet is a checklist (clinical reference, part 4) filled from one episode: each part
is met, missing, not met, stale, or to be attached because this record cannot hold it.
The same record gives the same packet: no clock is in it but the day it speaks of.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from sitrack.pathway.policy import Policy


class State(enum.StrEnum):
    """How one part of a line stands.

    MISSING: nothing is on record. NOT_MET: it is, and is not what is asked for. STALE:
    it is too old. ATTACH: this record does not hold it; it must come from elsewhere.
    """

    MET = "met"
    ATTACH = "attach"
    STALE = "stale"
    NOT_MET = "not-met"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry that a part rests on.

    Attributes:
        entry: its number in the episode.
        day: when it was so.
        said: what it says.
        author: the staff id of who did it, else of who wrote it.
        late_days: days from happening to writing.
        corrected: it was amended since it was first written.
    """

    entry: int
    day: dt.date
    said: str
    author: str
    late_days: int
    corrected: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a line asks for.

    Attributes:
        asks: what.
        state: how it stands.
        seen: the value seen, in words.
        needs: the value needed, in words, where it is not met.
        facts: the entries it rests on.
    """

    asks: str
    state: State
    seen: str = ""
    needs: str = ""
    facts: tuple[Fact, ...] = ()

    @classmethod
    def compared(
        cls, asks: str, seen: str, needs: str, facts: tuple[Fact, ...], *, good: bool
    ) -> Part:
        """Return a value that was compared, and what it should be where it is not."""
        if good:
            return cls(asks, State.MET, seen, facts=facts)
        return cls(asks, State.NOT_MET, seen, needs, facts)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist.

    Attributes:
        number: as in the clinical reference.
        asks: its title.
        sources: citation keys of who asks for it.
        parts: what it asks for, one by one.
    """

    number: int
    asks: str
    sources: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def state(self) -> State:
        """The worst of its parts; what must be attached weighs least."""
        order = list(State)
        return max((part.state for part in self.parts), key=order.index)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose packet it is, and who pays. It belongs in the packet, and nowhere else."""

    given: str
    family: str
    born: dt.date | None
    mrn: str | None
    payer: str | None


@dataclass(frozen=True, slots=True)
class Packet:
    """A filled checklist.

    Attributes:
        target: the stage it asks for: `rfa` or `post-fusion`.
        title: what is asked for, in words.
        subject: the patient.
        episode: its key.
        side: in words.
        as_of: the day it speaks of.
        as_known: the instant by which everything was written, or None for now.
        protocol: the id of the one the episode is pinned to.
        protocol_hash: that one's content hash.
        policy: whose numbers it was filled by; None for the protocol's own.
        not_asked: what the policy asks and the episode's protocol does not know.
        last_entry: the number of the last entry that it was filled from.
        last_hash: that one's hash, which ties the packet to the record.
        lines: the checklist.
    """

    target: str
    title: str
    subject: Subject
    episode: str
    side: str
    as_of: dt.date
    as_known: dt.datetime | None
    protocol: str
    protocol_hash: str
    policy: Policy | None
    not_asked: tuple[str, ...]
    last_entry: int
    last_hash: str
    lines: tuple[Line, ...]

    def counts(self) -> dict[State, int]:
        """Return how many parts stand in each state."""
        states = [part.state for line in self.lines for part in line.parts]
        return {state: states.count(state) for state in State}

    def lacking(self) -> Sequence[tuple[Line, Part]]:
        """Return what somebody can still do something about, in order."""
        lacks = {State.MISSING, State.NOT_MET, State.STALE}
        return [(n, p) for n in self.lines for p in n.parts if p.state in lacks]
