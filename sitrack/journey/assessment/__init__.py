"""May this episode make this move today, and why not? One evaluator for both.

`why` and `advance` ask here and nowhere else. Each requirement of the move is judged
by the function that stands for its kind below; a kind without one is *unknown*, and
an unknown requirement lets no move pass and no variance lift it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sitrack.journey.assessment import (
    block,
    conservative,
    fusion,
    injection,
    relief,
    source,
    work_up,
)
from sitrack.journey.assessment.case import Case
from sitrack.journey.findings import Finding, unknown
from sitrack.pathway.moves import Move
from sitrack.pathway.requirements import Requirement

Judge = Callable[[Case, Requirement], list[Finding]]

JUDGES: Final[Mapping[str, Judge]] = {
    "injection-classified": injection.classified,
    "repeatable-class": injection.repeatable,
    "injection-spacing": injection.spacing,
    "technical-repeats": injection.repeats,
    "injection-sessions": injection.sessions,
    "new-injection": injection.renewed,
    "provocation-tests": source.tests,
    "differential-screens": source.screens,
    "source-response": source.response,
    "alternative-source": source.alternative,
    "coded-reason": source.reason,
    "score-for-reason": source.score_for_reason,
    "reopening-cause": source.reopening,
    "conservative-days": conservative.days,
    "active-therapy": conservative.therapy,
    "nsaid-trial": conservative.nsaid,
    "trial-length": relief.trial_length,
    "relief-satisfactory": relief.satisfactory,
    "relief-insufficient": relief.insufficient,
    "pain-severity": relief.severity,
    "rfa-done": relief.rfa_done,
    "failure-period": relief.failure_period,
    "relief-from": relief.relief_from,
    "rfa-response": relief.rfa_response,
    "rfa-spacing": relief.rfa_spacing,
    "rfa-sessions": relief.rfa_sessions,
    "recurrence": relief.recurrence,
    "same-pattern": relief.same_pattern,
    "positive-blocks": block.positive_blocks,
    "same-nerves": block.same_nerves,
    "past-positive-block": block.past_positive,
    "consent": block.consent,
    "coverage": block.coverage,
    "negative-block": block.negative,
    "prior-rfa-failure": fusion.prior_failure,
    "rfa-waiver": fusion.waiver,
    "deferral-note": fusion.deferral,
    "fusion-surgery": fusion.surgery,
    "fusion-severity": fusion.severity,
    "fusion-injection": fusion.injection,
    "fusion-checklist": work_up.checklist,
    "consent-before-surgery": fusion.consent,
    "disposition": fusion.disposition,
}
"""Who judges which kind of requirement."""

NOT_BUILT: Final = "NOT_YET_JUDGED"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer: every finding about one move on one day.

    Attributes:
        move: what was asked for.
        case: the patient's side of it.
        findings: one or more for each requirement, in the protocol's order.
    """

    move: Move
    case: Case
    findings: tuple[Finding, ...]

    @property
    def allowed(self) -> bool:
        """Whether every requirement is met."""
        return all(finding.is_met for finding in self.findings)

    @property
    def unmet(self) -> tuple[Finding, ...]:
        """What stands in the way; something that is missing is named once."""
        found: dict[tuple[str, str], Finding] = {}
        for finding in self.findings:
            if not finding.is_met:
                asked_by = "" if finding.item else finding.requirement
                found.setdefault((finding.label(), asked_by), finding)
        return tuple(found.values())

    def unmet_despite(self, variance: str | None) -> tuple[Finding, ...]:
        """Return what stands in the way where that variance lifts what it can."""
        lifts = variance in self.move.variances
        return tuple(f for f in self.unmet if f.hard or not lifts)

    @property
    def rests_on(self) -> tuple[int, ...]:
        """The entries that the met requirements rest on, in order."""
        return tuple(
            sorted({seq for f in self.findings if f.is_met for seq in f.entries})
        )


def is_judged(requirement: Requirement) -> bool:
    """Whether this version can judge the requirement at all."""
    return requirement.kind in JUDGES


def assess(case: Case, move: Move) -> Assessment:
    """Judge every requirement of `move` for the case."""
    findings: list[Finding] = []
    for requirement in move.requirements:
        judge = JUDGES.get(requirement.kind, _not_built)
        findings += judge(case, requirement)
    return Assessment(move, case, tuple(findings))


def _not_built(_case: Case, rule: Requirement) -> list[Finding]:
    seen = "this version of sitrack cannot judge it yet"
    return [unknown(rule, NOT_BUILT, seen, item=rule.kind)]
