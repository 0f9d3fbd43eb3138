"""Onto hold: a reason, a near review, its renewal; and several holds at once."""

from __future__ import annotations

import pytest

from sitrack.errors import BadInput, NotFound
from sitrack.journey.decisions import ways_on
from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import (
    Story,
    exhausted,
    in_conservative_care,
    on,
)
from tests.journey.parked import PARKED, REASONS, shifted, standing

UNDER_WAY = [stage for stage in Stage if stage not in PARKED]


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


@pytest.mark.requirement("hold-review")
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


@pytest.mark.requirement("hold-review")
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


@pytest.mark.complaint(17)
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
