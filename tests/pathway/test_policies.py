"""Payers' policies: every number as the clinical reference has it, and what it does.

The table stands here a second time, so that a number changed in a file is found.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sitrack.errors import BadInput
from sitrack.journey.assessment.payer import PayerVerdict, payer_verdict
from sitrack.pathway import policy as policies
from sitrack.pathway.derivation import derived
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.policy import payer_named, policy_named, under
from sitrack.pathway.soundness import faults
from tests.journey.notation import (
    Story,
    in_diagnostic_block,
    in_fusion_evaluation,
    shipped_with,
    worked_up,
)

SOURCES = Path(__file__).parents[2] / "docs/reference/sources.md"

MEDICARE = {
    "min_pain_duration_days": 90,
    "min_provocative_tests": 3,
    "conservative_before_procedure_days": 28,
    "response_pct": 75,
    "block_min_pct": 75,
    "diagnostic_sessions_max": 2,
    "therapeutic_sessions_max": 4,
    "therapeutic_repeat_pct": 50,
    "therapeutic_repeat_from_day": 90,
    "rfa_covered": False,
    "sessions_per_joint": False,
    "blocks_are_diagnostic_sessions": True,
    "therapeutic_repeat_needs_relief": True,
}
EVICORE = {
    "min_provocative_tests": 3,
    "conservative_before_procedure_days": 28,
    "response_pct": 75,
    "diagnostic_sessions_max": 2,
    "therapeutic_sessions_max": 4,
    "therapeutic_spacing_days": 60,
    "therapeutic_repeat_pct": 75,
    "therapeutic_repeat_from_day": 14,
    "fusion_conservative_days": 182,
    "fusion_therapeutic_injections": 1,
    "fusion_injections": 2,
    "fusion_injection_pct": 75,
    "fusion_imaging_max_age_days": 182,
    "cotinine_max": 10,
    "rfa_covered": False,
    "sessions_per_joint": True,
    "therapeutic_repeat_needs_relief": True,
    "fusion_requires_rfa": False,
    "supervised_therapy_required": True,
    "nicotine_required": True,
    "same_day_bilateral_allowed": False,
}
BCBS = {
    "min_pain_duration_days": 90,
    "min_provocative_tests": 3,
    "conservative_before_procedure_days": 90,
    "blocks_required": 2,
    "diagnostic_sessions_max": 2,
    "therapeutic_sessions_max": 3,
    "fusion_conservative_days": 182,
    "fusion_min_nrs": 5,
    "rfa_covered": False,
    "fusion_requires_rfa": False,
}
TRIALS = {
    "min_pain_duration_days": 180,
    "min_pain_duration_after_pregnancy_days": 540,
    "min_provocative_tests": 3,
    "response_pct": 50,
    "blocks_required": 2,
    "rfa_success_pct": 50,
    "rfa_failed_from_day": 90,
    "fusion_conservative_days": 182,
    "fusion_injections": 1,
    "fusion_injection_pct": 50,
    "fusion_injection_max_age_days": 180,
    "fusion_min_nrs": 5,
    "fusion_min_odi": 30,
    "rfa_covered": True,
    "fusion_requires_rfa": False,
}
STRICT = {
    "rfa_relief_from_day": 90,
    "block_relief_throughout": True,
    "steroid_blocks_count": False,
    "recall_diaries_count": False,
}
TABLE = {
    "medicare-lcd-2023": MEDICARE,
    "evicore-cigna": EVICORE,
    "bcbs-al": BCBS,
    "trial-rct": TRIALS,
    "strict": STRICT,
}
"""The columns of the clinical reference, 3.2, by the names that the protocol has."""

DEFAULTS = {
    "min_pain_duration_days": 90,
    "min_provocative_tests": 3,
    "conservative_before_procedure_days": 42,
    "response_pct": 50,
    "blocks_required": 1,
    "block_min_pct": 50,
    "diagnostic_sessions_max": 2,
    "therapeutic_sessions_max": 4,
    "therapeutic_spacing_days": 60,
    "therapeutic_repeat_pct": 50,
    "rfa_success_pct": 50,
    "rfa_failed_from_day": 90,
    "rfa_repeat_spacing_days": 180,
    "rfa_repeat_max": 2,
    "fusion_conservative_days": 182,
    "fusion_injections": 1,
    "fusion_injection_pct": 50,
    "fusion_min_nrs": 5,
    "fusion_min_odi": 30,
    "fusion_imaging_max_age_days": 365,
}
"""Its first column: the protocol itself."""


def test_the_policies_are_these():
    assert set(policies.names()) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_policy_asks_exactly_what_stands_in_its_column(name):
    policy = policy_named(name)
    asked = {**policy.numbers, **policy.settings}
    assert {each: row["value"] for each, row in asked.items()} == TABLE[name]
    assert policy.id == name


def test_the_protocol_asks_what_stands_in_the_first_column():
    numbers = load(shipped_text()).numbers
    assert {name: numbers[name].value for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", TABLE)
def test_every_number_of_a_policy_has_a_source_that_is_explained(name):
    policy = policy_named(name)
    explained = SOURCES.read_text(encoding="utf-8")
    rows = [*policy.numbers.values(), *policy.settings.values()]
    for row in rows:
        assert set(row) == {"value", "sources"}
        assert set(row["sources"]) <= set(policy.sources)
    cited = {key for row in rows for key in row["sources"]}
    assert cited <= set(policy.sources)
    for key in set(policy.sources) - {"R", "K"}:
        assert f"| {key} |" in explained, key


@pytest.mark.parametrize("name", TABLE)
def test_a_policy_laid_over_the_protocol_is_a_sound_protocol(name):
    protocol, left_out = under(policy_named(name), load(shipped_text()))
    assert left_out == ()
    assert faults(protocol) == []
    for each, value in TABLE[name].items():
        if not isinstance(value, bool):
            assert protocol.numbers[each].value == value


def test_a_policy_is_laid_over_a_clinics_own_protocol_and_leaves_the_rest_of_it():
    own = {
        "id": "clinic.1",
        "title": "Ours",
        "numbers": {
            "response_pct": {"value": 60},
            "fusion_min_odi": {"value": 40},
        },
        "calendar": {"country": "GB", "region": "ENG", "years": [2026, 2027]},
    }
    clinics = derived(load(shipped_text()), own)
    protocol, left_out = under(policy_named("evicore-cigna"), clinics)
    assert left_out == ()
    assert protocol.numbers["response_pct"].value == 75
    assert protocol.numbers["fusion_min_odi"].value == 40
    assert protocol.id == "clinic.1"
    assert clinics.numbers["response_pct"].value == 60


def test_what_an_older_protocol_does_not_know_is_left_out_and_named():
    older = shipped_with(
        ('cotinine_max = { value = 10, unit = "ng/mL", sources = ["P3"] }\n', ""),
        ('cotinine_max = "cotinine_max"\n', ""),
    )
    protocol, left_out = under(policy_named("evicore-cigna"), older)
    assert left_out == ("cotinine_max",)
    assert protocol.numbers["fusion_injections"].value == 2


@pytest.mark.parametrize("name", ["", "medicare", "../protocols/si-2026.1", "STRICT"])
def test_an_unknown_policy_is_refused_with_those_that_there_are(name):
    with pytest.raises(BadInput) as refusal:
        policy_named(name)
    assert refusal.value.hint == (
        "one of bcbs-al, evicore-cigna, medicare-lcd-2023, strict, trial-rct"
    )


# --- payers


def test_a_payer_is_known_by_the_policy_of_its_name_or_by_nothing():
    assert payer_named("medicare-lcd-2023").covers_rfa is False
    assert payer_named("trial-rct").covers_rfa is True
    assert payer_named("strict").covers_rfa is None
    assert payer_named("aetna").covers_rfa is None


@pytest.mark.parametrize(
    "name", ["", "A", "Aetna", "123456", "mary king", "none", "-x", "a\n", "x" * 41]
)
def test_a_payer_is_one_coded_word(name):
    with pytest.raises(BadInput):
        payer_named(name)


# --- the second verdict


def second(story: Story, target: str, day: int, policy: str) -> PayerVerdict:
    case = story.case(day)
    return payer_verdict(case, policy_named(policy), story.assessed(target, day))


def told(verdict: PayerVerdict) -> list[str]:
    return [f.label() if f.code else f.requirement for f in verdict.telling]


def ready_for_rfa(score: str = "4") -> Story:
    """Clinically ready: one block of half the pain, and consent."""
    story = in_diagnostic_block()
    story.block(80)
    story.diary(80, f"1h={score}", f"2h={score}")
    story.consent(82)
    return story


@pytest.mark.parametrize(
    ("policy", "covered", "labels"),
    [
        (
            "medicare-lcd-2023",
            False,
            ["RELIEF_BELOW_THRESHOLD", "FINANCIAL_NOTICE_MISSING"],
        ),
        ("evicore-cigna", False, ["FINANCIAL_NOTICE_MISSING"]),
        ("bcbs-al", False, ["BLOCKS_INSUFFICIENT", "FINANCIAL_NOTICE_MISSING"]),
        ("trial-rct", True, ["BLOCKS_INSUFFICIENT"]),
        ("strict", True, []),
    ],
)
def test_one_history_is_clinically_ready_and_each_payer_says_what_it_lacks(
    policy, covered, labels
):
    verdict = second(ready_for_rfa(), "rfa", 82, policy)
    assert verdict.clinical.allowed
    assert verdict.covered is covered
    assert told(verdict) == labels
    assert verdict.ready is (covered and not labels)


def test_a_signed_notice_meets_the_requirement_and_covers_nothing():
    story = ready_for_rfa()
    story.record("notice", 82, procedure="rfa")
    verdict = second(story, "rfa", 82, "evicore-cigna")
    assert (verdict.assessment.allowed, verdict.covered) == (True, False)
    assert not verdict.ready
    [finding] = verdict.telling
    assert (finding.requirement, finding.warning) == ("coverage", "the patient pays")


def test_a_payer_may_be_satisfied_where_the_protocol_is_not():
    story = Story()
    story.placed("conservative-care", 10)
    story.therapy(38, visits=4, start="2025-01-16")
    clinical = story.assessed("diagnostic-block", 38)
    verdict = second(story, "diagnostic-block", 38, "medicare-lcd-2023")
    days = [f for f in verdict.telling if f.requirement == "conservative-days"]
    assert [f.is_met for f in days] == [True]
    assert "TRIAL_PERIOD_NOT_MET" in {f.label() for f in clinical.unmet}


def test_the_verdict_of_the_protocol_is_never_touched_by_a_policy():
    story = ready_for_rfa()
    before = story.assessed("rfa", 82)
    second(story, "rfa", 82, "bcbs-al")
    assert story.assessed("rfa", 82) == before
    story.move("rfa", 82)
    assert story.stage == "rfa"


def test_what_evicore_asks_of_a_fusion_is_named_at_once():
    story = worked_up(in_fusion_evaluation(), 210)
    story.fusion(210)
    assert story.assessed("post-fusion", 210).allowed
    verdict = second(story, "post-fusion", 210, "evicore-cigna")
    unmet = {f.label() for f in verdict.assessment.unmet}
    assert unmet == {"BLOCKS_INSUFFICIENT", "EVIDENCE_MISSING(cotinine)"}
    [blocks] = [f for f in verdict.telling if f.code == "BLOCKS_INSUFFICIENT"]
    assert blocks.needs == "1 more of 75 % or more"


# --- the payer of a patient


@pytest.mark.parametrize(
    ("payer", "expected"),
    [
        (None, "covered (default; no payer set)"),
        ("trial-rct", "covered by trial-rct"),
        ("aetna", "covered (default; nothing is known of aetna)"),
        ("bcbs-al", "not covered by bcbs-al, no signed notice"),
    ],
)
def test_the_payer_of_a_patient_adds_the_notice_and_nothing_else(payer, expected):
    story = ready_for_rfa()
    story.payer = payer and payer_named(payer)
    findings = {f.requirement: f for f in story.assessed("rfa", 82).findings}
    assert findings.pop("coverage").seen == expected
    assert all(finding.is_met for finding in findings.values())
