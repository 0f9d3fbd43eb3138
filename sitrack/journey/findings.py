"""Findings: what one requirement says of one patient on one day, as data.

A finding is met, not met, or unknown (a value that the requirement compares is absent
or too old). Unknown never counts as met.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass

from sitrack.errors import NotEligible
from sitrack.pathway.requirements import KINDS, Requirement


class Result(enum.StrEnum):
    """The three answers of a requirement."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one requirement.

    Attributes:
        requirement: its id in the protocol, or the word of a rule of the frame.
        asks: what it asks, in words.
        result: met, not met or unknown.
        needs: the value needed, in words.
        seen: the value seen, in words.
        entries: the entries it rests on.
        earliest: the first day on which time alone could make it true, or None.
        code: the refusal code (clinical reference, part 3), or None where met.
        item: what exactly is missing, stale or used up, or None.
        warning: what to know although it is met, or None.
        hard: no variance lifts it.
    """

    requirement: str
    asks: str
    result: Result
    needs: str = ""
    seen: str = ""
    entries: tuple[int, ...] = ()
    earliest: dt.date | None = None
    code: str | None = None
    item: str | None = None
    warning: str | None = None
    hard: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it lets a move pass."""
        return self.result is Result.MET

    def label(self) -> str:
        """Return its code with its item: `EVIDENCE_MISSING(diary)`."""
        return f"{self.code}({self.item})" if self.item else str(self.code)


class Refused(NotEligible):
    """A move or a piece of evidence that the protocol refuses, with every reason.

    Attributes:
        findings: all that stand in the way, never only the first.
    """

    def __init__(
        self, message: str, findings: Iterable[Finding], hint: str | None = None
    ) -> None:
        super().__init__(message, hint)
        self.findings = tuple(findings)


def frame_finding(code: str, seen: str, item: str | None = None) -> Finding:
    """Return a refusal by the frame of the journey rather than by a requirement."""
    return Finding(
        requirement=code.lower().replace("_", "-"),
        asks=seen,
        result=Result.NOT_MET,
        seen=seen,
        code=code,
        item=item,
        hard=True,
    )


def met(
    rule: Requirement,
    seen: str,
    entries: Iterable[int] = (),
    *,
    needs: str = "",
    warning: str | None = None,
) -> Finding:
    """Return that the requirement is met."""
    return Finding(
        rule.id,
        KINDS[rule.kind].asks,
        Result.MET,
        needs,
        seen,
        tuple(entries),
        warning=warning,
        hard=rule.hard,
    )


def not_met(
    rule: Requirement,
    code: str,
    seen: str,
    entries: Iterable[int] = (),
    *,
    needs: str = "",
    item: str | None = None,
    earliest: dt.date | None = None,
) -> Finding:
    """Return that the requirement was compared and failed, or nothing stands there."""
    return Finding(
        rule.id,
        KINDS[rule.kind].asks,
        Result.NOT_MET,
        needs,
        seen,
        tuple(entries),
        earliest,
        code,
        item,
        hard=rule.hard,
    )


def unknown(
    rule: Requirement,
    code: str,
    seen: str,
    entries: Iterable[int] = (),
    *,
    needs: str = "",
    item: str | None = None,
    earliest: dt.date | None = None,
) -> Finding:
    """Return that a value the requirement compares is absent or too old."""
    return Finding(
        rule.id,
        KINDS[rule.kind].asks,
        Result.UNKNOWN,
        needs,
        seen,
        tuple(entries),
        earliest,
        code,
        item,
        hard=rule.hard,
    )
