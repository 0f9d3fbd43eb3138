"""The record of one episode as a packet reads it: evidence, findings, and who wrote them.

Whether something is met is asked of the judges that `why` asks, wherever there is one,
so that a packet never says otherwise than the verdict; everything else is a matter of
being on record.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sitrack.clock import day_of
from sitrack.exchange.packet import Fact, Part, State
from sitrack.journey.amendments import effective
from sitrack.journey.assessment import JUDGES
from sitrack.journey.assessment.case import Case, number, on_nrs, told
from sitrack.journey.entries import Entry
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, Result
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.requirements import Requirement
from sitrack.pathway.stages import title_of

_MOST_TEXT: Final = 600
_ABSENT: Final = {
    "EVIDENCE_MISSING",
    "CONSENT_MISSING",
    "FINANCIAL_NOTICE_MISSING",
    "ATTESTATION_REQUIRED",
}
"""Codes that say that something is not on record, rather than below a threshold."""


@dataclass(frozen=True)
class Dossier:
    """What one episode holds, as of a day and as known at a moment.

    Attributes:
        case: the episode on that day, with the numbers it is asked by.
        entries: its stream, as known.
        zone: the clinic's zone.
    """

    case: Case
    entries: Sequence[Entry]
    zone: dt.tzinfo

    def of_kind(self, kind: str) -> list[Evidence]:
        """Return the evidence of one kind, in the order in which it happened."""
        return self.case.episode.of_kind(kind)

    def number(self, name: str) -> int:
        """Return a number of the protocol; of the shipped one where it has none."""
        known = self.case.protocol.numbers
        return (known if name in known else load(shipped_text()).numbers)[name].value

    # --- facts

    @functools.cached_property
    def _standing(self) -> dict[int, Entry]:
        return {entry.seq: entry for entry in effective(self.entries)}

    def fact(self, entry: int, said: str | None = None) -> Fact:
        """Return an entry as a packet cites it."""
        first = next(e for e in self.entries if e.seq == entry)
        stands = self._standing.get(entry, first)
        day, who = stands.day(self.zone), stands.provenance
        evidence = self.case.episode.entry(entry)
        words = said or (_said(evidence) if evidence else _frame(stands))
        return Fact(
            entry=entry,
            day=day,
            said=words + self._text(first),
            author=who.performer or who.recorder,
            late_days=max(0, (day_of(first.recorded, self.zone) - day).days),
            corrected=any(e.corrects == entry for e in self.entries),
        )

    def facts(self, found: Iterable[Evidence]) -> tuple[Fact, ...]:
        """Return several entries as a packet cites them."""
        return tuple(self.fact(each.seq) for each in found)

    def _text(self, entry: Entry) -> str:
        """The words of a note, whole unless they would fill the packet."""
        text = str((entry.payload or {}).get("text") or "")
        if not text or entry.kind != "note":
            return ""
        words = " ".join(text.split())
        cut = f" … ({len(words)} characters)" if len(words) > _MOST_TEXT else ""
        return f": {words[:_MOST_TEXT]}{cut}"

    # --- parts

    def judged(self, move: str, kind: str, *asks: str) -> list[Part]:
        """Return what the judge of a requirement says, a part for each finding.

        Where it says more than there are titles, the item that is lacking is one.
        """
        rule = self.rule(move, kind)
        if rule is None:
            return []
        findings = JUDGES[kind](self.case, rule)
        titles = [*asks, *(f.item or asks[-1] for f in findings[len(asks) :])]
        return [self.found(t, f) for t, f in zip(titles, findings, strict=False)]

    def rule(self, move: str, kind: str) -> Requirement | None:
        """Return the requirement of that kind in a move, or None."""
        wanted = self.case.protocol.move_named(move)
        rules = wanted.requirements if wanted else ()
        return next((rule for rule in rules if rule.kind == kind), None)

    def found(self, asks: str, finding: Finding) -> Part:
        """Return a finding as a part of a line."""
        seen = finding.seen + (f"; {finding.warning}" if finding.warning else "")
        facts = tuple(self.fact(seq) for seq in sorted(finding.entries))
        needs = "" if finding.is_met else finding.needs
        return Part(asks, _state(finding), seen, needs, facts)

    def on_record(
        self, asks: str, found: Sequence[Evidence], missing: str = "none recorded"
    ) -> Part:
        """Return that evidence is there, or that it is not."""
        if not found:
            return Part(asks, State.MISSING, missing)
        return Part(asks, State.MET, facts=self.facts(found))

    def score(self, asks: str, name: str, least: int | None = None) -> Part:
        """Return the latest score of that name: there, fresh, and high enough."""
        most = self.number("score_max_age_days")
        scored = [
            each
            for each in self.case.episode.evidence
            if name in each.values or (name == "nrs" and each.pain is not None)
        ]
        needs = f"at most {most} d old" if least is None else f"{least} or more"
        if not scored:
            return Part(asks, State.MISSING, f"no {name.upper()}", needs)
        last = scored[-1]
        value = on_nrs(last) if name == "nrs" else Decimal(last.values[name])
        seen = told(last) if name == "nrs" else f"{name.upper()} {number(value)}"
        facts, age = self.facts([last]), self.case.days_since(last.day)
        if age > most:
            seen, needs = f"{seen}, {age} d old", f"at most {most} d old"
            return Part(asks, State.STALE, seen, needs, facts)
        if least is not None and value < least:
            return Part(asks, State.NOT_MET, seen, needs, facts)
        return Part(asks, State.MET, seen, facts=facts)


def attach(asks: str, seen: str = "not held here: attach") -> Part:
    """Return what this record cannot hold, and somebody must add."""
    return Part(asks, State.ATTACH, seen)


def _state(finding: Finding) -> State:
    if finding.is_met:
        return State.MET
    if finding.code == "EVIDENCE_STALE":
        return State.STALE
    absent = finding.result is Result.UNKNOWN or finding.code in _ABSENT
    return State.MISSING if absent else State.NOT_MET


def _frame(entry: Entry) -> str:
    """A change of stage in words."""
    if entry.stage_to is None:
        return entry.kind
    return f"{entry.kind} to {title_of(entry.stage_to)}"


_SCORES: Final = ("nrs", "vas", "odi", "pgic")
_BARE: Final = {"type", "drug", "modality", "topic", "verdict"}
"""Fields whose value says by itself what it is."""


def _said(fact: Evidence) -> str:
    """The values of an entry in words, each with its field's name."""
    readings = [f"{minutes(r.minutes)} {number(r.score)}" for r in fact.readings]
    words = [_value(name, value) for name, value in _values(fact).items()]
    return ", ".join([word for word in words if word] + readings) or fact.kind


def _values(fact: Evidence) -> Mapping[str, Any]:
    scores = {name: fact.values[name] for name in _SCORES if name in fact.values}
    return {**{k: v for k, v in fact.values.items() if k not in scores}, **scores}


def _value(name: str, value: Any) -> str:
    label = name.upper() if name in _SCORES else name.replace("_", " ")
    if value in ("not-done", False):
        return ""
    if value is True:
        return label
    if name in _BARE:
        return str(value)
    if isinstance(value, tuple):
        return f"{label} {' '.join(value)}" if value else ""
    return f"{label} {number(value) if isinstance(value, Decimal) else value}"


def minutes(count: int) -> str:
    """Return a time after a procedure: `30m`, `2h`."""
    return f"{count // 60}h" if count % 60 == 0 else f"{count}m"
