"""Left and right: whatever is on record of one side, the other is judged without it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitrack.journey.decisions import ways_on
from sitrack.journey.findings import Finding
from tests.journey.notation import Story, on
from tests.properties.walks import walked, walks

SIDES = settings(
    deadline=None,
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def is_judged_alone(story: Story, other: Story, day: int) -> None:
    """Every way on says the same whether the other side is known or not."""
    story.others = ()
    alone = {way.move.id: way.findings for way in ways_on(story.case(day))}
    story.others = (other,) if other.episode().opened <= on(day) else ()
    for way in ways_on(story.case(day)):
        for mine, ours in zip(alone[way.move.id], way.findings, strict=True):
            assert is_the_same(mine, ours)
    story.others = ()


def is_the_same(alone: Finding, beside: Finding) -> bool:
    """Only the patient's yearly sessions are counted over both sides.

    There the other side can but use them up. That both were fused on one day is a
    warning.
    """
    if beside.requirement == "injection-sessions":
        return alone.is_met or not beside.is_met
    if beside.requirement == "fusion-surgery":
        return alone == dataclasses.replace(beside, warning=alone.warning)
    return alone == beside


@pytest.mark.founding(2)
@SIDES
@given(walks(16), walks(8))
def test_nothing_on_one_side_answers_for_the_other(walk, elsewhere):
    story, other = Story(side="right"), Story(side="left")
    for _ in walked(other, elsewhere):
        pass
    for day in walked(story, walk):
        is_judged_alone(story, other, day)


def nothing(_story: Story, _day: int) -> None:
    """The session in which this side was left alone."""


@pytest.mark.founding(2)
@SIDES
@given(walks(16), st.data())
def test_what_is_done_to_both_on_one_day_answers_for_each_by_itself(walk, data):
    """One side lacks, now and then, what the other is given on the same day."""
    left, right = Story(side="left"), Story(side="right")
    done = data.draw(st.lists(st.booleans(), min_size=len(walk), max_size=len(walk)))
    fewer = [
        (days, step if both else nothing)
        for (days, step), both in zip(walk, done, strict=True)
    ]
    for day, _ in zip(walked(left, walk), walked(right, fewer), strict=True):
        is_judged_alone(right, left, day)
        is_judged_alone(left, right, day)
