"""Into re-evaluation: a failed injection, a reason to doubt, a reopened episode."""

from __future__ import annotations

import pytest

from tests.journey.notation import (
    AT_LEAST_50,
    MET,
    Story,
    after_rfa,
    failed_injection,
    in_conservative_care,
    in_diagnostic_block,
    in_re_evaluation,
    in_relief_after_conservative_care,
    not_met,
    unknown,
)

TO = "re-evaluation"
CLASSIFIED = "injection-classified"


# --- from the injection


def test_nothing_can_have_failed_before_an_injection_is_recorded():
    story = Story()
    assert story.asked(TO, 1, CLASSIFIED) == unknown("EVIDENCE_MISSING(injection)")


def test_a_mechanical_failure_waits_for_the_score_of_two_weeks():
    story = Story()
    story.injection(0)
    story.diary(0, "1h=2")
    wanted = "EVIDENCE_MISSING(14-day score)"
    assert story.asked(TO, 13, CLASSIFIED) == unknown(wanted, earliest=14)
    assert story.asked(TO, 14, CLASSIFIED) == unknown(wanted)
    story.score(13, nrs=7)
    assert story.asked(TO, 20, CLASSIFIED) == unknown(wanted)
    story.score(14, nrs=7)
    assert story.asked(TO, 20, CLASSIFIED) == MET


def test_a_negative_or_a_technical_failure_waits_for_nothing():
    negative = Story()
    negative.injection(0)
    negative.diary(0, "1h=7")
    assert negative.asked(TO, 0, CLASSIFIED) == MET
    technical = Story()
    technical.injection(0, contrast="not-in-joint")
    assert technical.asked(TO, 0, CLASSIFIED) == MET


@pytest.mark.parametrize(("baseline", "score", "holds"), AT_LEAST_50)
def test_an_injection_whose_relief_holds_has_not_failed(baseline, score, holds):
    story = Story()
    story.injection(0, nrs=baseline)
    story.diary(0, "1h=1")
    story.score(14, nrs=score)
    expected = not_met("RELIEF_ABOVE_THRESHOLD") if holds else MET
    assert story.asked(TO, 14, CLASSIFIED) == expected


def test_relief_that_was_lost_again_is_a_failure():
    story = Story()
    story.injection(0)
    story.diary(0, "1h=1")
    story.score(14, nrs=2)
    story.score(30, nrs=7)
    assert story.asked(TO, 20, CLASSIFIED) == not_met("RELIEF_ABOVE_THRESHOLD")
    assert story.asked(TO, 30, CLASSIFIED) == MET


def test_a_failed_injection_moves_on_and_cites_what_it_rests_on():
    story = failed_injection()
    move = story.entries[story.move(TO, 14) - 1]
    assert move.payload["rests_on"] == [2, 3, 4]
    assert story.stage == TO


# --- from anywhere else, by a coded reason


def test_a_reassessment_needs_a_coded_reason():
    story = in_conservative_care()
    assert story.asked(TO, 30, "coded-reason") == not_met("EVIDENCE_MISSING(reason)")
    assert story.asked(TO, 30, "coded-reason", reason="improved") == MET


@pytest.mark.parametrize("reason", ["recurrence", "persistent-pain"])
def test_pain_as_a_reason_is_backed_by_a_score_of_the_last_thirty_days(reason):
    story = in_relief_after_conservative_care()
    kind = "score-for-reason"
    assert story.asked(TO, 90, kind, reason=reason) == MET
    assert story.asked(TO, 91, kind, reason=reason) == unknown("EVIDENCE_STALE(NRS)")


def test_pain_as_a_reason_without_any_score_is_unknown():
    story = Story()
    story.placed("post-fusion", 5)
    answer = story.asked(TO, 6, "score-for-reason", reason="recurrence")
    assert answer == unknown("EVIDENCE_MISSING(NRS)")


@pytest.mark.parametrize("reason", ["pattern-changed", "technical-doubt", "improved"])
def test_other_reasons_need_no_score(reason):
    story = in_relief_after_conservative_care()
    assert story.asked(TO, 300, "score-for-reason", reason=reason) == MET
    story.move(TO, 300, reason)
    assert story.stage == TO


@pytest.mark.parametrize(
    "stage", ["conservative-care", "rfa", "relief", "fusion-evaluation", "post-fusion"]
)
def test_every_treatment_stage_may_be_questioned_again(stage):
    story = Story()
    story.placed(stage, 5)
    story.move(TO, 6, "technical-doubt")
    assert story.stage == TO


def test_a_negative_block_cannot_be_judged_yet():
    story = in_diagnostic_block()
    story.block(80)
    story.diary(80, "1h=7", "2h=7")
    assert story.refused(TO, 81) == {"NOT_YET_JUDGED(negative-block)"}


# --- reopened


def reopened(story: Story, day: int, reason: str | None) -> list:
    more = {"reason": reason, "command": "episode reopen"}
    return [
        story.asked(TO, day, "coded-reason", **more),
        story.asked(TO, day, "reopening-cause", **more),
    ]


def referred_out() -> Story:
    story = in_re_evaluation()
    story.screens(20, hip="positive")
    story.move("referred-out", 20, "hip")
    return story


@pytest.mark.parametrize(
    ("reason", "item"),
    [
        ("new-pain-report", "pain score"),
        ("consultant-reply", "reply"),
        (None, "pain score or reply"),
    ],
)
def test_a_reopening_needs_its_cause_on_record(reason, item):
    given = MET if reason else not_met("EVIDENCE_MISSING(reason)")
    missing = not_met(f"EVIDENCE_MISSING({item})")
    assert reopened(referred_out(), 40, reason) == [given, missing]


def test_a_new_pain_report_reopens_an_episode_that_was_referred_out():
    story = referred_out()
    story.score(40, pgic=5)
    missing = not_met("EVIDENCE_MISSING(pain score)")
    assert reopened(story, 40, "new-pain-report") == [MET, missing]
    story.score(41, nrs=6)
    assert reopened(story, 41, "new-pain-report") == [MET, MET]
    story.move(TO, 41, "new-pain-report", command="episode reopen")
    assert story.stage == TO


def test_a_reply_reopens_an_episode_that_was_referred_out():
    story = referred_out()
    story.record("opinion", 40, **{"from": "hip", "verdict": "joint-confirmed"})
    assert reopened(story, 40, "consultant-reply") == [MET, MET]


def test_what_was_known_before_the_referral_reopens_nothing():
    story = referred_out()
    missing = not_met("EVIDENCE_MISSING(pain score)")
    assert reopened(story, 50, "new-pain-report") == [MET, missing]


def test_an_episode_is_reopened_by_its_own_command_only():
    story = referred_out()
    story.score(41, nrs=6)
    assert story.refused(TO, 41, "new-pain-report") == {"NOT_ALLOWED_FROM_STATE"}


def test_an_rfa_in_doubt_may_be_questioned_before_its_outcome():
    story = after_rfa()
    story.move(TO, 103, "technical-doubt")
    assert story.stage == TO
