"""Into a second injection: only to settle a doubt, guided, and within the limits."""

from __future__ import annotations

import pytest

from tests.journey.notation import (
    JUDGEMENT,
    MET,
    Story,
    in_re_evaluation,
    not_met,
    on,
    shipped_with,
)

TO = "injection"
CLASS, SPACING, REPEATS = "repeatable-class", "injection-spacing", "technical-repeats"
SESSIONS, NEW = "injection-sessions", "new-injection"


def missed(purpose: str = "diagnostic", **values) -> Story:
    """Re-evaluation since day 2, after an injection that missed the joint."""
    story = Story(**{k: values.pop(k) for k in ("side", "protocol") if k in values})
    story.injection(0, contrast="not-in-joint", purpose=purpose, **values)
    story.move("re-evaluation", 2)
    return story


def repeated(day: int = 20, **values) -> Story:
    story = missed()
    story.injection(day, purpose="diagnostic", **values)
    return story


# --- the class of the failure


@pytest.mark.founding(9, 11)
def test_a_technical_failure_may_be_repeated():
    assert missed().asked(TO, 20, CLASS) == MET


def test_an_indeterminate_failure_may_be_repeated():
    story = Story()
    story.injection(0)
    story.score(14, nrs=8)
    story.move("re-evaluation", 14)
    assert story.asked(TO, 20, CLASS) == MET


@pytest.mark.founding(14)
def test_a_mechanical_failure_is_not_repeated_unless_a_clinician_attests_it():
    story = in_re_evaluation()
    assert story.asked(TO, 20, CLASS) == not_met("ATTESTATION_REQUIRED")
    story.attest(20, "repeat")
    assert story.asked(TO, 20, CLASS) == MET


def test_a_negative_response_is_not_repeated_unless_a_clinician_attests_it():
    story = Story()
    story.injection(0)
    story.diary(0, "1h=8")
    story.move("re-evaluation", 1)
    assert story.asked(TO, 20, CLASS) == not_met("ATTESTATION_REQUIRED")


def test_the_new_injection_does_not_change_the_class_of_the_one_that_failed():
    assert repeated(20, contrast="in-joint").asked(TO, 20, CLASS) == MET


# --- spacing


@pytest.mark.parametrize(("day", "enough"), [(13, False), (14, True)])
def test_two_weeks_lie_between_the_injections(day, enough):
    early = not_met("SPACING_NOT_MET", earliest=14)
    expected = MET if enough else early
    assert missed().asked(TO, day, SPACING) == expected
    assert repeated(day).asked(TO, 30, SPACING) == expected


# --- repeats


@pytest.mark.founding(11)
def test_one_technical_repeat_is_allowed():
    story = repeated(20)
    assert story.asked(TO, 20, REPEATS) == MET
    story.move(TO, 20)
    story.score(34, nrs=8)
    story.move("re-evaluation", 34)
    answer = story.asked(TO, 50, REPEATS)
    assert answer == not_met("LIMIT_REACHED(technical repeats)")


# --- yearly sessions


def with_sessions(*days: int, purpose: str, new: int, side: str = "right") -> Story:
    """Earlier sessions on those days, then a new injection of the same purpose."""
    story = Story(min(days))
    other = Story(min(days), side="left")
    where = story if side == "right" else other
    for day in days:
        where.injection(day, purpose=purpose, contrast="not-in-joint")
    story.placed("re-evaluation", max(days) + 1)
    story.injection(new, purpose=purpose)
    story.others = (other,)
    return story


def test_two_diagnostic_sessions_a_year_leave_no_room_for_a_third():
    story = with_sessions(-100, -50, purpose="diagnostic", new=0)
    full = not_met("LIMIT_REACHED(diagnostic sessions)", earliest=265)
    assert story.asked(TO, 0, SESSIONS) == full
    room = with_sessions(-100, -50, purpose="diagnostic", new=265)
    assert room.asked(TO, 265, SESSIONS) == MET
    last = with_sessions(-100, -50, purpose="diagnostic", new=264)
    assert last.asked(TO, 264, SESSIONS) == full


@pytest.mark.founding(2)
def test_sessions_of_the_other_side_count_for_the_patient():
    story = with_sessions(-100, -50, purpose="diagnostic", new=0, side="left")
    full = not_met("LIMIT_REACHED(diagnostic sessions)", earliest=265)
    assert story.asked(TO, 0, SESSIONS) == full


def test_both_sides_on_one_day_are_one_session():
    story = Story(-100)
    other = Story(-100, side="left")
    for one in (story, other):
        one.injection(-100, purpose="diagnostic", contrast="not-in-joint")
    story.placed("re-evaluation", -99)
    story.injection(0, purpose="diagnostic")
    story.others = (other,)
    [finding] = story.findings(TO, 0, SESSIONS)
    assert finding.is_met
    assert finding.seen == "1 diagnostic in 365 d"


def test_four_therapeutic_sessions_a_year_leave_no_room_for_a_fifth():
    days = (-300, -240, -180, -60)
    story = with_sessions(*days, purpose="therapeutic", new=0)
    full = not_met("LIMIT_REACHED(therapeutic sessions)", earliest=65)
    assert story.answers(TO, 0, SESSIONS) == [full, MET]


@pytest.mark.parametrize(("gap", "enough"), [(59, False), (60, True)])
def test_therapeutic_sessions_lie_sixty_days_apart(gap, enough):
    story = with_sessions(-gap, purpose="therapeutic", new=0)
    early = not_met("SPACING_NOT_MET", earliest=60 - gap)
    assert story.answers(TO, 0, SESSIONS) == [MET, MET if enough else early]


def test_an_injection_for_both_purposes_counts_as_both():
    story = with_sessions(-100, purpose="both", new=0)
    assert story.answers(TO, 0, SESSIONS) == [MET, MET, MET]


def test_without_a_new_injection_the_limits_are_judged_for_a_diagnostic_one_today():
    story = missed()
    [finding] = story.findings(TO, 20, SESSIONS)
    assert finding.seen == "1 diagnostic in 365 d"


def test_a_limit_of_none_at_all_has_no_first_day():
    none = (
        "diagnostic_sessions_max = { value = 2,",
        "diagnostic_sessions_max = { value = 0,",
    )
    story = missed("therapeutic", protocol=shipped_with(none))
    answer = story.asked(TO, 20, SESSIONS)
    assert answer == not_met("LIMIT_REACHED(diagnostic sessions)")


# --- the new injection


def test_the_new_injection_is_recorded_first():
    answer = missed().asked(TO, 20, NEW)
    assert answer == not_met("EVIDENCE_MISSING(new injection)")


@pytest.mark.founding(10, 11)
@pytest.mark.parametrize("guidance", ["fluoroscopy", "ct", "ultrasound"])
@pytest.mark.parametrize("contrast", ["in-joint", "not-in-joint"])
def test_it_is_guided_and_shown_by_contrast(guidance, contrast):
    story = repeated(20, guidance=guidance, contrast=contrast)
    assert story.asked(TO, 20, NEW) == MET


@pytest.mark.founding(10, 11)
@pytest.mark.parametrize(
    "values",
    [
        {"guidance": "none", "contrast": "in-joint"},
        {"contrast": "unknown"},
        {"contrast": "not-used"},
    ],
)
def test_without_guidance_or_contrast_it_settles_nothing(values):
    answer = repeated(20, **values).asked(TO, 20, NEW)
    assert answer == not_met("EVIDENCE_MISSING(guidance and contrast)")


def test_the_injection_that_failed_is_not_the_new_one_even_on_the_same_day():
    story = Story()
    story.injection(0, contrast="not-in-joint")
    story.move("re-evaluation", 0)
    answer = story.asked(TO, 0, NEW)
    assert answer == not_met("EVIDENCE_MISSING(new injection)")


def test_no_variance_replaces_the_new_injection():
    named = missed().refused(TO, 20, variance=JUDGEMENT)
    assert named == {"EVIDENCE_MISSING(new injection)"}


def test_a_repeat_starts_its_own_clock():
    story = repeated(20)
    story.move(TO, 22)
    episode = story.episode()
    assert episode.procedure(episode.visit).seq == 4
    assert episode.anchor_day(episode.visit) == on(20)


# --- which injection is the new one, and which the one that failed


def test_an_injection_later_on_the_day_of_re_evaluation_is_the_new_one():
    story = Story()
    story.injection(0, contrast="not-in-joint")
    story.move("re-evaluation", 0)
    new = story.injection(0)
    [finding] = story.findings(TO, 0, NEW)
    assert finding.entries == (new,)


def test_an_earlier_injection_that_is_written_late_is_not_the_new_one():
    story = missed()
    story.injection(1)
    answer = story.asked(TO, 20, NEW)
    assert answer == not_met("EVIDENCE_MISSING(new injection)")
    early = not_met("SPACING_NOT_MET", earliest=15)
    assert story.asked(TO, 14, SPACING) == early


def test_of_two_new_injections_the_later_counts():
    story = repeated(20)
    later = story.injection(25, guidance="none")
    [finding] = story.findings(TO, 25, NEW)
    assert finding.entries == (later,)
    assert not finding.is_met


def test_without_an_earlier_injection_there_is_nothing_to_keep_apart():
    story = Story()
    story.placed("re-evaluation", 2)
    assert story.asked(TO, 3, SPACING) == MET
    assert story.asked(TO, 3, CLASS) == not_met("ATTESTATION_REQUIRED")


def test_therapeutic_sessions_are_kept_apart_from_the_latest_before():
    story = with_sessions(-100, -10, purpose="therapeutic", new=0)
    early = not_met("SPACING_NOT_MET", earliest=50)
    assert story.answers(TO, 0, SESSIONS) == [MET, early]
