"""Into closed: how an episode ends, and what each end needs."""

from __future__ import annotations

import pytest

from sitrack.errors import BadInput
from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import (
    JUDGEMENT,
    MET,
    Answer,
    Story,
    in_conservative_care,
    in_post_fusion,
    in_relief_after_conservative_care,
    not_met,
    on,
)

TO = "closed"
ANY_TIME = ("declined", "transferred", "deceased", "opened-in-error")
OPEN = [stage for stage in Stage if stage != Stage.CLOSED]


def ends(story: Story, day: int, disposition: str | None) -> list[Answer]:
    more = {"reason": disposition, "command": "episode finish"}
    return story.answers(TO, day, "disposition", **more)


def refused(story: Story, day: int, disposition: str | None) -> set[str]:
    return story.refusal(lambda: story.finish(day, disposition))


# --- any end


def test_an_end_needs_its_disposition():
    story = in_conservative_care()
    assert refused(story, 30, None) == {"EVIDENCE_MISSING(disposition)"}


def test_a_disposition_is_one_of_the_protocols():
    with pytest.raises(BadInput, match="--reason takes resolved, fusion-complete"):
        in_conservative_care().finish(30, "bored")


@pytest.mark.founding(44)
@pytest.mark.parametrize("disposition", ANY_TIME)
@pytest.mark.parametrize("stage", OPEN)
def test_every_open_stage_may_end_by_what_nobody_chooses(stage, disposition):
    story = Story()
    if stage != Stage.INJECTION:
        story.placed(stage, 5)
    story.finish(6, disposition)
    episode = story.episode()
    assert (episode.stage, episode.status) == (TO, Status.FINISHED)
    assert episode.visit.reason == disposition
    assert story.open(6) == {}


def test_an_episode_is_finished_by_its_own_command_only():
    story = in_conservative_care()
    assert story.refused(TO, 30, "declined") == {"NOT_ALLOWED_FROM_STATE"}


def test_no_variance_finishes_an_episode():
    story = in_conservative_care()
    with pytest.raises(BadInput, match="--variance takes none"):
        story.move(TO, 30, "resolved", variance=JUDGEMENT, command="episode finish")


def test_what_is_finished_cannot_be_finished_again():
    story = in_conservative_care()
    story.finish(30, "declined")
    assert refused(story, 31, "transferred") == {"NOT_ALLOWED_FROM_STATE"}


def test_evidence_can_still_be_recorded_after_the_end():
    story = in_conservative_care()
    story.finish(30, "transferred")
    story.score(40, nrs=3)
    assert story.episode().status is Status.FINISHED
    assert len(story.episode().of_kind("score")) == 2


# --- resolved


@pytest.mark.founding(36)
@pytest.mark.parametrize("stage", [stage for stage in OPEN if stage != Stage.RELIEF])
def test_only_relief_is_resolved(stage):
    story = Story()
    if stage != Stage.INJECTION:
        story.placed(stage, 5)
    assert refused(story, 600, "resolved") == {"PREREQUISITE_STAGE_MISSING"}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (424, not_met("TRIAL_PERIOD_NOT_MET", earliest=425)),
        (425, MET),
    ],
)
def test_relief_is_resolved_after_a_year(day, expected):
    story = in_relief_after_conservative_care()
    assert ends(story, day, "resolved") == [expected]


def test_a_discharged_patient_is_resolved_before():
    story = in_relief_after_conservative_care()
    attested = story.attest(100, "discharge")
    move = story.entries[story.finish(100, "resolved") - 1]
    assert move.payload["rests_on"] == [attested]


def test_a_discharge_from_before_the_relief_does_not_count():
    story = in_conservative_care()
    story.attest(59, "discharge")
    story.score(60, nrs=2)
    story.move("relief", 60)
    expected = not_met("TRIAL_PERIOD_NOT_MET", earliest=425)
    assert ends(story, 61, "resolved") == [expected]


def test_days_on_hold_are_no_days_of_relief():
    story = in_relief_after_conservative_care()
    story.hold(100)
    story.resume(110)
    expected = not_met("TRIAL_PERIOD_NOT_MET", earliest=435)
    assert ends(story, 434, "resolved") == [expected]
    assert ends(story, 435, "resolved") == [MET]


def test_the_first_day_is_told_on_hold_too():
    story = in_relief_after_conservative_care()
    story.hold(100, review=120)
    expected = not_met("TRIAL_PERIOD_NOT_MET", earliest=445)
    assert ends(story, 110, "resolved") == [expected]


# --- fusion complete


@pytest.mark.parametrize(
    "stage", [stage for stage in OPEN if stage != Stage.POST_FUSION]
)
def test_only_a_fusion_is_complete(stage):
    story = Story()
    if stage != Stage.INJECTION:
        story.placed(stage, 5)
    assert refused(story, 600, "fusion-complete") == {"PREREQUISITE_STAGE_MISSING"}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (574, not_met("TRIAL_PERIOD_NOT_MET", earliest=575)),
        (575, MET),
    ],
)
def test_a_fusion_is_complete_a_year_after_the_surgery(day, expected):
    story = in_post_fusion()
    story.record("visit", 570)
    assert ends(story, day, "fusion-complete") == [expected]


def test_too_early_and_without_the_visit_are_both_named():
    named = {"TRIAL_PERIOD_NOT_MET", "EVIDENCE_MISSING(12-month visit)"}
    assert refused(in_post_fusion(), 219, "fusion-complete") == named


@pytest.mark.parametrize(("day", "counts"), [(567, False), (568, True)])
def test_the_twelve_month_visit_may_be_a_week_early(day, counts):
    story = in_post_fusion()
    story.record("visit", day)
    missing = not_met("EVIDENCE_MISSING(12-month visit)")
    assert ends(story, 600, "fusion-complete") == [MET] + [missing] * (not counts)


@pytest.mark.founding(40)
def test_the_visit_is_cited_and_no_union_on_the_image_is_no_failure():
    story = in_post_fusion()
    visit = story.record("visit", 575)
    story.record("imaging", 575, modality="ct", regions="si-joint", bridging="absent")
    move = story.entries[story.finish(575, "fusion-complete") - 1]
    assert move.payload["rests_on"] == [visit]


def test_the_year_and_its_visit_are_counted_with_holds_left_out():
    story = in_post_fusion()
    story.hold(300)
    story.resume(310)
    story.record("visit", 577)
    too_early = not_met("TRIAL_PERIOD_NOT_MET", earliest=585)
    missing = not_met("EVIDENCE_MISSING(12-month visit)")
    assert ends(story, 584, "fusion-complete") == [too_early, missing]
    story.record("visit", 578)
    assert ends(story, 585, "fusion-complete") == [MET]
    assert on(585) == on(210 + 365 + 10)
