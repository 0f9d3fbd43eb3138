"""Out to another speciality: a named source or red flag, and a destination."""

from __future__ import annotations

import pytest

from sitrack.errors import BadInput
from tests.journey.notation import JUDGEMENT, MET, Story, in_re_evaluation, not_met

TO = "referred-out"
SOURCE, DESTINATION = "alternative-source", "coded-reason"


def screened(**values) -> Story:
    story = in_re_evaluation()
    story.screens(20, **values)
    return story


@pytest.mark.founding(7, 8)
@pytest.mark.parametrize("region", ["lumbar", "hip", "soft_tissue"])
def test_a_positive_screen_names_another_source(region):
    assert screened(**{region: "positive"}).asked(TO, 20, SOURCE) == MET


@pytest.mark.parametrize("flag", ["inflammatory", "infection", "tumour", "fracture"])
def test_a_red_flag_will_do(flag):
    assert screened(red_flags=flag).asked(TO, 20, SOURCE) == MET


@pytest.mark.founding(7)
def test_negative_screens_name_no_other_source():
    missing = not_met("EVIDENCE_MISSING(alternative source)")
    assert screened().asked(TO, 20, SOURCE) == missing
    assert in_re_evaluation().asked(TO, 20, SOURCE) == missing


def test_a_screen_from_before_the_re_evaluation_names_nothing():
    story = Story()
    story.screens(0, hip="positive")
    story.injection(0, contrast="not-in-joint")
    story.move("re-evaluation", 2)
    missing = not_met("EVIDENCE_MISSING(alternative source)")
    assert story.asked(TO, 2, SOURCE) == missing


def test_a_destination_is_given():
    story = screened(hip="positive")
    missing = not_met("EVIDENCE_MISSING(destination)")
    assert story.asked(TO, 20, DESTINATION) == missing
    assert story.asked(TO, 20, DESTINATION, reason="hip") == MET


@pytest.mark.founding(8)
@pytest.mark.parametrize(
    "destination",
    ["lumbar", "hip", "soft-tissue", "rheumatology", "infection-oncology", "other"],
)
def test_every_destination_of_the_list_is_taken(destination):
    story = screened(hip="positive")
    story.move(TO, 20, destination)
    assert story.stage == TO


def test_a_destination_outside_the_list_is_not_understood():
    story = screened(hip="positive")
    with pytest.raises(BadInput, match="takes lumbar, hip"):
        story.move(TO, 20, "knee")


def test_no_variance_replaces_the_destination():
    named = screened().refused(TO, 20, variance=JUDGEMENT)
    assert named == {"EVIDENCE_MISSING(destination)"}
