"""Into re-evaluation: a failed injection, a reason to doubt, a reopened episode."""

from __future__ import annotations

import pytest

from sitrack.journey.decisions import ways_on
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
    on,
    unknown,
)

TO = "re-evaluation"
CLASSIFIED = "injection-classified"


# --- from the injection


@pytest.mark.founding(5)
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


@pytest.mark.founding(6, 9)
def test_a_negative_or_a_technical_failure_waits_for_nothing():
    negative = Story()
    negative.injection(0)
    negative.diary(0, "1h=7")
    assert negative.asked(TO, 0, CLASSIFIED) == MET
    technical = Story()
    technical.injection(0, contrast="not-in-joint")
    assert technical.asked(TO, 0, CLASSIFIED) == MET


@pytest.mark.founding(5)
@pytest.mark.parametrize(("baseline", "score", "holds"), AT_LEAST_50)
def test_an_injection_whose_relief_holds_has_not_failed(baseline, score, holds):
    story = Story()
    story.injection(0, nrs=baseline)
    story.diary(0, "1h=1")
    story.score(14, nrs=score)
    expected = not_met("RELIEF_ABOVE_THRESHOLD") if holds else MET
    assert story.asked(TO, 14, CLASSIFIED) == expected


@pytest.mark.founding(5)
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


@pytest.mark.founding(15, 36)
@pytest.mark.parametrize(
    "stage", ["conservative-care", "rfa", "relief", "fusion-evaluation", "post-fusion"]
)
def test_every_treatment_stage_may_be_questioned_again(stage):
    story = Story()
    story.placed(stage, 5)
    story.move(TO, 6, "technical-doubt")
    assert story.stage == TO


# --- a negative block


NEGATIVE = "negative-block"


def with_block(*readings: str, **values) -> Story:
    """A block on day 80, baseline NRS 8, with these readings."""
    story = in_diagnostic_block()
    block = story.block(80, **values)
    if readings:
        story.diary(80, *readings, about=block)
    return story


def test_without_a_block_nothing_is_negative():
    story = in_diagnostic_block()
    assert story.asked(TO, 80, NEGATIVE) == unknown("EVIDENCE_MISSING(block)")


@pytest.mark.founding(34)
@pytest.mark.parametrize(("baseline", "score", "reached"), AT_LEAST_50)
def test_a_block_is_negative_below_its_threshold(baseline, score, reached):
    story = with_block(f"1h={score}", f"2h={score}", nrs=baseline)
    expected = not_met("RELIEF_ABOVE_THRESHOLD") if reached else MET
    assert story.asked(TO, 81, NEGATIVE) == expected


def test_a_negative_block_leads_back_and_is_cited_with_its_diary():
    story = with_block("1h=7", "2h=7")
    block = len(story.entries) - 1
    move = story.entries[story.move(TO, 81) - 1]
    assert story.stage == TO
    assert move.payload["rests_on"] == [block, block + 1]


def test_a_block_without_a_diary_is_indeterminate_and_not_negative():
    named = {"BLOCK_INDETERMINATE", "EVIDENCE_MISSING(diary)"}
    assert with_block().refused(TO, 81) == named


def test_one_good_reading_alone_is_indeterminate_and_not_negative():
    assert "BLOCK_INDETERMINATE" in with_block("1h=2").refused(TO, 81)


@pytest.mark.parametrize(
    ("written", "expected"),
    [(83, MET), (84, not_met("ATTESTATION_REQUIRED"))],
)
def test_a_diary_written_late_shows_nothing_negative_unattested(written, expected):
    story = in_diagnostic_block()
    story.block(80)
    diary = story.diary(80, "1h=7", "2h=7", written=written)
    assert story.asked(TO, 84, NEGATIVE) == expected
    story.attest(84, "diary", diary)
    assert story.asked(TO, 84, NEGATIVE) == MET


def test_the_latest_block_of_the_stage_decides():
    story = with_block("1h=7", "2h=7")
    story.diary(95, "1h=1", "2h=1", about=story.block(95))
    assert story.asked(TO, 81, NEGATIVE) == MET
    assert story.asked(TO, 95, NEGATIVE) == not_met("RELIEF_ABOVE_THRESHOLD")


def test_a_block_of_an_earlier_stay_decides_nothing():
    story = with_block("1h=7", "2h=7")
    story.move(TO, 81)
    story.exam(82)
    story.screens(82)
    story.move("conservative-care", 82)
    story.score(83, nrs=7)
    story.move("diagnostic-block", 83)
    assert story.asked(TO, 84, NEGATIVE) == unknown("EVIDENCE_MISSING(block)")


@pytest.mark.parametrize(
    "reason",
    ["recurrence", "persistent-pain", "pattern-changed", "technical-doubt", "improved"],
)
def test_a_coded_reason_stands_in_for_a_negative_block(reason):
    story = in_diagnostic_block()
    story.move(TO, 80, reason)
    assert story.stage == TO


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


# --- reopened after it was finished


@pytest.mark.parametrize("disposition", ["declined", "transferred"])
def test_a_finished_episode_is_reopened_by_a_new_pain_report(disposition):
    story = in_conservative_care()
    story.finish(30, disposition)
    missing = {"EVIDENCE_MISSING(pain score)"}
    assert story.refusal(lambda: story.reopen(400)) == missing
    story.score(400, nrs=6)
    story.reopen(400)
    assert (story.stage, story.episode().status) == (TO, "active")
    assert story.open(400) == {"DUE": str(on(414)), "ESC": str(on(428))}


@pytest.mark.parametrize("disposition", ["deceased", "opened-in-error"])
def test_nothing_reopens_an_episode_that_ended_for_ever(disposition):
    story = in_conservative_care()
    story.finish(30, disposition)
    story.score(400, nrs=6)
    never = {"NOT_ALLOWED_FROM_STATE"}
    assert story.refusal(lambda: story.reopen(400)) == never
    assert story.refusal(lambda: story.reopen(400, "consultant-reply")) == never
    assert ways_on(story.case(400)) == []
    assert story.stage == "closed"


def test_an_episode_may_be_finished_and_reopened_more_than_once():
    story = in_conservative_care()
    story.finish(30, "declined")
    story.score(60, nrs=6)
    story.reopen(60)
    story.finish(70, "transferred")
    story.score(90, nrs=6)
    story.reopen(90)
    assert story.stage == TO
    assert [v.stage for v in story.episode().visits].count("closed") == 2
