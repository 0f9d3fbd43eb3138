"""Settings and numbers that a stricter protocol or a payer gives otherwise, one by one.

What each asks where it is left as it is shipped stands in the file of its stage.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest

from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.protocol import Protocol
from tests.journey.notation import (
    MET,
    Story,
    after_rfa,
    in_diagnostic_block,
    in_fusion_evaluation,
    not_met,
    unknown,
    worked_up,
)

BLOCKS, SESSIONS = "positive-blocks", "injection-sessions"
SURGERY, CHECKLIST = "fusion-surgery", "fusion-checklist"


def asking(**values: int | bool) -> Protocol:
    """The shipped protocol with other numbers and settings, by name."""
    text = shipped_text()
    for name, value in values.items():
        told = str(value).lower() if isinstance(value, bool) else str(value)
        text, times = re.subn(
            rf"(?m)^({name} = {{ value = )\w+,", rf"\g<1>{told},", text
        )
        assert times == 1, name
    return load(text)


# --- what makes a block positive


def block_read(*readings: str, agent: str | None = "bupivacaine", **values) -> Story:
    """A block of day 80, baseline NRS 8, with that diary, where relief must last."""
    told = {"block_relief_throughout": True}
    story = in_diagnostic_block(protocol=asking(**told))
    if agent is None:
        block = story.record("block", 80, nrs=8, **values)
    else:
        block = story.block(80, anaesthetic=agent, **values)
    story.diary(80, *readings, about=block)
    return story


@pytest.mark.parametrize(
    ("agent", "readings", "expected"),
    [
        ("bupivacaine", ["1h=2", "2h=2", "3h=2", "4h=8"], MET),
        ("bupivacaine", ["1h=2", "2h=2", "3h=5"], "low"),
        ("bupivacaine", ["30m=5", "1h=2", "2h=2"], "low"),
        ("bupivacaine", ["1h=2", "2h=2", "181m=8"], MET),
        ("lidocaine", ["30m=2", "1h=2", "61m=8"], MET),
        ("lidocaine", ["30m=2", "45m=2", "1h=5"], "low"),
        ("other", ["1h=2", "2h=2", "3h=5"], "low"),
        (None, ["1h=2", "2h=2", "3h=5"], "low"),
    ],
)
def test_relief_throughout_is_relief_at_every_reading_while_the_agent_surely_acts(
    agent, readings, expected
):
    answer = block_read(*readings, agent=agent).asked("rfa", 81, BLOCKS)
    low = not_met("RELIEF_BELOW_THRESHOLD")
    assert answer == (low if expected == "low" else expected)


@pytest.mark.parametrize("readings", [["1h=2"], ["4h=2", "5h=2"]])
def test_relief_throughout_is_not_known_from_one_reading_or_from_late_ones(readings):
    answers = block_read(*readings).answers("rfa", 81, BLOCKS)
    assert answers[0] == unknown("BLOCK_INDETERMINATE")
    assert answers[1] == unknown("EVIDENCE_MISSING(diary)")


@pytest.mark.parametrize("attested", [True, False])
def test_a_late_diary_never_counts_where_it_is_not_to(attested):
    story = in_diagnostic_block(protocol=asking(recall_diaries_count=False))
    story.block(80)
    diary = story.diary(80, "1h=1", "2h=1", written=84)
    if attested:
        story.attest(85, "diary", diary)
    [first, second] = story.findings("rfa", 85, BLOCKS)
    assert (first.label(), second.label()) == (
        "BLOCK_INDETERMINATE",
        "EVIDENCE_MISSING(diary)",
    )
    assert second.seen == "its diary was written more than 3 d later"
    story.diary(80, "1h=1", "2h=1", written=85)
    assert story.answers("rfa", 85, BLOCKS)[0] == unknown("BLOCK_INDETERMINATE")


def test_a_diary_of_the_third_day_counts_there_too():
    story = in_diagnostic_block(protocol=asking(recall_diaries_count=False))
    story.block(80)
    story.diary(80, "1h=1", "2h=1", written=83)
    assert story.asked("rfa", 83, BLOCKS) == MET


def test_a_block_with_steroid_is_none_where_such_do_not_count():
    story = in_diagnostic_block(protocol=asking(steroid_blocks_count=False))
    story.diary(80, "1h=1", "2h=1", about=story.block(80, steroid=True))
    [finding] = story.findings("rfa", 81, BLOCKS)
    assert finding.label() == "BLOCKS_INSUFFICIENT"
    assert finding.seen.endswith("held steroid: not valid")
    [negative] = story.findings("re-evaluation", 81, "negative-block")
    assert negative.label() == "BLOCKS_INSUFFICIENT"


@pytest.mark.parametrize(("gap", "counts"), [(27, False), (28, True)])
def test_nor_does_one_soon_after_steroid_in_the_joint(gap, counts):
    story = in_diagnostic_block(protocol=asking(steroid_blocks_count=False))
    story.injection(75)
    story.diary(75 + gap, "1h=1", "2h=1", about=story.block(75 + gap))
    expected = MET if counts else not_met("BLOCKS_INSUFFICIENT")
    assert story.asked("rfa", 110, BLOCKS) == expected


def test_one_positive_block_of_two_says_how_many_more_and_how_good():
    protocol = asking(blocks_required=2, block_min_pct=75)
    story = in_diagnostic_block(protocol=protocol)
    story.diary(80, "1h=2", "2h=2", about=story.block(80))
    [finding] = story.findings("rfa", 81, BLOCKS)
    assert finding.label() == "BLOCKS_INSUFFICIENT"
    assert finding.needs == "1 more of 75 % or more"


# --- relief after an RFA


def test_relief_after_an_rfa_may_be_asked_for_later_than_after_an_injection():
    protocol = asking(rfa_relief_from_day=90)
    story = after_rfa(protocol=protocol)
    story.score(188, nrs=2)
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=190)
    assert story.asked("relief", 189, "trial-length") == early
    assert story.asked("relief", 190, "trial-length") == MET
    before = unknown("EVIDENCE_MISSING(NRS)")
    assert story.asked("relief", 190, "relief-satisfactory") == before
    story.score(190, nrs=2)
    assert story.asked("relief", 190, "relief-satisfactory") == MET

    injected = Story(protocol=protocol)
    injected.injection(0)
    assert injected.asked("relief", 42, "trial-length") == MET


# --- sessions


def missed(**values: int | bool) -> Story:
    """Re-evaluation since day 2, after a missed injection for both purposes."""
    story = Story(protocol=asking(**values))
    story.injection(0, contrast="not-in-joint", purpose="both")
    story.move("re-evaluation", 2)
    return story


def other_side(story: Story, *days: int) -> None:
    left = Story(side="left")
    for day in days:
        left.injection(day, purpose="both")
    story.others = (left,)


@pytest.mark.parametrize(("per_joint", "counted"), [(False, 2), (True, 1)])
def test_sessions_count_for_the_patient_or_for_the_joint(per_joint, counted):
    story = missed(sessions_per_joint=per_joint)
    other_side(story, 0, 10)
    [finding] = story.findings("injection", 20, SESSIONS)
    assert finding.seen.startswith(f"{counted} diagnostic in 365 d")
    assert finding.is_met is (counted < 2)


@pytest.mark.parametrize(("counting", "counted"), [(False, 1), (True, 2)])
def test_a_block_is_a_diagnostic_session_where_the_payer_says_so(counting, counted):
    story = missed(blocks_are_diagnostic_sessions=counting)
    story.block(10)
    [finding] = story.findings("injection", 20, SESSIONS)
    assert finding.seen == f"{counted} diagnostic in 365 d"


def repeated_as_treatment(score: float | None, day: int = 95, **values) -> Story:
    """A first treatment on day 0 from NRS 8, a score, and a second on day 100."""
    told = {"therapeutic_repeat_needs_relief": True, **values}
    story = missed(**told)
    if score is not None:
        story.score(day, nrs=score)
    story.injection(100, purpose="therapeutic")
    return story


@pytest.mark.parametrize(
    ("pct", "score", "expected"),
    [
        (50, 4, MET),
        (50, 4.5, not_met("RELIEF_BELOW_THRESHOLD")),
        (75, 2, MET),
        (75, 2.5, not_met("RELIEF_BELOW_THRESHOLD")),
        (50, None, unknown("EVIDENCE_MISSING(90-day score)")),
    ],
)
def test_a_second_treatment_may_need_relief_by_the_first(pct, score, expected):
    numbers = {"therapeutic_repeat_pct": pct, "therapeutic_repeat_from_day": 90}
    story = repeated_as_treatment(score, **numbers)
    assert story.answers("injection", 100, SESSIONS)[-1] == expected


def test_that_relief_must_have_lasted_until_the_day_asked_for():
    numbers = {"therapeutic_repeat_pct": 50, "therapeutic_repeat_from_day": 90}
    early = repeated_as_treatment(2, day=89, **numbers)
    missing = unknown("EVIDENCE_MISSING(90-day score)")
    assert early.answers("injection", 100, SESSIONS)[-1] == missing
    late = repeated_as_treatment(2, day=90, **numbers)
    assert late.answers("injection", 100, SESSIONS)[-1] == MET


def test_a_second_treatment_needs_none_as_shipped():
    story = repeated_as_treatment(8, therapeutic_repeat_needs_relief=False)
    assert story.answers("injection", 100, SESSIONS) == [MET, MET]


# --- the fusion


def operated(day: int = 210, **values: int | bool) -> Story:
    """Worked up, and operated on that day."""
    story = worked_up(in_fusion_evaluation(protocol=asking(**values)), day)
    story.fusion(day)
    return story


def beside(story: Story, day: int, *, moved_on: bool = False) -> None:
    """The other side, fused on that day too."""
    left = worked_up(in_fusion_evaluation(side="left"), day)
    left.fusion(day)
    if moved_on:
        left.move("post-fusion", day)
    story.others = (left,)


SECOND = not_met("LIMIT_REACHED(same_day_bilateral)")


@pytest.mark.parametrize(("other_day", "expected"), [(210, SECOND), (209, MET)])
def test_both_sides_on_one_day_may_be_forbidden_to_the_second(other_day, expected):
    story = operated(same_day_bilateral_allowed=False)
    beside(story, other_day, moved_on=True)
    assert story.asked("post-fusion", 210, SURGERY) == expected


def test_before_either_moves_on_the_side_that_was_written_first_is_the_first():
    earlier = operated(same_day_bilateral_allowed=False)
    beside(earlier, 210)
    [left] = earlier.others
    hour = dt.timedelta(hours=1)
    left.entries[-1] = shifted(left.entries[-1], hour)
    assert earlier.asked("post-fusion", 210, SURGERY) == MET
    left.entries[-1] = shifted(left.entries[-1], -2 * hour)
    assert earlier.asked("post-fusion", 210, SURGERY) == SECOND


def test_written_at_one_time_the_left_is_the_first():
    right, left = (
        operated(same_day_bilateral_allowed=False),
        worked_up(
            in_fusion_evaluation(
                side="left", protocol=asking(same_day_bilateral_allowed=False)
            ),
            210,
        ),
    )
    left.fusion(210)
    right.others, left.others = (left,), (right,)
    assert left.asked("post-fusion", 210, SURGERY) == MET
    assert right.asked("post-fusion", 210, SURGERY) == SECOND


def shifted(entry, by):
    return dataclasses.replace(entry, recorded=entry.recorded + by)


@pytest.mark.parametrize(
    ("lab", "age", "expected"),
    [
        ({"smoker": "never"}, 400, MET),
        ({"cotinine": "10"}, 42, MET),
        ({"cotinine": "10.001"}, 0, not_met("EVIDENCE_MISSING(cotinine)")),
        ({"cotinine": "10"}, 43, unknown("EVIDENCE_STALE(cotinine)")),
        ({"smoker": "former"}, 0, unknown("EVIDENCE_MISSING(cotinine)")),
        ({"smoker": "former", "cotinine": "4"}, 0, MET),
        (None, 0, unknown("EVIDENCE_MISSING(cotinine)")),
    ],
)
def test_no_nicotine_may_be_asked_for(lab, age, expected):
    story = operated(nicotine_required=True)
    if lab:
        story.record("lab", 210 - age, written=210, **lab)
    assert story.answers("post-fusion", 210, CHECKLIST)[-1] == expected


def test_supervised_therapy_may_be_asked_for():
    story = operated(supervised_therapy_required=True)
    assert story.answers("post-fusion", 210, CHECKLIST)[-1] == MET
    alone = Story(protocol=asking(supervised_therapy_required=True))
    alone.placed("fusion-evaluation", 10)
    alone.therapy(11, type="home-programme", visits=9)
    missing = not_met("EVIDENCE_MISSING(supervised PT)")
    assert alone.answers("post-fusion", 11, CHECKLIST)[-1] == missing


def test_an_injection_given_as_treatment_may_be_asked_for():
    protocol = asking(fusion_therapeutic_injections=1)
    story = Story(protocol=protocol)
    story.injection(0, purpose="diagnostic")
    story.placed("fusion-evaluation", 10)
    kind = "fusion-injection"
    missing = not_met("EVIDENCE_MISSING(therapeutic injection)")
    assert story.answers("post-fusion", 11, kind)[-1] == missing
    story.injection(12, purpose="therapeutic")
    assert story.answers("post-fusion", 12, kind)[-1] == MET


@pytest.mark.parametrize(
    ("age", "expected"), [(180, MET), (181, unknown("EVIDENCE_STALE(injection)"))]
)
def test_a_recent_positive_injection_may_be_asked_for(age, expected):
    story = Story(protocol=asking(fusion_injection_max_age_days=180))
    story.injection(0)
    story.diary(0, "1h=2")
    story.placed("fusion-evaluation", 10)
    assert story.asked("post-fusion", age, "fusion-injection") == expected


def test_two_injections_of_three_quarters_may_be_asked_for():
    protocol = asking(fusion_injections=2, fusion_injection_pct=75)
    story = Story(protocol=protocol)
    story.diary(0, "1h=2", about=story.injection(0))
    story.diary(20, "1h=2.5", about=story.injection(20))
    story.placed("fusion-evaluation", 30)
    [finding] = story.findings("post-fusion", 40, "fusion-injection")
    assert finding.label() == "BLOCKS_INSUFFICIENT"
    assert finding.needs == "1 more of 75 % or more"
    story.diary(35, "1h=2", about=story.injection(35))
    assert story.asked("post-fusion", 40, "fusion-injection") == MET


def test_where_no_rfa_is_asked_for_it_is_said_that_none_was_tried():
    story = Story(protocol=asking(fusion_requires_rfa=False))
    story.placed("fusion-evaluation", 10)
    [finding] = story.findings("post-fusion", 11, "prior-rfa-failure")
    assert (finding.is_met, finding.warning) == (True, "RFA was not tried")

    tried = operated(fusion_requires_rfa=False)
    [finding] = tried.findings("post-fusion", 210, "prior-rfa-failure")
    assert (finding.is_met, finding.warning) == (True, None)


def test_that_setting_opens_no_way_into_the_fusion_evaluation():
    story = Story(protocol=asking(fusion_requires_rfa=False))
    story.placed("conservative-care", 10)
    missing = not_met("PREREQUISITE_STAGE_MISSING")
    assert story.asked("fusion-evaluation", 60, "prior-rfa-failure") == missing
