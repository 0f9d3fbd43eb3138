"""What is due: shown from a week before, closed by evidence, never by a tick."""

from __future__ import annotations

import pytest

from sitrack.journey.agenda import agenda
from tests.journey.notation import (
    Story,
    after_rfa,
    in_conservative_care,
    in_diagnostic_block,
    in_post_fusion,
    in_re_evaluation,
    in_relief_after_rfa,
    in_rfa,
    on,
)


def lines(story: Story, day: int) -> dict:
    due = agenda(story.episode(day), story.protocol)
    return {line.rule: line for line in due}


def injected() -> Story:
    story = Story()
    story.injection(0)
    return story


def test_an_opened_episode_has_something_due():
    assert Story().open(0) == {"SCHED": str(on(14))}


def test_a_line_says_all_that_a_worklist_shows():
    story = Story()
    seq = story.injection(0)
    line = lines(story, 0)["INJ-DIARY"]
    assert (line.visit, line.occurrence) == (1, seq)
    assert (line.anchor, line.due, line.show_from) == (on(0), on(1), on(-6))
    assert (line.waits_for, line.recipient) == ("patient", "coordinator")
    assert (line.title, line.resolved_by) == ("pain diary missing", "diary")
    late = lines(story, 0)["INJ-ESC"]
    assert (late.recipient, late.resolved_by) == ("lead", "leaving the stage")


def test_the_earliest_comes_first():
    story = Story()
    story.injection(0)
    due = [line.due for line in agenda(story.episode(), story.protocol)]
    assert due == sorted(due)
    assert len(due) == 4


def test_leaving_a_stage_cancels_its_lines():
    story = in_re_evaluation()
    assert all(rule.startswith("REV") for rule in lines(story, 14))


def test_a_finished_episode_has_nothing_due():
    story = Story()
    story.placed("closed", 3)
    assert story.open(3) == {}


def test_nothing_expires():
    story = Story()
    story.injection(0)
    assert story.open(3000) == story.open(0)


@pytest.mark.parametrize(
    ("tell", "rule", "first"),
    [
        (injected, "INJ-CHECK", 10),
        (in_conservative_care, "CON-CHECK", 34),
        (after_rfa, "RFA-CHECK", 128),
        (after_rfa, "RFA-OUTCOME", 176),
        (in_relief_after_rfa, "REL-CHECK", 250),
    ],
)
def test_a_score_closes_a_check_from_its_first_day_on(tell, rule, first):
    early = tell()
    due = lines(early, first)[rule].due
    early.score(first - 1, nrs=5)
    assert lines(early, first)[rule].due == due
    early.score(first, nrs=5)
    after = lines(early, first)
    assert rule not in after or after[rule].due > due


def test_a_score_without_pain_closes_nothing():
    story = injected()
    story.score(14, pgic=2)
    assert "INJ-CHECK" in lines(story, 14)


@pytest.mark.founding(21)
@pytest.mark.parametrize(
    ("values", "closes"),
    [({"visits": 3}, True), ({"adherence": 80}, True), ({"planned": 9}, False)],
)
def test_attendance_closes_the_check_of_conservative_care(values, closes):
    story = in_conservative_care()
    story.therapy(34, **values)
    assert ("CON-CHECK" not in lines(story, 34)) is closes


@pytest.mark.founding(36)
def test_surveillance_goes_on_for_as_long_as_relief_lasts():
    story = in_relief_after_rfa()
    assert story.open(190) == {"CHECK": str(on(280)), "ESC": str(on(310))}
    story.score(300, nrs=2)
    assert story.open(300) == {"CHECK": str(on(370)), "ESC": str(on(400))}
    assert lines(story, 300)["REL-CHECK"].occurrence == 2
    story.score(900, nrs=2)
    assert story.open(900) == {"CHECK": str(on(1000)), "ESC": str(on(1030))}


def test_only_the_earliest_unanswered_check_of_a_surveillance_is_open():
    story = in_relief_after_rfa()
    assert story.open(2000) == {"CHECK": str(on(280)), "ESC": str(on(310))}


def test_a_new_block_begins_its_own_lines():
    story = in_diagnostic_block()
    first = story.block(75)
    story.diary(75, "1h=8")
    assert "DIARY" not in story.open(75)
    second = story.block(90)
    assert second != first
    assert story.open(90)["DIARY"] == str(on(91))
    assert story.open(90)["REVIEW"] == str(on(97))


@pytest.mark.founding(22, 23, 24)
@pytest.mark.parametrize(
    ("drug", "rule", "days"),
    [
        ("naproxen", "CON-NSAID", 28),
        ("pregabalin", "CON-PREGABALIN", 28),
        ("gabapentin", "CON-GABAPENTIN", 70),
    ],
)
def test_each_drug_is_followed_up_in_its_own_time(drug, rule, days):
    story = in_conservative_care()
    story.record("medication", 25, drug=drug, start=str(on(25)))
    assert lines(story, 25)[rule].due == on(25 + days)
    story.record("medication", 40, drug=drug, response="partial")
    assert rule not in lines(story, 40)


def test_another_drug_answers_nothing():
    story = in_conservative_care()
    story.naproxen(25, start=str(on(25)))
    story.record("medication", 40, drug="ibuprofen", response="none")
    assert "CON-NSAID" in lines(story, 40)


def test_a_course_that_begins_again_is_followed_up_again():
    story = in_conservative_care()
    story.naproxen(25, start=str(on(22)))
    story.naproxen(30, stop=str(on(30)))
    assert "CON-NSAID" not in lines(story, 30)
    story.naproxen(50, start=str(on(50)))
    assert lines(story, 50)["CON-NSAID"].due == on(78)


def test_a_course_from_before_the_stage_is_not_followed_up():
    story = in_conservative_care()
    story.naproxen(25, start=str(on(10)))
    assert "CON-NSAID" not in lines(story, 25)


def test_a_course_told_twice_is_one_line():
    story = in_conservative_care()
    first = story.naproxen(25, start=str(on(25)))
    story.naproxen(26, start=str(on(25)), dose="500mg-bd")
    due = agenda(story.episode(), story.protocol)
    assert [x.occurrence for x in due if x.rule == "CON-NSAID"] == [first]


def test_a_late_entry_renumbers_no_visit():
    story = in_conservative_care()
    visit = lines(story, 20)["CON-CHECK"].visit
    story.score(3, nrs=7)
    assert lines(story, 20)["CON-CHECK"].visit == visit


def test_a_drug_that_calms_nerves_is_followed_up_by_its_own_rule_only():
    story = in_conservative_care()
    story.record("medication", 25, drug="pregabalin", start=str(on(25)))
    story.record("medication", 26, drug="gabapentin", start=str(on(26)))
    after = lines(story, 26)
    assert after["CON-PREGABALIN"].due == on(53)
    assert after["CON-GABAPENTIN"].due == on(96)
    assert "CON-NSAID" not in after
    story.record("medication", 30, drug="pregabalin", stop=str(on(30)))
    assert lines(story, 30).keys() & {"CON-PREGABALIN", "CON-GABAPENTIN"} == {
        "CON-GABAPENTIN"
    }


def test_a_drug_told_by_its_class_is_followed_up_like_its_class():
    story = in_conservative_care()
    named = {"drug": "brand-name", "drug_class": "gabapentin"}
    story.record("medication", 25, **named, start=str(on(25)))
    assert lines(story, 25)["CON-GABAPENTIN"].due == on(95)


# --- the belt


@pytest.mark.founding(27)
def test_a_belt_is_asked_about_after_six_weeks_until_it_is_put_away():
    story = in_conservative_care()
    worn = story.record("belt", 25, start=str(on(24)))
    line = lines(story, 25)["CON-BELT"]
    assert (line.occurrence, line.anchor, line.due) == (worn, on(24), on(66))
    assert (line.waits_for, line.resolved_by) == ("staff", "belt-stop")
    story.record("belt", 60, stop=str(on(59)))
    assert "CON-BELT" not in lines(story, 60)


@pytest.mark.founding(26)
def test_a_belt_from_before_the_stage_is_not_followed_up():
    story = in_conservative_care()
    story.record("belt", 25, start=str(on(19)))
    assert "CON-BELT" not in lines(story, 25)


def test_a_belt_that_is_worn_again_is_followed_up_again():
    story = in_conservative_care()
    story.record("belt", 25, start=str(on(25)), stop=str(on(25)))
    assert "CON-BELT" not in lines(story, 25)
    again = story.record("belt", 50, start=str(on(50)))
    assert lines(story, 50)["CON-BELT"].occurrence == again


def test_a_stop_told_late_ends_the_belt_it_speaks_of():
    story = in_conservative_care()
    story.record("belt", 25, start=str(on(25)))
    again = story.record("belt", 50, start=str(on(50)))
    story.record("belt", 55, stop=str(on(40)))
    assert lines(story, 55)["CON-BELT"].occurrence == again
    story.record("belt", 60, stop=str(on(60)))
    assert "CON-BELT" not in lines(story, 60)


# --- bookings


STAGES_THAT_SCHEDULE = [
    # told up to its stage, the day, what is booked, the rule
    (Story, 2, "injection", "INJ-SCHED"),
    (in_diagnostic_block, 72, "block", "BLK-SCHED"),
    (in_rfa, 84, "rfa", "RFA-SCHED"),
]


@pytest.mark.parametrize(("tell", "day", "what", "rule"), STAGES_THAT_SCHEDULE)
def test_scheduling_is_silent_while_a_booking_stands(tell, day, what, rule):
    story = tell()
    due = lines(story, day)[rule].due
    booking = story.booking(day, what, day + 10)
    after = lines(story, day)
    assert rule not in after
    assert (after["BOOKED"].occurrence, after["BOOKED"].due) == (booking, on(day + 11))

    for status in ("cancelled", "missed"):
        story.booking(day + 10, what, day + 10, status)
        after = lines(story, day + 10)
        assert "BOOKED" not in after
        assert after[rule].due == due
        story.booking(day + 10, what, day + 20)
        assert rule not in lines(story, day + 10)


@pytest.mark.parametrize(("tell", "day", "what", "rule"), STAGES_THAT_SCHEDULE)
def test_a_booking_that_was_moved_is_asked_about_on_its_new_day(tell, day, what, rule):
    story = tell()
    story.booking(day, what, day + 10)
    moved = story.booking(day + 5, what, day + 30, "moved")
    after = lines(story, day + 5)
    assert rule not in after
    assert (after["BOOKED"].occurrence, after["BOOKED"].due) == (moved, on(day + 31))


@pytest.mark.parametrize("done", [100, 104, 110])
def test_what_was_booked_and_done_is_answered_on_the_day_or_not(done):
    story = in_rfa()
    story.booking(90, "rfa", 104)
    story.rfa(done)
    assert lines(story, done).keys() == {"RFA-CHECK", "RFA-OUTCOME", "RFA-ESC"}


def test_a_visit_answers_no_booking_of_a_procedure():
    story = in_rfa()
    story.booking(90, "rfa", 104)
    story.record("visit", 105)
    assert lines(story, 105)["BOOKED"].due == on(105)


@pytest.mark.parametrize(("day", "answers"), [(103, False), (104, True), (120, True)])
def test_a_booked_visit_is_answered_by_a_visit_from_its_day_on(day, answers):
    story = after_rfa()
    story.booking(101, "visit", 104)
    story.record("visit", day)
    assert ("BOOKED" not in lines(story, day)) is answers


def test_booking_something_else_does_not_silence_the_schedule():
    story = in_rfa()
    story.booking(90, "visit", 95)
    assert {"RFA-SCHED", "BOOKED"} <= lines(story, 90).keys()


def test_several_things_may_be_booked_at_once():
    story = in_rfa()
    story.booking(90, "rfa", 104)
    story.booking(90, "imaging", 99)
    due = [line.due for line in story.lines(90) if line.rule == "BOOKED"]
    assert due == [on(100), on(105)]
    story.imaging(99)
    due = [line.due for line in story.lines(99) if line.rule == "BOOKED"]
    assert due == [on(105)]


def test_leaving_the_stage_cancels_its_bookings():
    story = in_rfa()
    story.booking(90, "rfa", 104)
    story.move("re-evaluation", 95, "technical-doubt")
    assert lines(story, 95).keys() == {"REV-DUE", "REV-ESC"}


# --- authorisations


def authorised(status: str, day: int, **values) -> Story:
    story = in_rfa()
    story.record("authorisation", day, what="rfa", status=status, **values)
    return story


@pytest.mark.parametrize("answer", ["approved", "denied", "withdrawn"])
def test_the_payers_answer_is_due_two_weeks_after_it_was_asked_for(answer):
    story = authorised("requested", 85)
    line = lines(story, 85)["AUTH-DUE"]
    assert (line.anchor, line.due, line.waits_for) == (on(85), on(99), "staff")
    story.record("authorisation", 110, what="rfa", status=answer)
    assert "AUTH-DUE" not in lines(story, 110)
    story.record("authorisation", 120, what="rfa", status="requested")
    assert lines(story, 120)["AUTH-DUE"].due == on(134)


def test_an_answer_about_something_else_is_none():
    story = authorised("requested", 85)
    story.record("authorisation", 90, what="fusion", status="denied")
    assert lines(story, 90)["AUTH-DUE"].due == on(99)


def test_an_approval_warns_two_weeks_before_it_runs_out_until_the_procedure():
    story = authorised("approved", 85, valid_until=str(on(180)))
    assert lines(story, 85)["AUTH-EXP"].due == on(166)
    story.rfa(100)
    assert "AUTH-EXP" not in lines(story, 100)


def test_an_approval_without_an_end_warns_of_nothing():
    assert "AUTH-EXP" not in lines(authorised("approved", 85), 85)


def test_a_hold_does_not_lengthen_an_approval():
    story = authorised("approved", 85, valid_until=str(on(180)))
    story.hold(90)
    story.resume(110)
    after = lines(story, 110)
    assert after["AUTH-EXP"].due == on(166)
    assert after["RFA-SCHED"].due == on(82 + 60 + 20)


# --- after a fusion


OFFSETS = (14, 42, 90, 180, 365, 730)


@pytest.mark.parametrize("place", range(len(OFFSETS)))
def test_a_visit_answers_from_a_week_before_its_date_on_and_all_before_it(place):
    offset = OFFSETS[place]
    early = in_post_fusion()
    early.record("visit", 210 + offset - 8)
    assert f"PF-{offset}" in lines(early, 210 + offset)
    story = in_post_fusion()
    story.record("visit", 210 + offset - 7)
    left = {f"PF-{each}" for each in OFFSETS[place + 1 :]}
    assert lines(story, 210 + offset).keys() == left


def test_imaging_answers_the_twelve_month_visit_and_no_other():
    story = in_post_fusion()
    story.imaging(210 + 365)
    assert lines(story, 575).keys() == {f"PF-{n}" for n in OFFSETS} - {"PF-365"}


@pytest.mark.founding(43, 45)
def test_what_follows_a_fusion_waits_for_the_patient():
    assert {line.waits_for for line in in_post_fusion().lines(210)} == {"patient"}


# --- holds


def test_the_review_of_a_hold_is_shown_and_due_on_its_day():
    story = in_conservative_care()
    hold = story.hold(30, review=60)
    [line] = story.lines(30)
    assert (line.rule, line.occurrence) == ("HOLD-REVIEW", hold)
    assert (line.due, line.show_from, line.waits_for) == (on(60), on(53), "staff")
    renewal = story.renew(hold, 60, review=100)
    [line] = story.lines(60)
    assert (line.occurrence, line.due) == (renewal, on(100))
    story.resume(70)
    assert "HOLD-REVIEW" not in lines(story, 70)


def test_surveillance_pauses_while_on_hold():
    story = in_relief_after_rfa()
    story.score(270, nrs=2)
    assert story.open(270) == {"CHECK": str(on(370)), "ESC": str(on(400))}
    story.hold(300)
    story.resume(320)
    assert story.open(320) == {"CHECK": str(on(390)), "ESC": str(on(420))}


@pytest.mark.parametrize(("day", "answers"), [(249, False), (250, True)])
def test_a_check_that_was_answered_in_advance_stays_answered_after_a_hold(day, answers):
    story = in_relief_after_rfa()
    story.score(day, nrs=2)
    story.hold(260)
    story.resume(280)
    due = 390 if answers else 300
    assert story.open(280) == {"CHECK": str(on(due)), "ESC": str(on(due + 30))}


def test_a_check_that_was_answered_is_not_escalated_after_a_hold():
    story = in_relief_after_rfa()
    story.score(255, nrs=2)
    story.hold(285)
    story.resume(305)
    assert story.open(305) == {"CHECK": str(on(390)), "ESC": str(on(420))}


def test_a_check_that_was_missed_is_escalated_after_a_hold():
    story = in_relief_after_rfa()
    story.hold(285)
    story.resume(305)
    assert story.open(305) == {"CHECK": str(on(280)), "ESC": str(on(330))}


@pytest.mark.parametrize(("day", "answers"), [(249, False), (250, True)])
def test_a_hold_after_a_check_makes_no_earlier_score_its_answer(day, answers):
    story = in_relief_after_rfa()
    story.score(day, nrs=2)
    story.hold(285)
    story.resume(305)
    escalated = 420 if answers else 330
    assert story.open(305)["ESC"] == str(on(escalated))


@pytest.mark.parametrize(("day", "closes"), [(137, False), (138, True)])
def test_the_day_from_which_a_score_answers_is_counted_without_the_hold(day, closes):
    story = after_rfa()
    story.hold(110)
    story.resume(120)
    story.score(day, nrs=6)
    assert ("RFA-CHECK" not in lines(story, day)) is closes


# --- referred out


def referred_out() -> Story:
    story = in_re_evaluation()
    story.screens(20, hip="positive")
    story.move("referred-out", 20, "hip")
    return story


def test_a_referral_is_followed_until_it_is_answered():
    story = referred_out()
    assert story.open(20) == {"LOOP": str(on(50)), "ESC": str(on(110))}
    after = lines(story, 20)
    assert (after["REF-LOOP"].recipient, after["REF-ESC"].recipient) == (
        "coordinator",
        "lead",
    )
    reply = story.record("opinion", 60, **{"from": "hip", "verdict": "other-source"})
    [line] = story.lines(60)
    assert (line.rule, line.occurrence, line.due) == ("REF-DECIDE", reply, on(74))


def test_the_decision_is_counted_from_the_latest_reply():
    story = referred_out()
    for day in (60, 65):
        story.record("opinion", day, **{"from": "hip", "verdict": "unclear"})
    assert story.open(65) == {"DECIDE": str(on(79))}


def test_a_reply_from_before_the_referral_answers_nothing():
    story = in_re_evaluation()
    story.record("opinion", 19, **{"from": "hip", "verdict": "other-source"})
    story.screens(20, hip="positive")
    story.move("referred-out", 20, "hip")
    assert story.open(20) == {"LOOP": str(on(50)), "ESC": str(on(110))}


def test_a_decision_ends_the_referral():
    story = referred_out()
    story.record("opinion", 60, **{"from": "hip", "verdict": "joint-confirmed"})
    story.reopen(61, "consultant-reply")
    assert lines(story, 61).keys() == {"REV-DUE", "REV-ESC"}
