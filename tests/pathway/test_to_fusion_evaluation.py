"""Into the fusion evaluation: RFA failed, or was waived, and pain persists."""

from __future__ import annotations

import pytest

from tests.journey.notation import (
    AT_LEAST_50,
    JUDGEMENT,
    MET,
    Story,
    after_rfa,
    exhausted,
    in_conservative_care,
    in_diagnostic_block,
    in_fusion_evaluation,
    in_rfa,
    not_met,
    unknown,
)

TO = "fusion-evaluation"
DONE, PERIOD, RELIEF = "rfa-done", "failure-period", "relief-insufficient"


@pytest.mark.founding(38)
def test_an_rfa_that_was_not_done_cannot_have_failed():
    story = in_rfa()
    assert story.asked(TO, 200, DONE) == not_met("EVIDENCE_MISSING(RFA)")
    assert story.asked(TO, 200, PERIOD) == unknown("EVIDENCE_MISSING(RFA)")
    assert after_rfa().asked(TO, 200, DONE) == MET


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (141, not_met("TRIAL_PERIOD_NOT_MET", earliest=142)),
        (142, not_met("ATTESTATION_REQUIRED", earliest=190)),
        (189, not_met("ATTESTATION_REQUIRED", earliest=190)),
        (190, MET),
    ],
)
def test_failure_may_be_called_three_months_after_the_rfa(day, expected):
    assert after_rfa().asked(TO, day, PERIOD) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [(141, not_met("TRIAL_PERIOD_NOT_MET", earliest=142)), (142, MET), (189, MET)],
)
def test_from_six_weeks_on_a_clinician_may_attest_it(day, expected):
    story = after_rfa()
    story.attest(130, "early-failure")
    assert story.asked(TO, day, PERIOD) == expected


def test_an_attestation_from_before_the_stage_does_not_count():
    story = in_diagnostic_block()
    story.attest(81, "early-failure")
    story.placed("rfa", 82)
    story.rfa(100)
    expected = not_met("ATTESTATION_REQUIRED", earliest=190)
    assert story.asked(TO, 150, PERIOD) == expected


@pytest.mark.parametrize(("baseline", "score", "relieved"), AT_LEAST_50)
def test_an_rfa_that_relieved_by_half_has_not_failed(baseline, score, relieved):
    story = in_rfa()
    story.rfa(100, nrs=baseline)
    story.score(190, nrs=score, pgic=3)
    expected = not_met("RELIEF_ABOVE_THRESHOLD") if relieved else MET
    assert story.asked(TO, 190, RELIEF) == expected


def test_failure_is_shown_by_a_fresh_score_of_day_forty_two_or_later():
    story = after_rfa()
    story.score(141, nrs=8)
    assert story.asked(TO, 190, RELIEF) == unknown("EVIDENCE_MISSING(NRS)")
    story.score(170, nrs=8)
    assert story.asked(TO, 200, RELIEF) == MET
    assert story.asked(TO, 201, RELIEF) == unknown("EVIDENCE_STALE(NRS)")


def test_the_latest_rfa_of_the_stage_counts():
    story = after_rfa()
    story.rfa(150)
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=192)
    assert story.asked(TO, 190, PERIOD) == early


@pytest.mark.founding(37)
def test_an_rfa_that_failed_leads_there():
    story = after_rfa()
    story.score(190, nrs=7)
    story.move(TO, 190)
    assert story.stage == TO


def test_no_variance_replaces_the_rfa_itself():
    named = in_rfa().refused(TO, 200, variance=JUDGEMENT)
    assert "EVIDENCE_MISSING(RFA)" in named


def test_a_variance_may_shorten_the_wait_and_is_kept_with_the_move():
    story = after_rfa()
    story.score(120, nrs=8)
    assert story.refused(TO, 120) == {"TRIAL_PERIOD_NOT_MET"}
    move = story.entries[story.move(TO, 120, variance=JUDGEMENT) - 1]
    assert move.payload["variance"] == {
        "code": "clinical-judgement",
        "clinician": "osei",
        "text": "discussed at the meeting",
    }


# --- waived, or asked for again


@pytest.mark.founding(38)
def test_a_waiver_still_asks_for_conservative_care():
    story = Story()
    story.placed("diagnostic-block", 10)
    answer = story.asked(TO, 20, "conservative-days", reason="contraindicated")
    assert answer == not_met("TRIAL_PERIOD_NOT_MET")
    ready = in_diagnostic_block()
    assert ready.asked(TO, 71, "conservative-days", reason="contraindicated") == MET


WAIVED = (
    "contraindicated",
    "not-covered",
    "negative-lbb-with-positive-ia",
    "patient-declines-rfa",
)


@pytest.mark.founding(38)
@pytest.mark.parametrize("reason", WAIVED)
def test_a_waiver_needs_a_coded_reason_and_a_clinician(reason):
    story = in_diagnostic_block()
    named = {"EVIDENCE_MISSING(reason)", "ATTESTATION_REQUIRED"}
    assert story.refused(TO, 80) == named
    assert story.refused(TO, 80, reason) == {"ATTESTATION_REQUIRED"}
    attested = story.attest(80, "rfa-waiver")
    assert story.refused(TO, 80) == {"EVIDENCE_MISSING(reason)"}
    move = story.entries[story.move(TO, 80, reason) - 1]
    assert story.stage == TO
    assert move.payload["reason"] == reason
    assert attested in move.payload["rests_on"]


def test_no_variance_stands_in_for_the_waiver():
    story = in_diagnostic_block()
    named = story.refused(TO, 80, "contraindicated", variance=JUDGEMENT)
    assert named == {"ATTESTATION_REQUIRED"}


def test_a_waiver_attested_in_an_earlier_stay_does_not_count():
    story = exhausted(in_conservative_care(), 70)
    story.attest(69, "rfa-waiver")
    story.move("diagnostic-block", 70)
    answer = story.asked(TO, 80, "rfa-waiver", reason="not-covered")
    assert answer == not_met("ATTESTATION_REQUIRED")


def test_an_attestation_about_something_else_waives_nothing():
    story = in_diagnostic_block()
    story.attest(80, "source")
    assert story.refused(TO, 80, "not-covered") == {"ATTESTATION_REQUIRED"}


def deferred(day: int = 210) -> Story:
    """Conservative care again, after an RFA that failed and a fusion deferred."""
    story = in_fusion_evaluation()
    story.record("note", day, topic="shared-decision")
    story.move("conservative-care", day, "patient-declines-for-now")
    return story


def test_an_rfa_that_failed_once_opens_the_way_again():
    story = deferred()
    story.score(300, nrs=7)
    story.move(TO, 300)
    assert story.stage == TO
    assert len(story.episode().of_kind("rfa")) == 1
    assert len(story.episode().of_kind("block")) == 1


def test_an_rfa_that_was_waived_opens_the_way_again():
    story = in_diagnostic_block()
    story.attest(80, "rfa-waiver")
    story.move(TO, 80, "contraindicated")
    story.opinion(90, "optimise")
    story.move("conservative-care", 90, "optimise")
    [finding] = story.findings(TO, 95, "prior-rfa-failure")
    assert finding.is_met
    assert finding.seen.startswith("RFA waived")


def test_the_earlier_failure_is_cited_by_the_move_that_named_it():
    story = deferred()
    failed = next(v.seq for v in story.episode().visits if v.move == "rfa-failed")
    [finding] = story.findings(TO, 300, "prior-rfa-failure")
    assert finding.entries == (failed,)


@pytest.mark.parametrize(
    ("day", "expected"), [(240, MET), (241, unknown("EVIDENCE_STALE(NRS)"))]
)
def test_asking_again_needs_a_fresh_score_of_the_stay(day, expected):
    story = deferred()
    assert story.asked(TO, 211, RELIEF) == unknown("EVIDENCE_MISSING(NRS)")
    story.score(210, nrs=7)
    assert story.asked(TO, day, RELIEF) == expected


def test_fusion_is_asked_for_again_only_while_relief_is_insufficient():
    story = exhausted(in_conservative_care(), 70)
    assert story.asked(TO, 70, RELIEF) == MET
    story.score(71, nrs=1)
    assert story.asked(TO, 71, RELIEF) == not_met("RELIEF_ABOVE_THRESHOLD")


@pytest.mark.founding(37, 38)
def test_fusion_is_never_reached_from_conservative_care_without_an_earlier_rfa():
    story = exhausted(in_conservative_care(), 70)
    named = {"PREREQUISITE_STAGE_MISSING"}
    assert story.refused(TO, 70) == named
    assert story.refused(TO, 70, variance=JUDGEMENT) == named


@pytest.mark.founding(2)
def test_an_rfa_of_the_other_side_opens_no_way():
    story = exhausted(in_conservative_care(side="left"), 70)
    story.others = (deferred(),)
    assert story.refused(TO, 70) == {"PREREQUISITE_STAGE_MISSING"}
