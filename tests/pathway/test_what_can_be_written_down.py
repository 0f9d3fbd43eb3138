"""What the founding document speaks of can be written down, and is never demanded.

What a requirement asks for is tested by its target stage; this is the rest.
"""

from __future__ import annotations

import pytest

from sitrack.journey.forms.procedures import NERVES
from sitrack.journey.forms.treatment import EXERCISES, WORKED_ON
from tests.journey.notation import (
    Story,
    after_rfa,
    exhausted,
    in_conservative_care,
    in_post_fusion,
    in_rfa,
    on,
)


def kept(story: Story, seq: int) -> dict:
    return story.episode().entry(seq).values


@pytest.mark.founding(3, 4)
def test_an_injection_keeps_its_anaesthetic_and_its_steroid():
    story = Story()
    given = {"anaesthetic": "lidocaine", "steroid": "triamcinolone"}
    seq = story.injection(0, **given, anaesthetic_ml="2", steroid_mg="40")
    assert kept(story, seq).items() >= given.items()
    assert (kept(story, seq)["anaesthetic_ml"], kept(story, seq)["steroid_mg"]) == (
        2,
        40,
    )
    bare = Story()
    assert kept(bare, bare.injection(0)).keys().isdisjoint(given)


@pytest.mark.founding(18, 19)
def test_therapy_keeps_what_it_works_on_and_what_it_holds():
    story = in_conservative_care()
    worked = {"regions": ",".join(WORKED_ON), "content": ",".join(EXERCISES)}
    full = story.therapy(30, visits=3, **worked)
    assert kept(story, full)["regions"] == WORKED_ON
    assert kept(story, full)["content"] == EXERCISES
    bare = story.therapy(40, visits=4)
    assert kept(story, bare).keys().isdisjoint(worked)
    assert "active-therapy" not in unmet(exhausted(story, 70), "diagnostic-block", 70)


@pytest.mark.founding(21)
def test_effort_is_kept_in_visits_and_in_adherence():
    story = in_conservative_care()
    seq = story.therapy(30, visits=3, planned=8)
    home = story.therapy(30, type="home-programme", adherence=60)
    assert (kept(story, seq)["visits"], kept(story, seq)["planned"]) == (3, 8)
    assert kept(story, home)["adherence"] == 60


@pytest.mark.founding(22, 23)
def test_a_change_of_medication_keeps_its_dates_and_its_response():
    story = in_conservative_care()
    dates = {"start": str(on(22)), "stop": str(on(50))}
    seq = story.naproxen(50, dose="500mg-bd", response="none", **dates)
    assert kept(story, seq) == {
        "drug": "naproxen",
        "dose": "500mg-bd",
        "response": "none",
        "start": on(22),
        "stop": on(50),
    }


@pytest.mark.founding(24, 25)
def test_neither_a_belt_nor_a_drug_that_calms_nerves_is_ever_needed():
    story = exhausted(in_conservative_care(), 70)
    assert {e.kind for e in story.episode().evidence}.isdisjoint({"belt"})
    story.move("diagnostic-block", 70)
    assert story.stage == "diagnostic-block"


@pytest.mark.founding(29)
def test_a_block_is_of_the_four_nerves_unless_others_are_named():
    story = Story()
    story.placed("diagnostic-block", 10)
    assert kept(story, story.block(11))["nerves"] == NERVES == ("l5", "s1", "s2", "s3")
    assert kept(story, story.block(30, nerves="s1,s2"))["nerves"] == ("s1", "s2")


@pytest.mark.founding(31, 32, 33)
@pytest.mark.parametrize(
    "technique", ["cooled", "conventional", "bipolar", "pulsed", "other"]
)
def test_cooled_rfa_is_a_preference_and_no_requirement(technique):
    story = in_rfa()
    seq = story.rfa(100, technique=technique, lesions=8)
    assert (kept(story, seq)["technique"], kept(story, seq)["lesions"]) == (
        technique,
        8,
    )
    story.score(190, nrs=2)
    story.move("relief", 190)
    assert story.stage == "relief"


@pytest.mark.founding(35)
def test_an_rfa_asks_for_no_surgical_work_up():
    story = after_rfa()
    kinds = {each.kind for each in story.episode().evidence}
    assert kinds.isdisjoint({"opinion", "imaging", "note", "lab"})


@pytest.mark.founding(40)
@pytest.mark.parametrize("bridging", ["present", "absent", "unclear"])
def test_union_is_judged_on_an_image_and_ends_nothing(bridging):
    story = in_post_fusion()
    shown = {"modality": "ct", "regions": "si-joint", "bridging": bridging}
    seq = story.record("imaging", 575, **shown)
    assert kept(story, seq)["bridging"] == bridging
    assert story.stage == "post-fusion"


@pytest.mark.founding(42)
def test_a_fusion_keeps_its_approach_and_its_implant():
    story = in_post_fusion()
    seq = story.fusion(211, approach="lateral", implant="titanium-triangular")
    assert kept(story, seq) == {"approach": "lateral", "implant": "titanium-triangular"}
    assert "implant" not in kept(story, story.fusion(212, approach="posterior"))


def unmet(story: Story, target: str, day: int) -> set[str]:
    return {each.requirement for each in story.assessed(target, day).unmet}
