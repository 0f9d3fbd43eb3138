"""What holds for every clock: a hold shifts what lies ahead by its days, and nothing else."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import Story, on
from tests.properties.walks import walked, walks

PARKED = (Stage.REFERRED_OUT, Stage.CLOSED)


def told(story: Story, walk) -> int:
    """Tell the walk, and return its last day."""
    return [0, *walked(story, walk)][-1]


def dues(story: Story, day: int) -> dict[tuple[str, int], dt.date]:
    return {(line.rule, line.occurrence): line.due for line in story.lines(day)}


@settings(
    deadline=None,
    max_examples=80,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(walks(16), st.integers(0, 90), st.integers(0, 89))
def test_a_hold_in_any_stage_moves_what_is_due_after_it_by_exactly_its_days(
    walk, wait, days
):
    story = Story()
    start = told(story, walk) + wait
    if story.stage in PARKED or story.episode().status is not Status.ACTIVE:
        return
    before = dues(story, start)
    assert before, "an active episode has something due"
    story.hold(start, review=start + 90)
    assert [rule for rule, _ in dues(story, start)] == ["HOLD-REVIEW"]
    story.resume(start + days)
    shift = dt.timedelta(days=days)
    expected = {
        name: due + shift if due > on(start) else due for name, due in before.items()
    }
    assert dues(story, start + days) == expected
    assert story.stage == story.episode(start).stage
    assert story.case(start + days).elapsed == story.case(start).elapsed
