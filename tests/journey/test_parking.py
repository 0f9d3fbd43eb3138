"""Holds that stop the clock, losses to follow-up, and what comes after them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sitrack.pathway.stages import Status
from tests.journey.notation import (
    MET,
    Story,
    after_rfa,
    in_conservative_care,
    in_diagnostic_block,
    in_post_fusion,
    in_relief_after_rfa,
    not_met,
    on,
    sought,
    unknown,
)
from tests.journey.parked import REASONS, lost, shifted, standing

# --- the clock


def test_due_dates_move_by_the_days_on_hold():
    story = in_conservative_care()
    before = story.open(29)
    story.hold(30)
    story.resume(51)
    assert story.open(51) == shifted(before, 21)


def test_what_was_due_before_the_hold_stays_due_then():
    story = in_conservative_care()
    before = story.open(20)
    assert before["CHECK"] == str(on(48))
    story.hold(48)
    story.resume(58)
    assert story.open(58)["CHECK"] == str(on(48))
    assert story.open(58)["TRIAL"] == str(on(62 + 10))


def test_a_hold_of_no_day_moves_nothing():
    story = in_conservative_care()
    before = story.open(29)
    story.hold(30)
    story.resume(30)
    assert standing(story) == ("conservative-care", Status.ACTIVE)
    assert story.open(30) == before


def test_a_hold_that_is_told_late_moves_them_as_if_told_in_time():
    late = in_conservative_care()
    late.score(60, nrs=7)
    late.hold(30)
    assert standing(late) == ("conservative-care", Status.ON_HOLD)
    late.resume(51)
    prompt = in_conservative_care()
    prompt.hold(30)
    prompt.resume(51)
    prompt.score(60, nrs=7)
    assert late.open(60) == prompt.open(60)
    assert late.episode().status is Status.ACTIVE


def test_a_past_day_is_told_by_the_holds_of_that_day():
    story = in_conservative_care()
    story.hold(30, review=60)
    story.resume(51)
    assert story.episode(29).status is Status.ACTIVE
    assert story.episode(30).status is Status.ON_HOLD
    assert story.episode(50).status is Status.ON_HOLD
    assert story.episode(51).status is Status.ACTIVE
    assert story.open(29) == in_conservative_care().open(29)


def test_days_elapsed_leave_holds_out():
    story = in_conservative_care()
    story.hold(30)
    assert story.case(40).elapsed == 10
    story.resume(51)
    assert story.case(61).elapsed == 20


def test_a_failure_of_the_rfa_waits_for_active_days():
    story = after_rfa()
    story.hold(120)
    story.resume(141)
    story.score(200, nrs=7)
    kind = "failure-period"
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=163)
    assert story.asked("fusion-evaluation", 162, kind) == early
    attest = not_met("ATTESTATION_REQUIRED", earliest=211)
    assert story.asked("fusion-evaluation", 163, kind) == attest
    assert story.asked("fusion-evaluation", 210, kind) == attest
    assert story.asked("fusion-evaluation", 211, kind) == MET


def test_conservative_days_are_counted_without_the_hold():
    story = in_conservative_care()
    story.therapy(40, start=str(on(20)))
    story.hold(30)
    story.resume(51)
    kind = "conservative-days"
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=83)
    assert story.asked("diagnostic-block", 82, kind) == early
    assert story.asked("diagnostic-block", 83, kind) == MET


def test_the_score_of_the_steroid_phase_waits_for_active_days():
    story = Story()
    story.injection(0)
    story.diary(0, "1h=2")
    story.hold(5)
    story.resume(10)
    story.score(18, nrs=7)
    kind = "injection-classified"
    absent = unknown("EVIDENCE_MISSING(14-day score)", earliest=19)
    assert story.asked("re-evaluation", 18, kind) == absent
    story.score(19, nrs=7)
    assert story.asked("re-evaluation", 19, kind) == MET


def test_the_relief_that_an_rfa_must_have_shown_waits_for_active_days():
    story = after_rfa()
    story.hold(110)
    story.resume(120)
    story.score(190, nrs=2)
    story.move("relief", 190)
    absent = unknown("EVIDENCE_MISSING(90-day score)")
    assert story.asked("rfa", 300, "rfa-response") == absent
    story.score(199, nrs=2)
    assert story.asked("rfa", 300, "rfa-response") == absent
    story.score(200, nrs=2)
    assert story.asked("rfa", 300, "rfa-response") == MET


def test_ages_leave_no_hold_out():
    story = in_diagnostic_block()
    story.diary(80, "1h=1", "2h=1", about=story.block(80))
    story.consent(80)
    story.hold(81, review=171)
    story.resume(171)
    assert story.asked("rfa", 170 + 1, "consent") == not_met("CONSENT_MISSING")
    assert story.asked("rfa", 260, "positive-blocks") == MET
    stale = unknown("EVIDENCE_STALE(block)")
    assert story.asked("rfa", 261, "positive-blocks") == stale


def test_spacings_leave_no_hold_out():
    story = in_relief_after_rfa()
    story.hold(200)
    story.resume(250)
    early = not_met("SPACING_NOT_MET", earliest=280)
    assert story.asked("rfa", 279, "rfa-spacing") == early
    assert story.asked("rfa", 280, "rfa-spacing") == MET


# --- after a return


def rfa_lost() -> Story:
    """RFA on day 100, check due on day 142; lost on day 187, back on day 200."""
    story = sought(after_rfa(), 150, 160, 170)
    story.lose(187)
    story.record("visit", 200)
    story.come_back(200)
    return story


def test_an_rfa_that_was_done_before_the_loss_is_not_done_again():
    story = rfa_lost()
    assert story.stage == "rfa"
    assert "SCHED" not in story.open(200)
    assert story.asked("fusion-evaluation", 200, "rfa-done") == MET
    episode = story.episode()
    assert episode.baseline(episode.visit)[:2] == ("nrs", 8)
    assert story.case(200).elapsed == 100
    story.score(201, nrs=7)
    story.move("fusion-evaluation", 201)
    assert story.stage == "fusion-evaluation"


def test_visits_after_a_surgery_go_on_from_the_surgery():
    story = sought(in_post_fusion(), 230, 240, 250)
    story.lose(269)
    story.record("visit", 300)
    story.come_back(300)
    offsets = (180, 365, 730)
    assert story.open(300) == {str(d): str(on(210 + d)) for d in offsets}


def test_relief_that_an_rfa_brought_is_still_its_own_after_a_return():
    story = sought(in_relief_after_rfa(), 281, 290, 300)
    story.lose(325)
    story.score(330, nrs=7)
    story.consent(330)
    story.come_back(330)
    assert story.stage == "relief"
    episode = story.episode()
    assert episode.baseline(episode.visit)[:2] == ("nrs", 8)
    story.move("rfa", 330)
    assert story.stage == "rfa"
    # The repeat is to be done; the RFA of before anchors nothing here.
    assert story.open(330) == {"SCHED": str(on(390))}


def test_attempts_from_before_the_return_do_not_count_again():
    story = rfa_lost()
    assert story.open(200)["CHECK"] == str(on(142))
    both = {"LTFU_WINDOW_NOT_MET", "CONTACT_ATTEMPTS_INSUFFICIENT"}
    assert story.refusal(lambda: story.lose(201)) == both
    sought(story, 210, 220, 230)
    assert story.refusal(lambda: story.lose(244)) == {"LTFU_WINDOW_NOT_MET"}
    story.lose(245)
    assert story.episode().status is Status.LOST


# --- finishing from a hold, or lost


def test_an_episode_on_hold_may_be_finished_and_its_holds_end_with_it():
    story = in_conservative_care()
    story.hold(30)
    story.hold(35, reason="patient-request")
    story.finish(40, "declined")
    assert standing(story) == ("closed", Status.FINISHED)
    assert story.open(40) == {}
    assert story.episode().open_holds == ()
    story.score(400, nrs=6)
    story.reopen(400)
    assert standing(story) == ("re-evaluation", Status.ACTIVE)


def test_an_episode_that_was_lost_may_be_finished():
    story = lost()
    story.finish(100, "transferred")
    assert standing(story) == ("closed", Status.FINISHED)
    story.score(400, nrs=6)
    story.reopen(400)
    assert standing(story) == ("re-evaluation", Status.ACTIVE)


# --- whatever the holds


PAUSES = st.lists(
    # days until it is set, and for how long it lasts; they overlap at random
    st.tuples(st.integers(0, 12), st.integers(0, 30)),
    min_size=1,
    max_size=5,
)


def held(story: Story, pauses: list[tuple[int, int]]) -> tuple[int, int, int]:
    """Set and release the holds; return (first day, last day, days held)."""
    changes, start = [], 30
    for wait, length in pauses:
        start += wait
        changes += [(start, 0, len(changes)), (start + length, 1, len(changes))]
    numbers = {}
    for day, is_release, name in sorted(changes):
        if is_release:
            story.resume(day, numbers[name])
        else:
            numbers[name] = story.hold(day, reason=REASONS[name // 2])
    days = {
        day
        for first, last in zip(changes[::2], changes[1::2], strict=True)
        for day in range(first[0], last[0])
    }
    return 30 + pauses[0][0], max(day for day, *_ in changes), len(days)


@settings(deadline=None, max_examples=100)
@given(PAUSES)
def test_a_hold_and_its_release_move_due_dates_by_exactly_the_days_held(pauses):
    story = in_conservative_care()
    before = story.open(20)
    first, last, days = held(story, pauses)
    later = {name: due for name, due in before.items() if due > str(on(last))}
    after = story.open(last)
    assert {name: after[name] for name in later} == shifted(later, days)
    # Whatever falls between is moved by what was held before it, and no more.
    for name, due in before.items():
        moved = on(after[name]) - on(due)
        assert 0 <= moved.days <= days
        assert moved.days == story.episode().held_days(on(first), on(after[name]))
    assert story.case(last + 5).elapsed == last + 5 - 20 - days


@settings(deadline=None, max_examples=60)
@given(PAUSES, st.integers(0, 200))
def test_a_day_so_many_active_days_later_is_the_first_such_day(pauses, days):
    story = in_conservative_care()
    held(story, pauses)
    episode = story.episode()
    day = episode.day_after(on(20), days)
    assert episode.active_days(on(20), day) == days
    before = on(on(day).toordinal() - on(0).toordinal() - 1)
    assert episode.active_days(on(20), before) < days
