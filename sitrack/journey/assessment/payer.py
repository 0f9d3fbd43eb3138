"""The second verdict: would a payer authorise this, by its policy?

The same judges look at the same evidence, with the numbers and settings of the policy
laid over those of the protocol. It moves nobody: the protocol alone decides that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sitrack.journey.assessment import Assessment, assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.findings import Finding
from sitrack.pathway.moves import Move
from sitrack.pathway.policy import Payer, Policy, under


@dataclass(frozen=True, slots=True)
class PayerVerdict:
    """What a policy says of one move.

    Attributes:
        policy: whose verdict it is.
        clinical: the verdict of the protocol, of which it is the second.
        assessment: every finding under the policy.
        covered: false where the payer never pays for it, whatever is recorded.
        not_asked: what the policy asks and the episode's protocol does not know.
    """

    policy: Policy
    clinical: Assessment
    assessment: Assessment
    covered: bool
    not_asked: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether an authorisation can be expected."""
        return self.covered and self.assessment.allowed

    @property
    def telling(self) -> Sequence[Finding]:
        """What the payer does not find met, or finds otherwise than the protocol."""
        found: list[Finding] = []
        for rule in self.assessment.move.requirements:
            theirs = _of(self.assessment, rule.id)
            same = _said(theirs) == _said(_of(self.clinical, rule.id))
            if not same or not all(finding.is_met for finding in theirs):
                found += theirs
        return found


def payer_verdict(case: Case, policy: Policy, clinical: Assessment) -> PayerVerdict:
    """Judge the move of `clinical` once more, by a payer's policy."""
    theirs, not_asked = as_asked_by(policy, case)
    move = _same_move(clinical.move, theirs.protocol.moves)
    assessment = assess(theirs, move)
    covered = all(
        rule.flag("covered") for rule in move.requirements if rule.kind == "coverage"
    )
    return PayerVerdict(policy, clinical, assessment, covered, not_asked)


def as_asked_by(policy: Policy, case: Case) -> tuple[Case, tuple[str, ...]]:
    """Return the case as a policy judges it, and what its protocol does not know."""
    protocol, not_asked = under(policy, case.protocol)
    # A policy that does not speak of coverage leaves the patient's payer in place.
    says = policy.covers_rfa is not None
    payer = Payer(policy.id, policy.covers_rfa) if says else case.payer
    return replace(case, protocol=protocol, payer=payer), not_asked


def _same_move(move: Move, moves: Sequence[Move]) -> Move:
    return next(each for each in moves if each.id == move.id)


def _of(assessment: Assessment, requirement: str) -> list[Finding]:
    return [each for each in assessment.findings if each.requirement == requirement]


def _said(findings: Sequence[Finding]) -> list[tuple[object, ...]]:
    return [(each.result, each.code, each.item, each.warning) for each in findings]
