"""What became of the rows of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sitrack.journey.intake.rows import Problem


@dataclass(frozen=True, slots=True)
class Near:
    """Somebody new who looks like somebody else: to be looked at.

    Attributes:
        row: the row of the new person.
        patient: the new person's key; None where nothing was written.
        like: the other's key, or the row of the same file.
    """

    row: int
    patient: str | None
    like: str


@dataclass
class Tally:
    """What became of the rows of a file.

    Attributes:
        rows: how many were read.
        written: how many became entries, by their kind.
        known: how many were entries already, or name a person who is enrolled.
        unjudged: how many rest on a row that cannot be taken, and were not judged.
        variances: how many moves lift what is unmet.
        problems: why rows cannot be taken, in their order.
        near: who looks like somebody else.
        hushed: how many reminders of what was due already do not go.
    """

    rows: int = 0
    written: Counter[str] = field(default_factory=Counter)
    known: int = 0
    unjudged: int = 0
    variances: int = 0
    problems: list[Problem] = field(default_factory=list)
    near: list[Near] = field(default_factory=list)
    hushed: int = 0

    @property
    def entries(self) -> int:
        """How many rows became entries."""
        return self.written.total()

    def add(self, other: Tally) -> None:
        """Count what became of more rows."""
        self.rows += other.rows
        self.written += other.written
        self.known += other.known
        self.unjudged += other.unjudged
        self.variances += other.variances
        self.problems += other.problems
        self.near += other.near
        self.hushed += other.hushed
