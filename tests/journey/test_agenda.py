"""What is due: shown from a week before, closed by evidence, never by a tick."""

from __future__ import annotations

import pytest

from sitrack.journey.agenda import agenda
from tests.journey.notation import (
    Story,
    after_rfa,
    in_conservative_care,
    in_diagnostic_block,
    in_re_evaluation,
    in_relief_after_rfa,
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


@pytest.mark.parametrize(
    ("values", "closes"),
    [({"visits": 3}, True), ({"adherence": 80}, True), ({"planned": 9}, False)],
)
def test_attendance_closes_the_check_of_conservative_care(values, closes):
    story = in_conservative_care()
    story.therapy(34, **values)
    assert ("CON-CHECK" not in lines(story, 34)) is closes


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
