"""What is unusual is taken down, and whoever writes it down is told so."""

from __future__ import annotations

import pytest

from sitrack.journey.advice import advice
from tests.journey.notation import (
    Story,
    in_conservative_care,
    in_relief_after_conservative_care,
    in_rfa,
    on,
)


def told(story: Story, seq: int) -> list[str]:
    return advice(story.episode(), seq)


@pytest.mark.founding(20)
def test_stretching_alone_is_advised_against():
    story = in_conservative_care()
    for kind in ("active-stabilisation", "passive", "home-programme"):
        assert told(story, story.therapy(30, type=kind)) == []
    worse = ["stretching alone can worsen instability"]
    assert told(story, story.therapy(31, type="stretching-only")) == worse


@pytest.mark.founding(24)
@pytest.mark.parametrize("drug", ["gabapentin", "pregabalin"])
def test_a_drug_that_calms_nerves_is_asked_for_its_indication(drug):
    story = in_conservative_care()
    [said] = told(story, story.record("medication", 30, drug=drug))
    assert said.startswith(f"{drug} has no indication: --neuropathic")
    indicated = story.record("medication", 30, drug=drug, neuropathic=True)
    assert told(story, indicated) == []
    assert told(story, story.naproxen(30)) == []


@pytest.mark.founding(26)
def test_a_belt_belongs_to_conservative_care():
    story = in_conservative_care()
    worn = story.record("belt", 30, start="2025-02-05")
    assert told(story, worn) == []
    story = in_relief_after_conservative_care()
    late = story.record("belt", 70, start="2025-03-17")
    assert told(story, late) == ["a belt belongs to conservative care; this is relief"]
    back = story.record("belt", 30, start="2025-02-05")
    assert told(story, back) == []


@pytest.mark.founding(30)
def test_an_rfa_of_other_nerves_than_the_block_is_taken_down_with_a_warning():
    story = in_rfa()
    assert told(story, story.rfa(100)) == []
    story = in_rfa()
    story.block(90, nerves="l5,s1")
    last = story.entries[-1].seq
    [said] = told(story, story.rfa(100, nerves="s1,s2,s3"))
    assert said == f"S2 S3 not among the nerves of block #{last}"


@pytest.mark.founding(35)
def test_an_rfa_is_guided_by_an_image():
    story = in_rfa()
    for guidance in ("fluoroscopy", "ct", "ultrasound"):
        assert told(story, story.rfa(100, guidance=guidance)) == []
    unguided = ["an RFA is done under image guidance"]
    assert told(story, story.rfa(101, guidance="none")) == unguided


@pytest.mark.founding(10)
def test_an_injection_without_an_image_shows_nothing():
    story = Story()
    unguided = ["without image guidance it shows nothing about the joint"]
    assert told(story, story.injection(0, guidance="none")) == unguided
    assert told(story, story.injection(1)) == []


@pytest.mark.parametrize(
    ("kind", "values", "limit"),
    [
        ("score", {"nrs": 7}, 182),
        ("exam", {"positive": "faber"}, 182),
        ("visit", {}, 182),
        ("therapy", {"type": "passive"}, 5 * 365),
        ("imaging", {"modality": "ct", "regions": "lumbar"}, 5 * 365),
        ("consent", {"procedure": "rfa"}, 5 * 365),
        ("injection", {"guidance": "ct", "nrs": 8}, 5 * 365),
    ],
)
def test_what_lies_long_before_the_opening_is_asked_for_its_year(kind, values, limit):
    story = Story()
    assert told(story, story.record(kind, -limit, **values)) == []
    [said] = told(story, story.record(kind, -limit - 1, **values))
    day, opened = on(-limit - 1), on(0)
    assert said == f"{day} is long before the opening, {opened}: is the year right?"


def test_the_scores_and_the_diary_of_an_earlier_injection_are_history_with_it():
    story = Story()
    earlier = story.injection(-400)
    assert told(story, story.diary(None, "1h=2", about=earlier)) == []
    assert told(story, story.record("score", -380, nrs=2, about=earlier)) == []


def test_the_year_is_asked_for_beside_what_else_is_unusual():
    story = Story()
    long_ago = story.therapy(-5000, type="stretching-only")
    assert told(story, long_ago)[1:] == ["stretching alone can worsen instability"]


def test_what_is_no_evidence_is_not_advised_on():
    assert advice(in_conservative_care().episode(), 1) == []
    assert advice(in_conservative_care().episode(), 99) == []
