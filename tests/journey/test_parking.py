"""Holds that stop the clock, losses to follow-up, and the ways back from both."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitrack.errors import BadInput, NotFound
from sitrack.journey.decisions import ways_on
from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import (
    MET,
    Story,
    after_rfa,
    exhausted,
    in_conservative_care,
    in_diagnostic_block,
    in_post_fusion,
    in_relief_after_rfa,
    not_met,
    on,
    sought,
    unknown,
)

PARKED = (Stage.REFERRED_OUT, Stage.CLOSED)
UNDER_WAY = [stage for stage in Stage if stage not in PARKED]
REASONS = (
    *("pregnancy", "hospitalised", "acute-illness", "authorisation-pending"),
    *("optimisation", "patient-request"),
)


def standing(story: Story) -> tuple[str, Status]:
    return story.stage, story.episode().status


def shifted(lines: dict[str, str], days: int) -> dict[str, str]:
    """The same open follow-ups, so many days later."""
    numbers = {
        name: on(due).toordinal() - on(0).toordinal() for name, due in lines.items()
    }
    return {name: str(on(number + days)) for name, number in numbers.items()}


# --- putting on hold


@pytest.mark.parametrize("reason", REASONS)
def test_a_hold_keeps_the_stage_and_leaves_its_review_alone_due(reason):
    story = in_conservative_care()
    story.hold(30, review=60, reason=reason)
    assert standing(story) == ("conservative-care", Status.ON_HOLD)
    assert story.open(30) == {"REVIEW": str(on(60))}
    assert story.episode().open_holds[0].reason == reason


@pytest.mark.parametrize("reason", ["bored", ""])
def test_a_hold_has_one_of_the_protocols_reasons(reason):
    with pytest.raises(BadInput, match="--reason pregnancy, hospitalised"):
        in_conservative_care().hold(30, reason=reason)


@pytest.mark.parametrize("stage", UNDER_WAY)
def test_every_stage_that_is_under_way_can_wait(stage):
    story = Story()
    if stage != Stage.INJECTION:
        story.placed(stage, 5)
    story.hold(6, review=20)
    assert standing(story) == (stage, Status.ON_HOLD)
    assert story.open(6) == {"REVIEW": str(on(20))}


@pytest.mark.parametrize("stage", PARKED)
def test_what_is_not_under_way_cannot_be_put_on_hold(stage):
    story = Story()
    story.placed(stage, 5)
    assert story.refusal(lambda: story.hold(6)) == {"NOT_ALLOWED_FROM_STATE"}


@pytest.mark.parametrize(("ahead", "allowed"), [(1, True), (90, True), (91, False)])
def test_the_review_lies_at_most_ninety_days_ahead(ahead, allowed):
    story = in_conservative_care()
    if allowed:
        story.hold(30, review=30 + ahead)
        assert story.open(30) == {"REVIEW": str(on(30 + ahead))}
    else:
        named = story.refusal(lambda: story.hold(30, review=30 + ahead))
        assert named == {"HOLD_REVIEW_TOO_FAR"}
        assert standing(story) == ("conservative-care", Status.ACTIVE)


@pytest.mark.parametrize("ahead", [0, -1])
def test_the_review_lies_ahead(ahead):
    with pytest.raises(BadInput, match="--review lies ahead"):
        in_conservative_care().hold(30, review=30 + ahead)


def test_no_move_but_the_end_is_made_on_hold():
    story = exhausted(in_conservative_care(), 70)
    story.hold(70)
    for stage in Stage:
        if stage != Stage.CLOSED:
            assert story.refused(stage, 71) == {"ON_HOLD"}
    assert ways_on(story.case(71)) == []


def test_evidence_is_recorded_on_hold_and_closes_what_it_answers():
    story = in_conservative_care()
    story.hold(30, review=60)
    story.score(35, nrs=6)
    assert standing(story) == ("conservative-care", Status.ON_HOLD)
    story.resume(37)
    story.score(42, nrs=6)
    assert "CHECK" not in story.open(42)


# --- renewing


def test_a_renewal_sets_another_review_and_the_hold_goes_on():
    story = in_conservative_care()
    hold = story.hold(30, review=60)
    renewal = story.renew(hold, 60, review=150)
    assert story.open(60) == {"REVIEW": str(on(150))}
    [kept] = story.episode().open_holds
    assert (kept.seq, kept.since, kept.reviewed_by) == (hold, on(30), renewal)


@pytest.mark.parametrize(("ahead", "allowed"), [(90, True), (91, False)])
def test_a_renewed_review_lies_at_most_ninety_days_from_the_day_it_is_set(
    ahead, allowed
):
    story = in_conservative_care()
    hold = story.hold(30, review=100)
    if allowed:
        story.renew(hold, 50, review=50 + ahead)
        assert story.open(50) == {"REVIEW": str(on(50 + ahead))}
    else:
        named = story.refusal(lambda: story.renew(hold, 50, review=50 + ahead))
        assert named == {"HOLD_REVIEW_TOO_FAR"}
        assert story.open(50) == {"REVIEW": str(on(100))}


def test_only_a_hold_that_lasts_is_renewed_or_released():
    story = in_conservative_care()
    hold = story.hold(30)
    story.resume(40)
    with pytest.raises(NotFound):
        story.renew(hold, 41, review=60)
    with pytest.raises(NotFound):
        story.resume(41)
    with pytest.raises(NotFound):
        story.resume(41, hold)


# --- several holds


@pytest.mark.parametrize("first_out", [0, 1])
def test_each_of_several_holds_is_released_by_its_own(first_out):
    story = in_conservative_care()
    holds = [
        story.hold(30, review=60),
        story.hold(35, review=70, reason="patient-request"),
    ]
    assert len([1 for hold in story.episode().open_holds]) == 2
    with pytest.raises(NotFound, match=r"#\d+ hospitalised, #\d+ patient-request"):
        story.resume(40)

    story.resume(40, holds[first_out])
    assert standing(story) == ("conservative-care", Status.ON_HOLD)
    left = holds[1 - first_out]
    assert story.open(40) == {"REVIEW": str(on((60, 70)[1 - first_out]))}
    assert [hold.seq for hold in story.episode().open_holds] == [left]

    story.resume(50)
    assert standing(story) == ("conservative-care", Status.ACTIVE)
    assert story.open(50) == shifted(in_conservative_care().open(20), 20)


def test_the_reviews_of_several_holds_are_all_due():
    story = in_conservative_care()
    story.hold(30, review=60)
    story.hold(35, review=70, reason="patient-request")
    lines = story.lines(35)
    assert [(line.rule, line.due) for line in lines] == [
        ("HOLD-REVIEW", on(60)),
        ("HOLD-REVIEW", on(70)),
    ]


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


# --- for how long


@pytest.mark.parametrize(
    ("days", "stage"), [(180, "conservative-care"), (181, "re-evaluation")]
)
def test_after_more_than_half_a_year_the_source_is_looked_at_again(days, stage):
    story = in_conservative_care()
    hold = story.hold(30, review=120)
    story.renew(hold, 120, review=210)
    story.resume(30 + days)
    assert standing(story) == (stage, Status.ACTIVE)


def test_the_way_back_to_re_evaluation_begins_a_new_stay():
    story = in_conservative_care()
    hold = story.hold(30, review=120)
    story.renew(hold, 120, review=210)
    resumed = story.resume(220)
    assert story.open(220) == {"DUE": str(on(234)), "ESC": str(on(248))}
    visits = story.episode().visits
    assert (visits[-1].seq, visits[-2].left) == (resumed, on(220))


@pytest.mark.parametrize(
    ("second", "stage"),
    [(130, "re-evaluation"), (129, "re-evaluation"), (131, "conservative-care")],
)
def test_holds_that_run_on_without_a_gap_count_as_one(second, stage):
    story = in_conservative_care()
    first = story.hold(30, review=120)
    if second <= 130:
        later = story.hold(second, review=second + 90, reason="patient-request")
        story.resume(130, first)
    else:
        story.resume(130, first)
        later = story.hold(second, review=second + 90, reason="patient-request")
    story.resume(211, later)
    assert story.stage == stage


def test_only_the_release_of_the_last_hold_leads_away():
    story = in_conservative_care()
    first = story.hold(30, review=120)
    second = story.hold(215, review=300, reason="patient-request")
    story.resume(230, first)
    assert standing(story) == ("conservative-care", Status.ON_HOLD)
    story.resume(240, second)
    assert standing(story) == ("re-evaluation", Status.ACTIVE)


# --- losing sight of the patient


def overdue() -> Story:
    """Conservative care since day 20; its first check was due on day 48."""
    return in_conservative_care()


def test_a_patient_is_lost_after_three_attempts_by_two_ways_and_forty_five_days():
    story = sought(overdue(), 55, 69, 78)
    story.lose(93)
    assert standing(story) == ("conservative-care", Status.LOST)
    assert story.open(93) == {}


@pytest.mark.parametrize(("day", "allowed"), [(92, False), (93, True)])
def test_it_takes_forty_five_days_since_the_earliest_date_that_was_missed(day, allowed):
    story = sought(overdue(), 55, 69, 78)
    if allowed:
        story.lose(day)
    else:
        named = story.refusal(lambda: story.lose(day))
        assert named == {"LTFU_WINDOW_NOT_MET"}


@pytest.mark.parametrize(
    "attempts",
    [
        [],
        [(55, "phone"), (69, "letter")],
        [(55, "phone"), (69, "phone"), (78, "phone")],
        [(47, "letter"), (55, "phone"), (69, "phone"), (78, "phone")],
        [(46, "phone"), (47, "letter"), (55, "phone")],
    ],
    ids=["none", "two", "one way", "the other way too early", "too early"],
)
def test_too_few_attempts_since_then_are_not_enough(attempts):
    story = overdue()
    for day, channel in attempts:
        story.contact(day, channel=channel)
    named = story.refusal(lambda: story.lose(100))
    assert named == {"CONTACT_ATTEMPTS_INSUFFICIENT"}


def test_an_attempt_on_the_day_itself_counts():
    story = sought(overdue(), 48, 69, 78)
    story.lose(93)
    assert story.episode().status is Status.LOST


def test_too_early_and_too_few_are_both_named():
    named = {"LTFU_WINDOW_NOT_MET", "CONTACT_ATTEMPTS_INSUFFICIENT"}
    story = overdue()
    assert story.refusal(lambda: story.lose(60)) == named


def test_nobody_is_lost_while_nothing_waits_for_the_patient():
    story = in_conservative_care()
    story.move("re-evaluation", 30, "technical-doubt")
    sought(story, 55, 69, 78)
    named = story.refusal(lambda: story.lose(400))
    assert named == {"LTFU_WINDOW_NOT_MET"}


@pytest.mark.parametrize("stage", PARKED)
def test_what_is_not_under_way_cannot_be_lost(stage):
    story = Story()
    story.placed(stage, 5)
    assert story.refusal(lambda: story.lose(100)) == {"NOT_ALLOWED_FROM_STATE"}


def test_who_is_on_hold_is_not_lost():
    story = sought(overdue(), 55, 69, 78)
    story.hold(80)
    assert story.refusal(lambda: story.lose(93)) == {"ON_HOLD"}


def lost(story: Story | None = None) -> Story:
    """Lost on day 93."""
    story = sought(story or overdue(), 55, 69, 78)
    story.lose(93)
    return story


def test_lost_no_move_but_the_end_is_made():
    story = lost()
    for stage in Stage:
        if stage != Stage.CLOSED:
            assert story.refused(stage, 94) == {"LOST"}
    assert story.refusal(lambda: story.hold(94)) == {"LOST"}
    assert story.refusal(lambda: story.lose(94)) == {"LOST"}
    assert ways_on(story.case(94)) == []


# --- coming back


def test_coming_back_takes_a_sign_of_the_patient():
    story = lost()
    missing = {"EVIDENCE_MISSING(patient contact)"}
    assert story.refusal(lambda: story.come_back(100)) == missing
    story.contact(100)
    assert story.refusal(lambda: story.come_back(100)) == missing
    story.contact(101, "reached", "sms")
    story.come_back(101)
    assert standing(story) == ("conservative-care", Status.ACTIVE)


@pytest.mark.parametrize(
    ("kind", "values"), [("visit", {}), ("score", {"nrs": 6}), ("score", {"pgic": 4})]
)
def test_a_visit_or_a_score_is_such_a_sign(kind, values):
    story = lost()
    sign = story.record(kind, 100, **values)
    back = story.entries[story.come_back(100) - 1]
    assert back.payload["rests_on"] == [sign]


def test_signs_from_before_the_loss_are_none():
    story = overdue()
    story.contact(60, "reached")
    lost(story)
    named = story.refusal(lambda: story.come_back(100))
    assert named == {"EVIDENCE_MISSING(patient contact)"}


@pytest.mark.parametrize(
    ("days", "stage"), [(180, "conservative-care"), (181, "re-evaluation")]
)
def test_within_half_a_year_the_way_leads_back_to_where_it_was_left(days, stage):
    story = lost()
    story.record("visit", 93 + days)
    back = story.come_back(93 + days)
    assert standing(story) == (stage, Status.ACTIVE)
    visit = story.episode().visit
    assert (visit.seq, visit.entered) == (back, on(93 + days))


def test_the_clock_of_who_comes_back_begins_anew():
    story = lost()
    story.record("visit", 120)
    story.come_back(120)
    assert story.open(120) == shifted(in_conservative_care().open(20), 100)
    assert story.case(130).elapsed == 10


def test_only_who_is_lost_comes_back():
    story = overdue()
    story.record("visit", 100)
    named = {"NOT_ALLOWED_FROM_STATE"}
    assert story.refusal(lambda: story.come_back(100)) == named
    story.hold(101)
    assert story.refusal(lambda: story.come_back(102)) == {"ON_HOLD"}


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
