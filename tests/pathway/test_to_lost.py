"""Lost to follow-up: sought often enough, by more than one way, for long enough."""

from __future__ import annotations

import pytest

from sitrack.journey.decisions import ways_on
from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import (
    Story,
    in_conservative_care,
    sought,
)
from tests.journey.parked import PARKED, lost, overdue, standing


@pytest.mark.requirement("contact-attempts")
def test_a_patient_is_lost_after_three_attempts_by_two_ways_and_forty_five_days():
    story = sought(overdue(), 55, 69, 78)
    story.lose(93)
    assert standing(story) == ("conservative-care", Status.LOST)
    assert story.open(93) == {}


@pytest.mark.requirement("contact-attempts")
@pytest.mark.parametrize(("day", "allowed"), [(92, False), (93, True)])
def test_it_takes_forty_five_days_since_the_earliest_date_that_was_missed(day, allowed):
    story = sought(overdue(), 55, 69, 78)
    if allowed:
        story.lose(day)
        assert standing(story) == ("conservative-care", Status.LOST)
    else:
        named = story.refusal(lambda: story.lose(day))
        assert named == {"LTFU_WINDOW_NOT_MET"}


@pytest.mark.requirement("contact-attempts")
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


def test_lost_no_move_but_the_end_is_made():
    story = lost()
    for stage in Stage:
        if stage != Stage.CLOSED:
            assert story.refused(stage, 94) == {"LOST"}
    assert story.refusal(lambda: story.hold(94)) == {"LOST"}
    assert story.refusal(lambda: story.lose(94)) == {"LOST"}
    assert ways_on(story.case(94)) == []
