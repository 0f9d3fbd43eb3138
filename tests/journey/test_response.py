"""What readings say: relief, the class of a failed injection, a block's verdict."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sitrack.journey.assessment.case import percent
from sitrack.journey.response import (
    InjectionClass,
    Phase,
    Verdict,
    block_response,
    injection_response,
    percent_relief,
)
from tests.journey.notation import BOUNDARIES, Story, in_re_evaluation

# --- relief


@pytest.mark.parametrize("row", BOUNDARIES, ids=lambda row: f"{row[0]}-to-{row[1]}")
def test_relief_is_the_boundary_table(row):
    baseline, score, shown, *reached = row
    relief = percent_relief(Decimal(baseline), Decimal(score))
    assert percent(relief) == shown
    assert [relief >= threshold for threshold in (50, 75, 80)] == reached


def test_relief_is_compared_unrounded():
    assert percent(percent_relief(Decimal(100), Decimal("25.04"))) == "75 %"
    assert not percent_relief(Decimal(100), Decimal("25.04")) >= 75


def test_worse_than_before_is_negative_relief():
    assert percent_relief(Decimal(5), Decimal(10)) == -100


def test_nothing_improves_on_a_baseline_of_zero():
    with pytest.raises(ValueError, match="baseline of 0"):
        percent_relief(Decimal(0), Decimal(0))


# --- the class of a failed injection

LOW, HIGH = "1h=6", "1h=2"
FAILED, HELD, LOST = ((14, 7),), ((14, 2),), ((14, 2), (30, 7))
NO = ()


def classed(contrast: str, reading: str | None, scores: tuple, **values):
    story = Story()
    injection = story.injection(0, contrast=contrast, **values)
    if reading:
        story.diary(0, reading)
    for day, nrs in scores:
        story.score(day, nrs=nrs)
    return respond(story, injection)


def respond(story: Story, injection: int):
    return injection_response(
        story.episode(),
        story.protocol,
        story.episode().entry(injection),
        response_pct=50,
        steroid_pct=50,
        from_day=14,
    )


ROWS = [
    # contrast, diary, scores, class
    ("in-joint", LOW, NO, "negative"),
    ("in-joint", LOW, FAILED, "negative"),
    ("not-in-joint", None, NO, "technical"),
    ("not-in-joint", LOW, FAILED, "technical"),
    ("not-in-joint", HIGH, FAILED, "technical"),
    ("not-in-joint", None, FAILED, "technical"),
    ("unknown", LOW, NO, "technical"),
    ("unknown", LOW, FAILED, "technical"),
    ("not-used", LOW, FAILED, "technical"),
    ("in-joint", HIGH, FAILED, "mechanical"),
    ("unknown", HIGH, FAILED, "mechanical"),
    ("in-joint", HIGH, LOST, "short-lived"),
    ("unknown", HIGH, LOST, "short-lived"),
    ("in-joint", None, FAILED, "indeterminate"),
    ("unknown", None, FAILED, "indeterminate"),
    ("in-joint", None, LOST, "indeterminate"),
    ("unknown", None, LOST, "indeterminate"),
    ("in-joint", LOW, LOST, "discordant"),
    # no class: a score is missing, or relief holds
    ("in-joint", HIGH, NO, None),
    ("unknown", HIGH, NO, None),
    ("in-joint", None, NO, None),
    ("unknown", None, NO, None),
    ("in-joint", HIGH, HELD, None),
    ("in-joint", LOW, HELD, None),
    ("in-joint", None, HELD, None),
    ("not-in-joint", None, HELD, None),
    ("unknown", LOW, HELD, None),
]


@pytest.mark.founding(3, 5, 6, 9, 12)
@pytest.mark.parametrize(("contrast", "reading", "scores", "failure"), ROWS)
def test_the_class_of_a_failed_injection(contrast, reading, scores, failure):
    assert classed(contrast, reading, scores).failure == failure


def test_every_class_can_be_derived():
    assert {row[-1] for row in ROWS} - {None} == {each.value for each in InjectionClass}


def test_one_reading_in_the_window_is_enough_for_the_anaesthetic_phase():
    story = Story()
    injection = story.injection(0)
    story.diary(0, "0.5h=7", "1h=2", "4h=7")
    assert respond(story, injection).anaesthetic is Phase.REACHED


@pytest.mark.founding(4)
@pytest.mark.parametrize(
    ("agent", "last", "after"),
    [
        ("lidocaine", "2h=1", "121m=1"),
        ("bupivacaine", "8h=1", "481m=1"),
        ("other", "8h=1", "481m=1"),
        (None, "8h=1", "481m=1"),
    ],
)
def test_readings_count_while_the_agent_can_act(agent, last, after):
    values = {"anaesthetic": agent} if agent else {}
    assert classed("in-joint", last, NO, **values).anaesthetic is Phase.REACHED
    assert classed("in-joint", after, NO, **values).anaesthetic is Phase.ABSENT


@pytest.mark.parametrize(("day", "counts"), [(13, Phase.ABSENT), (14, Phase.LOW)])
def test_the_steroid_phase_begins_two_weeks_after(day, counts):
    assert classed("in-joint", HIGH, ((day, 7),)).steroid is counts


@pytest.mark.founding(5)
def test_relief_that_came_back_holds():
    response = classed("in-joint", HIGH, ((14, 2), (20, 7), (30, 2)))
    assert (response.steroid, response.failure) == (Phase.REACHED, None)


def test_what_happens_after_the_stage_was_left_changes_no_class():
    story = in_re_evaluation()
    story.score(20, nrs=1)
    assert respond(story, 2).failure is InjectionClass.MECHANICAL


def test_a_late_diary_changes_the_class():
    story = Story()
    injection = story.injection(0)
    story.score(14, nrs=7)
    assert respond(story, injection).failure is InjectionClass.INDETERMINATE
    story.diary(0, HIGH, written=20)
    assert respond(story, injection).failure is InjectionClass.MECHANICAL


def test_the_scores_of_a_repeat_do_not_judge_the_injection_before_it():
    story = Story()
    first = story.injection(0, contrast="not-in-joint")
    story.move("re-evaluation", 2)
    second = story.injection(20, purpose="diagnostic")
    story.move("injection", 20)
    story.score(40, nrs=1)
    assert respond(story, first).steroid is Phase.ABSENT
    assert respond(story, second).steroid is Phase.REACHED


# --- the verdict of a block


def judged(*diaries: tuple[str, ...], agent: str = "bupivacaine", written: int = 0):
    story = Story()
    block = story.block(0, anaesthetic=agent)
    for readings in diaries:
        story.diary(0, *readings, written=written)
    return verdict_of(story, block)


def verdict_of(story: Story, block: int) -> Verdict:
    return block_response(
        story.episode(),
        story.protocol,
        story.episode().entry(block),
        response_pct=50,
        recall_after_days=3,
    ).verdict


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        (("1h=4", "2h=4"), Verdict.POSITIVE),
        (("1h=5", "2h=4", "4h=4"), Verdict.POSITIVE),
        (("0.5h=2", "1h=1", "2h=1", "4h=2", "6h=4", "8h=6"), Verdict.POSITIVE),
        (("1h=4", "2h=5", "4h=4"), Verdict.NEGATIVE),
        (("1h=5", "2h=5"), Verdict.NEGATIVE),
        (("1h=4", "2h=5"), Verdict.NEGATIVE),
        (("1h=5",), Verdict.NEGATIVE),
        (("1h=4",), Verdict.INDETERMINATE),
    ],
)
def test_a_block_is_positive_at_two_consecutive_readings(readings, verdict):
    assert judged(readings) is verdict


def test_readings_are_consecutive_in_time_and_not_as_they_were_typed():
    assert judged(("4h=4", "1h=4", "2h=6")) is Verdict.NEGATIVE
    assert judged(("2h=4",), ("1h=4",)) is Verdict.POSITIVE


def test_the_same_reading_told_twice_is_one_reading():
    assert judged(("1h=4",), ("1h=4",)) is Verdict.INDETERMINATE
    assert judged(("1h=4", "2h=4"), ("2h=6",)) is Verdict.NEGATIVE


@pytest.mark.parametrize(
    ("agent", "verdict"),
    [
        ("lidocaine", Verdict.INDETERMINATE),
        ("bupivacaine", Verdict.POSITIVE),
        ("other", Verdict.POSITIVE),
    ],
)
def test_only_readings_within_the_agents_window_count(agent, verdict):
    assert judged(("2h=1", "2.5h=1"), agent=agent) is verdict


def test_without_a_diary_a_block_is_indeterminate_and_never_negative():
    assert judged() is Verdict.INDETERMINATE
    assert judged(("9h=8", "10h=8")) is Verdict.INDETERMINATE


@pytest.mark.parametrize(
    ("written", "verdict"), [(3, Verdict.POSITIVE), (4, Verdict.RECALL)]
)
def test_a_diary_written_more_than_three_days_later_is_recall(written, verdict):
    assert judged(("1h=1", "2h=1"), written=written) is verdict


@pytest.mark.parametrize("attested", ["block", "diary"])
def test_an_attestation_makes_a_late_diary_count(attested):
    story = Story()
    about = {"block": story.block(0)}
    about["diary"] = story.diary(0, "1h=1", "2h=1", written=11)
    assert verdict_of(story, about["block"]) is Verdict.RECALL
    story.attest(12, "diary", about[attested])
    assert verdict_of(story, about["block"]) is Verdict.POSITIVE


def test_an_attestation_of_another_blocks_diary_does_not_count():
    story = Story()
    other = story.block(0)
    block = story.block(20)
    story.diary(20, "1h=1", "2h=1", about=block, written=31)
    story.attest(32, "diary", other)
    assert verdict_of(story, block) is Verdict.RECALL


def test_diaries_of_different_blocks_are_not_mixed_up():
    story = Story()
    first = story.block(0)
    story.diary(0, "1h=1", "2h=1", about=first)
    second = story.block(20)
    story.diary(20, "1h=8", "2h=8", about=second)
    assert verdict_of(story, first) is Verdict.POSITIVE
    assert verdict_of(story, second) is Verdict.NEGATIVE
