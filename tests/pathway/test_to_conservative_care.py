"""Into conservative care: the joint is confirmed as the source, or fusion deferred."""

from __future__ import annotations

import pytest

from tests.journey.notation import (
    BOUNDARIES,
    JUDGEMENT,
    MET,
    Story,
    after_rfa,
    in_fusion_evaluation,
    in_re_evaluation,
    not_met,
    shipped_with,
    unknown,
)

TO = "conservative-care"


def doubtful(**values) -> Story:
    """Re-evaluation since day 0, after an injection without anaesthetic response."""
    story = Story()
    story.injection(0, **{"contrast": "not-in-joint", **values})
    story.move("re-evaluation", 0)
    return story


# --- provocation tests


def test_without_an_examination_the_tests_are_unknown():
    story = in_re_evaluation()
    answer = story.asked(TO, 20, "provocation-tests")
    assert answer == unknown("EVIDENCE_MISSING(tests)")


@pytest.mark.parametrize(("positive", "enough"), [(0, False), (2, False), (3, True)])
def test_three_provocation_tests_must_be_positive(positive, enough):
    story = in_re_evaluation()
    story.exam(20, positive=positive)
    expected = MET if enough else not_met("EVIDENCE_MISSING(tests)")
    assert story.asked(TO, 20, "provocation-tests") == expected


def test_too_few_tests_are_shown_with_what_was_seen_and_needed():
    story = in_re_evaluation()
    story.exam(20, positive=2, negative=3)
    [finding] = story.findings(TO, 20, "provocation-tests")
    assert (finding.seen, finding.needs) == ("2 of 5 positive", "3 positive")


def test_the_latest_examination_counts():
    story = in_re_evaluation()
    story.exam(20, positive=4)
    story.exam(22, positive=1)
    assert story.asked(TO, 21, "provocation-tests") == MET
    assert story.asked(TO, 22, "provocation-tests") == not_met(
        "EVIDENCE_MISSING(tests)"
    )


def test_tests_from_before_the_re_evaluation_do_not_count():
    story = in_re_evaluation()
    story.exam(13, positive=5)
    answer = story.asked(TO, 20, "provocation-tests")
    assert answer == unknown("EVIDENCE_MISSING(tests)")


# --- differential screens


@pytest.mark.founding(8)
def test_each_screen_that_is_missing_is_named():
    story = in_re_evaluation()
    story.record("screen", 20, lumbar="negative")
    assert story.answers(TO, 20, "differential-screens") == [
        unknown("EVIDENCE_MISSING(hip screen)"),
        unknown("EVIDENCE_MISSING(soft tissue screen)"),
    ]


def test_screens_may_be_done_on_different_days():
    story = in_re_evaluation()
    story.record("screen", 20, lumbar="negative")
    story.record("screen", 21, hip="negative", soft_tissue="negative")
    assert story.asked(TO, 21, "differential-screens") == MET


@pytest.mark.founding(8)
@pytest.mark.parametrize("region", ["lumbar", "hip", "soft_tissue"])
def test_a_positive_screen_leaves_the_source_unconfirmed(region):
    story = in_re_evaluation()
    story.screens(20, **{region: "positive"})
    answer = story.asked(TO, 20, "differential-screens")
    assert answer == not_met("SOURCE_NOT_CONFIRMED")


def test_a_screen_done_again_replaces_the_one_before():
    story = in_re_evaluation()
    story.screens(20, hip="positive")
    story.record("screen", 21, hip="negative")
    assert story.asked(TO, 21, "differential-screens") == MET


# --- the anaesthetic response


@pytest.mark.founding(6, 7)
@pytest.mark.parametrize("threshold", [50, 75, 80])
@pytest.mark.parametrize("row", BOUNDARIES, ids=lambda row: f"{row[0]}-to-{row[1]}")
def test_the_anaesthetic_phase_confirms_from_its_threshold_on(row, threshold):
    baseline, score, shown, *reached = row
    protocol = shipped_with(
        ("\nresponse_pct = { value = 50,", f"\nresponse_pct = {{ value = {threshold},")
    )
    story = Story(protocol=protocol)
    story.injection(0, nrs=baseline, contrast="not-in-joint")
    story.diary(0, f"1h={score}")
    story.move("re-evaluation", 0)
    [finding] = story.findings(TO, 1, "source-response")
    assert finding.is_met is reached[(50, 75, 80).index(threshold)]
    assert shown in finding.seen


@pytest.mark.founding(7, 15)
def test_without_a_response_and_without_attestation_the_source_is_not_confirmed():
    story = doubtful()
    answer = story.asked(TO, 1, "source-response")
    assert answer == not_met("SOURCE_NOT_CONFIRMED")


def test_a_clinician_may_attest_the_source():
    story = doubtful()
    story.attest(1, "source")
    assert story.asked(TO, 1, "source-response") == MET


def test_an_attestation_counts_from_the_day_of_entry_on_and_the_latest_is_cited():
    story = doubtful()
    story.attest(0, "source")
    assert story.asked(TO, 1, "source-response") == MET
    latest = story.attest(1, "source")
    [finding] = story.findings(TO, 1, "source-response")
    assert finding.entries == (latest,)


def test_an_attestation_about_something_else_confirms_nothing():
    story = doubtful()
    story.attest(1, "repeat")
    answer = story.asked(TO, 1, "source-response")
    assert answer == not_met("SOURCE_NOT_CONFIRMED")


@pytest.mark.founding(10)
def test_relief_after_an_injection_without_guidance_confirms_nothing():
    story = doubtful(guidance="none")
    story.diary(0, "1h=0")
    answer = story.asked(TO, 1, "source-response")
    assert answer == not_met("SOURCE_NOT_CONFIRMED")


def test_relief_after_the_anaesthetic_has_worn_off_confirms_nothing():
    story = doubtful(anaesthetic="lidocaine")
    story.diary(0, "2.5h=0")
    assert story.asked(TO, 1, "source-response") == not_met("SOURCE_NOT_CONFIRMED")
    story.diary(0, "2h=0")
    assert story.asked(TO, 1, "source-response") == MET


@pytest.mark.founding(13, 16)
def test_a_steroid_that_did_nothing_forbids_nothing():
    story = in_re_evaluation()
    story.exam(20)
    story.screens(20)
    story.move(TO, 20)
    assert story.stage == TO


def test_every_reason_against_confirming_is_named_at_once():
    story = doubtful()
    assert story.refused(TO, 1) == {
        "EVIDENCE_MISSING(tests)",
        "EVIDENCE_MISSING(lumbar screen)",
        "EVIDENCE_MISSING(hip screen)",
        "EVIDENCE_MISSING(soft tissue screen)",
        "SOURCE_NOT_CONFIRMED",
    }


# --- a fusion deferred


def test_a_deferred_fusion_needs_a_coded_reason():
    story = in_fusion_evaluation()
    answer = story.asked(TO, 210, "coded-reason")
    assert answer == not_met("EVIDENCE_MISSING(reason)")
    assert story.asked(TO, 210, "coded-reason", reason="optimise") == MET


@pytest.mark.founding(44)
@pytest.mark.parametrize(
    "reason", ["patient-declines-for-now", "not-candidate", "optimise"]
)
def test_a_deferral_is_explained_by_a_shared_decision_or_by_the_surgeon(reason):
    missing = {"EVIDENCE_MISSING(shared decision)"}
    decided = in_fusion_evaluation()
    decided.record("note", 210, topic="general")
    assert decided.refused(TO, 210, reason) == missing
    decided.record("note", 210, topic="shared-decision")
    decided.move(TO, 210, reason)
    assert decided.stage == TO

    told = in_fusion_evaluation()
    told.record("opinion", 210, **{"from": "hip", "verdict": "unclear"})
    assert told.refused(TO, 210, reason) == missing
    told.opinion(210, "not-candidate")
    told.move(TO, 210, reason)
    assert told.stage == TO


def test_a_note_from_before_the_evaluation_explains_no_deferral():
    story = after_rfa()
    story.score(199, nrs=7)
    story.record("note", 199, topic="shared-decision")
    story.opinion(199)
    story.move("fusion-evaluation", 200)
    story.record("score", 200, nrs=7)
    answer = story.asked(TO, 200, "deferral-note")
    assert answer == not_met("EVIDENCE_MISSING(shared decision)")
    note = story.record("note", 200, topic="shared-decision")
    [finding] = story.findings(TO, 200, "deferral-note")
    assert finding.is_met
    assert finding.entries == (note,)


def test_the_latest_word_explains_the_deferral():
    story = in_fusion_evaluation()
    story.record("note", 212, topic="shared-decision")
    opinion = story.opinion(213, "optimise")
    [finding] = story.findings(TO, 213, "deferral-note")
    assert finding.entries == (opinion,)


def test_a_deferral_for_no_coded_reason_is_not_made_by_a_variance():
    story = in_fusion_evaluation()
    assert story.refused(TO, 210, variance=JUDGEMENT) == {"EVIDENCE_MISSING(reason)"}
    story.move(TO, 210, "optimise", variance=JUDGEMENT)
    assert story.stage == TO


def test_a_red_flag_stands_against_conservative_care():
    story = in_re_evaluation()
    story.exam(20)
    story.screens(20, red_flags="infection")
    assert "SOURCE_NOT_CONFIRMED" in story.refused("conservative-care", 20)
    story.screens(22)
    story.move("conservative-care", 22)
    assert story.stage == "conservative-care"
