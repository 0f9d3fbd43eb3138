"""J2: the injection missed the joint; the repeat helps, or misses again."""

import pytest

from .notation import Story


@pytest.fixture
def story(ledger_url, tmp_path):
    """Up to the day before the repeat."""
    story = Story(ledger_url, tmp_path, "left", "2025-02-03")
    missed = {"guidance": "fluoroscopy", "contrast": "not-in-joint", "purpose": "both"}
    story.record("injection", **missed, nrs=7)
    story.diary("1h=6", open=["CHECK 02-17", "TRIAL 03-17", "ESC 03-31"])

    story.on("2025-02-05")
    story.advance("re-evaluation", open=["DUE 02-19", "ESC 03-05"])

    story.on("2025-02-06")
    story.exam(positive=3, negative=2)
    story.screens()
    story.advance("conservative-care", refused=["SOURCE_NOT_CONFIRMED"])

    story.on("2025-02-12")
    story.advance(
        "injection",
        refused=["SPACING_NOT_MET from 02-17", "EVIDENCE_MISSING(new injection)"],
    )
    spacing = story.requirement("injection", "injection-spacing")
    assert (spacing["seen"], spacing["needs"]) == ("9 d since #2", "14 d")
    return story


def repeat(story, contrast, reading):
    story.on("2025-02-24", fires=["DUE"])
    again = {"guidance": "ct", "contrast": contrast, "purpose": "diagnostic"}
    number = story.record("injection", **again, nrs=7)
    story.diary(reading, for_=number)
    repeats = story.requirement("injection", "technical-repeats")
    sessions = story.requirement("injection", "injection-sessions")
    assert (repeats["result"], sessions["result"]) == ("met", "met")
    story.advance("injection", open=["CHECK 03-10", "TRIAL 04-07", "ESC 04-21"])


@pytest.mark.founding(11)
def test_the_repeat_helps(story):
    repeat(story, "in-joint", "1h=1")
    story.on("2025-03-10", fires=["CHECK"])
    story.record("score", nrs=3)
    open_after = ["TRIAL 04-07", "ESC 04-21"]
    too_early = ["TRIAL_PERIOD_NOT_MET from 04-07"]
    story.advance("relief", refused=too_early, open=open_after)

    story.on("2025-04-07", fires=["TRIAL"])
    story.record("score", nrs=2)
    story.advance("relief", open=["CHECK 07-06", "ESC 08-05"])


def test_the_repeat_misses_too_and_nothing_is_left_to_repeat(story):
    repeat(story, "not-in-joint", "1h=6")
    story.on("2025-02-26")
    story.advance("re-evaluation", open=["DUE 03-12", "ESC 03-26"])

    story.on("2025-03-10")
    story.advance(
        "injection",
        refused=[
            "LIMIT_REACHED(technical repeats)",
            "LIMIT_REACHED(diagnostic sessions) from 2026-02-03",
            "EVIDENCE_MISSING(new injection)",
        ],
    )
