"""Findings: three answers, of which only one lets a move pass."""

from __future__ import annotations

import pytest

from sitrack.errors import NotEligible
from sitrack.journey.findings import Refused, frame_finding, met, not_met, unknown
from sitrack.pathway.loading import load, shipped_text

MOVE = load(shipped_text()).move_named("rfa-failed")
HARD, SOFT, _ = MOVE.requirements


@pytest.mark.parametrize(
    ("finding", "result", "passes"),
    [
        (met(SOFT, "seen"), "met", True),
        (not_met(SOFT, "CODE", "seen"), "not-met", False),
        (unknown(SOFT, "CODE", "seen"), "unknown", False),
        (frame_finding("CODE", "seen"), "not-met", False),
    ],
)
def test_only_what_is_met_lets_a_move_pass(finding, result, passes):
    assert (finding.result.value, finding.is_met) == (result, passes)


@pytest.mark.parametrize("say", [not_met, unknown])
def test_a_finding_is_called_by_its_code_and_its_item(say):
    assert say(SOFT, "EVIDENCE_STALE", "x", item="NRS").label() == "EVIDENCE_STALE(NRS)"
    assert say(SOFT, "ON_HOLD", "x").label() == "ON_HOLD"


def test_a_finding_says_what_was_asked_and_whether_it_can_be_lifted():
    finding = met(HARD, "#3", [3], needs="one", warning="old")
    assert (finding.requirement, finding.asks) == ("rfa-done", "the RFA is recorded")
    assert (finding.entries, finding.needs, finding.warning) == ((3,), "one", "old")
    assert finding.hard
    assert not met(SOFT, "x").hard


def test_the_frame_of_the_journey_cannot_be_lifted():
    finding = frame_finding("NOT_ALLOWED_FROM_STATE", "seen")
    assert finding.hard
    assert finding.requirement == "not-allowed-from-state"


def test_a_refusal_carries_every_finding_and_its_own_exit_code():
    findings = [not_met(SOFT, "A", "x"), unknown(HARD, "B", "y")]
    refusal = Refused("no", iter(findings), "try")
    assert refusal.findings == tuple(findings)
    assert isinstance(refusal, NotEligible)
    assert (refusal.code, refusal.message, refusal.hint) == (10, "no", "try")
