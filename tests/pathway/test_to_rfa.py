"""Into the RFA: the first one after a positive block, a repeat after lasting relief."""

from __future__ import annotations

import pytest

from sitrack.journey.decisions import ways_on
from tests.journey.notation import (
    AT_LEAST_50,
    BOUNDARIES,
    JUDGEMENT,
    MET,
    Story,
    in_diagnostic_block,
    in_relief_after_conservative_care,
    in_relief_after_rfa,
    not_met,
    on,
    shipped_with,
    unknown,
)

TO = "rfa"
BLOCKS, NERVES, CONSENT = "positive-blocks", "same-nerves", "consent"
TWO_BLOCKS = ("blocks_required = { value = 1,", "blocks_required = { value = 2,")
NOT_COVERED = ("rfa_covered = { value = true,", "rfa_covered = { value = false,")


def with_block(day: int = 80, **values) -> Story:
    """A positive block on that day."""
    story = in_diagnostic_block(
        **{k: values.pop(k) for k in ("protocol",) if k in values}
    )
    story.diary(day, "1h=1", "2h=1", about=story.block(day, **values))
    return story


# --- the block


@pytest.mark.founding(34)
def test_rfa_is_refused_while_there_is_no_block():
    story = in_diagnostic_block()
    assert story.asked(TO, 80, BLOCKS) == unknown("EVIDENCE_MISSING(block)")
    assert story.asked(TO, 80, NERVES) == unknown("EVIDENCE_MISSING(block)")


def test_rfa_is_refused_while_the_block_has_no_diary():
    story = in_diagnostic_block()
    story.block(80)
    assert story.answers(TO, 81, BLOCKS) == [
        unknown("BLOCK_INDETERMINATE"),
        unknown("EVIDENCE_MISSING(diary)"),
    ]


@pytest.mark.founding(34)
@pytest.mark.parametrize("threshold", [50, 75, 80])
@pytest.mark.parametrize("row", BOUNDARIES, ids=lambda row: f"{row[0]}-to-{row[1]}")
def test_a_block_is_positive_from_its_threshold_on(row, threshold):
    baseline, score, _, *reached = row
    protocol = shipped_with(
        ("block_min_pct = { value = 50,", f"block_min_pct = {{ value = {threshold},")
    )
    story = in_diagnostic_block(protocol=protocol)
    story.block(80, nrs=baseline)
    story.diary(80, f"1h={score}", f"2h={score}")
    positive = reached[(50, 75, 80).index(threshold)]
    expected = MET if positive else not_met("RELIEF_BELOW_THRESHOLD")
    assert story.asked(TO, 81, BLOCKS) == expected


def test_the_latest_block_answers():
    story = with_block(75)
    story.diary(90, "1h=7", "2h=7", about=story.block(90))
    assert story.asked(TO, 80, BLOCKS) == MET
    assert story.asked(TO, 90, BLOCKS) == not_met("RELIEF_BELOW_THRESHOLD")


@pytest.mark.parametrize(("age", "fresh"), [(180, True), (181, False)])
def test_a_block_is_at_most_a_hundred_and_eighty_days_old(age, fresh):
    story = with_block(80)
    expected = MET if fresh else unknown("EVIDENCE_STALE(block)")
    assert story.asked(TO, 80 + age, BLOCKS) == expected


def test_a_diary_written_late_needs_an_attestation():
    story = in_diagnostic_block()
    block = story.block(80)
    diary = story.diary(80, "1h=1", "2h=1", written=84)
    assert story.asked(TO, 84, BLOCKS) == not_met("ATTESTATION_REQUIRED")
    story.attest(85, "diary", diary)
    [finding] = story.findings(TO, 85, BLOCKS)
    assert finding.is_met
    assert finding.entries == (block, diary, len(story.entries))


def test_a_diary_written_within_three_days_needs_none():
    story = in_diagnostic_block()
    story.block(80)
    story.diary(80, "1h=1", "2h=1", written=83)
    assert story.asked(TO, 83, BLOCKS) == MET


def test_one_block_is_too_few_where_the_protocol_asks_for_two():
    story = with_block(80, protocol=shipped_with(TWO_BLOCKS))
    assert story.asked(TO, 81, BLOCKS) == not_met("BLOCKS_INSUFFICIENT")


@pytest.mark.parametrize(("gap", "enough"), [(13, False), (14, True)])
def test_two_positive_blocks_lie_two_weeks_apart(gap, enough):
    story = with_block(80, protocol=shipped_with(TWO_BLOCKS))
    story.diary(80 + gap, "1h=1", "2h=1", about=story.block(80 + gap))
    expected = MET if enough else not_met("SPACING_NOT_MET")
    assert story.asked(TO, 100, BLOCKS) == expected


def test_a_block_that_has_grown_old_is_not_counted_with_a_newer_one():
    story = with_block(75, protocol=shipped_with(TWO_BLOCKS))
    story.diary(200, "1h=1", "2h=1", about=story.block(200))
    assert story.asked(TO, 255, BLOCKS) == MET
    assert story.asked(TO, 256, BLOCKS) == not_met("BLOCKS_INSUFFICIENT")


@pytest.mark.parametrize(("gap", "doubtful"), [(27, True), (28, False)])
def test_a_block_soon_after_steroid_in_the_joint_is_met_with_a_warning(gap, doubtful):
    story = in_diagnostic_block()
    story.injection(75)
    story.diary(75 + gap, "1h=1", "2h=1", about=story.block(75 + gap))
    [finding] = story.findings(TO, 110, BLOCKS)
    assert finding.is_met
    assert bool(finding.warning) is doubtful


def test_steroid_in_the_block_is_met_with_a_warning():
    [finding] = with_block(80, steroid=True).findings(TO, 81, BLOCKS)
    assert finding.is_met
    assert "held steroid" in finding.warning


# --- the nerves


@pytest.mark.founding(29, 30)
def test_the_nerves_are_those_of_the_latest_block():
    [finding] = with_block(80, nerves="s1,s2,s3").findings(TO, 81, NERVES)
    assert finding.is_met
    assert finding.seen == "S1 S2 S3, right"


@pytest.mark.founding(30)
def test_blocks_of_other_nerves_do_not_add_up():
    story = with_block(80, nerves="s1,s2", protocol=shipped_with(TWO_BLOCKS))
    story.diary(100, "1h=1", "2h=1", about=story.block(100))
    assert story.asked(TO, 101, BLOCKS) == not_met("BLOCKS_INSUFFICIENT")


def test_an_earlier_failed_block_of_other_nerves_stands_in_nobodys_way():
    story = in_diagnostic_block()
    failed = story.block(75, nerves="s1,s2")
    story.diary(75, "1h=8", "2h=8", about=failed)
    story.diary(90, "1h=1", "2h=1", about=story.block(90))
    assert story.asked(TO, 91, BLOCKS) == MET
    [finding] = story.findings(TO, 91, NERVES)
    assert finding.is_met
    assert finding.warning == f"block #{failed} was of S1 S2: not counted"


# --- consent and cover


def test_consent_must_be_on_record():
    story = with_block(80)
    assert story.asked(TO, 81, CONSENT) == not_met("CONSENT_MISSING")
    story.consent(81, procedure="fusion")
    assert story.asked(TO, 81, CONSENT) == not_met("CONSENT_MISSING")
    story.consent(81)
    assert story.asked(TO, 81, CONSENT) == MET


@pytest.mark.parametrize(("age", "valid"), [(90, True), (91, False)])
def test_consent_is_at_most_ninety_days_old(age, valid):
    story = with_block(80)
    story.consent(80)
    expected = MET if valid else not_met("CONSENT_MISSING")
    assert story.asked(TO, 80 + age, CONSENT) == expected


def test_cover_is_taken_as_given_while_no_payer_is_set():
    assert with_block(80).asked(TO, 81, "coverage") == MET


def test_without_cover_a_signed_notice_is_missing():
    story = with_block(80, protocol=shipped_with(NOT_COVERED))
    assert story.asked(TO, 81, "coverage") == not_met("FINANCIAL_NOTICE_MISSING")


def test_a_signed_notice_stands_in_for_cover():
    story = with_block(80, protocol=shipped_with(NOT_COVERED))
    story.record("notice", 81, procedure="fusion")
    assert story.asked(TO, 81, "coverage") == not_met("FINANCIAL_NOTICE_MISSING")
    notice = story.record("notice", 81, procedure="rfa")
    [finding] = story.findings(TO, 81, "coverage")
    assert finding.is_met
    assert finding.entries == (notice,)


def test_a_repeat_without_cover_asks_for_the_notice_too():
    story = Story(protocol=shipped_with(NOT_COVERED))
    story.placed("rfa", 30)
    story.placed("relief", 60)
    assert story.asked(TO, 90, "coverage") == not_met("FINANCIAL_NOTICE_MISSING")
    story.record("notice", 90, procedure="rfa")
    assert story.asked(TO, 90, "coverage") == MET


@pytest.mark.founding(31, 34)
def test_a_positive_block_with_consent_leads_to_the_rfa():
    story = with_block(80)
    story.consent(81)
    story.move(TO, 81)
    assert story.stage == TO


@pytest.mark.founding(34)
def test_no_variance_opens_the_way_without_a_positive_block():
    story = in_diagnostic_block()
    story.consent(81)
    story.block(80)
    named = story.refused(TO, 81, variance=JUDGEMENT)
    assert named == {"BLOCK_INDETERMINATE", "EVIDENCE_MISSING(diary)"}


# --- the repeat


def recurred(day: int = 400, **values) -> Story:
    """Relief by the RFA of day 100, and pain again: NRS 7 with consent."""
    story = in_relief_after_rfa(**values)
    story.score(day, nrs=7, pattern="same")
    story.consent(day)
    return story


@pytest.mark.founding(36)
def test_a_repeat_needs_no_new_block():
    story = recurred()
    story.move(TO, 400)
    assert story.stage == TO


def test_only_relief_that_came_from_rfa_is_repeated_by_rfa():
    story = in_relief_after_conservative_care()
    story.score(90, nrs=7)
    assert story.refused(TO, 90) == {"NOT_ALLOWED_FROM_STATE"}
    assert story.refused(TO, 90, variance=JUDGEMENT) == {"NOT_ALLOWED_FROM_STATE"}
    assert TO not in [way.move.target for way in ways_on(story.case(90))]
    assert recurred().asked(TO, 400, "relief-from") == MET
    assert TO in [way.move.target for way in ways_on(recurred().case(400))]


def test_an_earlier_rfa_does_not_make_every_later_relief_its_own():
    story = in_relief_after_rfa()
    story.score(300, nrs=7)
    story.move("re-evaluation", 300, "recurrence")
    story.exam(301)
    story.screens(301)
    story.move("conservative-care", 301)
    story.score(320, nrs=2)
    story.move("relief", 320)
    assert story.refused(TO, 400) == {"NOT_ALLOWED_FROM_STATE"}


def test_a_repeat_without_an_earlier_rfa_is_unknown():
    story = Story()
    story.placed("rfa", 30)
    story.placed("relief", 60)
    missing = unknown("EVIDENCE_MISSING(RFA)")
    assert story.asked(TO, 90, "rfa-response") == missing
    assert story.asked(TO, 90, "rfa-spacing") == missing


@pytest.mark.parametrize(("baseline", "score", "lasting"), AT_LEAST_50)
def test_the_rfa_must_have_relieved_by_half_from_day_ninety_on(
    baseline, score, lasting
):
    story = Story()
    story.placed("rfa", 82)
    story.rfa(100, nrs=baseline)
    story.placed("relief", 150)
    story.score(190, nrs=score)
    expected = MET if lasting else not_met("RELIEF_BELOW_THRESHOLD")
    assert story.asked(TO, 300, "rfa-response") == expected


def test_relief_before_day_ninety_does_not_show_that_it_lasted():
    story = Story()
    story.placed("rfa", 82)
    story.rfa(100)
    story.placed("relief", 150)
    story.score(189, nrs=1)
    missing = unknown("EVIDENCE_MISSING(90-day score)")
    assert story.asked(TO, 300, "rfa-response") == missing


@pytest.mark.parametrize(("day", "enough"), [(279, False), (280, True)])
def test_a_repeat_comes_half_a_year_after_the_last_rfa(day, enough):
    story = recurred(day)
    early = not_met("SPACING_NOT_MET", earliest=280)
    assert story.asked(TO, day, "rfa-spacing") == (MET if enough else early)


def test_the_last_of_two_rfas_is_the_one_that_counts():
    story = in_relief_after_rfa()
    last = story.rfa(290)
    early = not_met("SPACING_NOT_MET", earliest=470)
    assert story.asked(TO, 400, "rfa-spacing") == early
    [finding] = story.findings(TO, 400, "rfa-spacing")
    assert finding.entries == (last,)


def test_two_rfas_in_a_year_leave_no_room_for_a_third():
    story = in_relief_after_rfa()
    story.rfa(290)
    full = not_met("LIMIT_REACHED(RFA sessions)", earliest=465)
    assert story.asked(TO, 464, "rfa-sessions") == full
    assert story.asked(TO, 465, "rfa-sessions") == MET


def test_a_limit_of_none_at_all_has_no_first_day():
    none = ("rfa_repeat_max = { value = 2,", "rfa_repeat_max = { value = 0,")
    story = in_relief_after_rfa(protocol=shipped_with(none))
    answer = story.asked(TO, 600, "rfa-sessions")
    assert answer == not_met("LIMIT_REACHED(RFA sessions)")


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (3.5, not_met("SEVERITY_BELOW_THRESHOLD")),
        (4, not_met("RELIEF_ABOVE_THRESHOLD")),
        (4.5, MET),
        (8, MET),
    ],
)
def test_a_recurrence_is_pain_of_four_or_more_and_less_than_half_the_relief(
    score, expected
):
    story = in_relief_after_rfa()
    story.score(400, nrs=score)
    assert story.asked(TO, 400, "recurrence") == expected


def test_a_recurrence_is_shown_by_a_fresh_score_of_this_stage():
    story = in_relief_after_rfa()
    story.score(400, nrs=7)
    assert story.asked(TO, 430, "recurrence") == MET
    assert story.asked(TO, 431, "recurrence") == unknown("EVIDENCE_STALE(NRS)")


def test_without_a_score_of_this_stage_nothing_has_recurred_yet():
    story = Story()
    story.placed("rfa", 5)
    story.placed("relief", 10)
    assert story.asked(TO, 20, "recurrence") == unknown("EVIDENCE_MISSING(NRS)")
    story.score(20, nrs=7)
    assert story.asked(TO, 20, "recurrence") == unknown("EVIDENCE_MISSING(baseline)")


def test_recurrence_is_judged_on_the_scale_of_the_treatment():
    story = Story()
    story.placed("rfa", 82)
    story.rfa(100, vas=80)
    story.placed("relief", 150)
    story.score(300, vas=80)
    assert story.asked(TO, 300, "recurrence") == MET


@pytest.mark.founding(15)
def test_a_changed_pattern_questions_the_source():
    story = in_relief_after_rfa()
    story.score(400, nrs=7, pattern="changed")
    answer = story.asked(TO, 400, "same-pattern")
    assert answer == not_met("SOURCE_NOT_CONFIRMED(pattern)")
    story.score(401, nrs=7, pattern="same")
    assert story.asked(TO, 401, "same-pattern") == MET


def test_a_pattern_nobody_spoke_of_is_taken_as_unchanged_with_a_warning():
    [finding] = in_relief_after_rfa().findings(TO, 400, "same-pattern")
    assert finding.is_met
    assert "taken as unchanged" in finding.warning


@pytest.mark.parametrize(("age", "recent"), [(730, True), (731, False)])
def test_the_last_positive_block_is_at_most_two_years_old(age, recent):
    expected = MET if recent else unknown("EVIDENCE_STALE(block)")
    story = in_relief_after_rfa()
    assert story.asked(TO, 80 + age, "past-positive-block") == expected


def test_a_repeat_without_any_positive_block_is_refused():
    story = Story()
    story.placed("rfa", 5)
    story.placed("relief", 10)
    answer = story.asked(TO, 20, "past-positive-block")
    assert answer == not_met("BLOCKS_INSUFFICIENT")


def test_the_consent_to_the_first_rfa_does_not_serve_the_repeat():
    story = in_relief_after_rfa()
    story.score(400, nrs=7)
    assert story.refused(TO, 400) == {"CONSENT_MISSING"}


def test_a_repeat_waits_for_its_own_rfa():
    story = recurred()
    story.move(TO, 400)
    assert story.open(400) == {"SCHED": str(on(460))}
    assert story.refused("relief", 460) == {
        "EVIDENCE_MISSING(RFA)",
        "EVIDENCE_MISSING(baseline)",
    }
    story.rfa(410, nrs=7)
    assert story.open(410) == {
        "CHECK": str(on(452)),
        "OUTCOME": str(on(500)),
        "ESC": str(on(530)),
    }


# --- what else decides about blocks


def test_of_three_blocks_each_lies_two_weeks_after_the_one_before():
    three = ("blocks_required = { value = 1,", "blocks_required = { value = 3,")
    story = with_block(80, protocol=shipped_with(three))
    for day in (94, 108):
        story.diary(day, "1h=1", "2h=1", about=story.block(day))
    assert story.asked(TO, 110, BLOCKS) == MET
    close = with_block(80, protocol=shipped_with(three))
    for day in (87, 108):
        close.diary(day, "1h=1", "2h=1", about=close.block(day))
    assert close.asked(TO, 110, BLOCKS) == not_met("SPACING_NOT_MET")
    [finding] = close.findings(TO, 110, BLOCKS)
    assert finding.seen == "7 d between positive blocks"


@pytest.mark.parametrize(("steroid", "doubtful"), [("none", False), ("other", True)])
def test_an_injection_on_the_day_of_the_block_blurs_it_only_with_steroid(
    steroid, doubtful
):
    story = with_block(80)
    story.injection(80, steroid=steroid)
    [finding] = story.findings(TO, 81, BLOCKS)
    assert bool(finding.warning) is doubtful


def test_the_nerves_shown_are_those_of_the_last_of_several_blocks():
    story = with_block(75, nerves="s1,s2")
    story.block(90, nerves="s3")
    [finding] = story.findings(TO, 91, NERVES)
    assert finding.seen == "S3, right"


def test_a_repeat_rests_on_the_latest_positive_block():
    story = in_relief_after_rfa()
    latest = story.block(300)
    story.diary(300, "1h=1", "2h=1", about=latest)
    [finding] = story.findings(TO, 900, "past-positive-block")
    assert finding.is_met
    assert finding.entries == (latest,)


def test_what_consent_is_needed_for_is_said_as_people_say_it():
    [finding] = with_block(80).findings(TO, 81, CONSENT)
    assert finding.needs == "consent to RFA, at most 90 d old"
