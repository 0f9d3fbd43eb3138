"""J1: the full path; the RFA's relief ends at ten months; the RFA is repeated."""

import pytest

from .notation import Story


def in_conservative_care(url, folder):
    """From the index injection to the stage that every further journey passes."""
    story = Story(url, folder, "right", "2025-01-06")
    story.is_open(["SCHED 01-20"])
    story.record(
        "injection", guidance="fluoroscopy", contrast="in-joint", nrs=8, odi=52
    )
    story.diary("1h=2", open=["CHECK 01-20", "TRIAL 02-17", "ESC 03-03"])

    story.on("2025-01-20", fires=["CHECK"])
    story.record("score", nrs=7)
    story.advance("re-evaluation", open=["DUE 02-03", "ESC 02-17"])

    story.on("2025-01-21")
    story.advance("diagnostic-block", refused=["NOT_ALLOWED_FROM_STATE"])

    story.on("2025-01-30")
    story.exam(positive=4, negative=1)
    story.screens()
    story.advance("conservative-care", open=["CHECK 02-27", "TRIAL 03-13", "ESC 04-24"])
    return story


def blocked(url, folder):
    """From there to the positive block."""
    story = in_conservative_care(url, folder)
    waiting = ["TRIAL 03-13", "NSAID 03-17", "ESC 04-24"]
    story.on("2025-02-17")
    started = {"drug": "naproxen", "start": "2025-02-17"}
    story.record("medication", **started, open=["CHECK 02-27", *waiting])

    story.on("2025-02-20")
    story.record("therapy", type="active-stabilisation", start="2025-02-01", visits=5)
    story.advance(
        "diagnostic-block",
        refused=["TRIAL_PERIOD_NOT_MET from 03-13", "EVIDENCE_MISSING(exit NRS)"],
        open=waiting,
    )
    length = story.requirement("diagnostic-block", "conservative-days")
    assert (length["seen"], length["needs"]) == ("21 d", "42 d")

    story.on("2025-02-27", fires=[])
    story.on("2025-03-13", fires=["TRIAL"])
    story.is_open(waiting)

    story.on("2025-03-17", fires=["NSAID"])
    story.record("score", nrs=7, odi=48)
    story.record("therapy", type="active-stabilisation", start="2025-02-01", visits=9)
    story.record("medication", drug="naproxen", response="none")
    story.advance("diagnostic-block", open=["SCHED 04-07", "ESC 04-28"])

    story.on("2025-04-01")
    open_until_read = ["DIARY 04-02", "REVIEW 04-08", "ESC 04-28"]
    block = {"anaesthetic": "bupivacaine", "nerves": "l5,s1,s2,s3", "nrs": 7}
    number = story.record("block", **block, open=open_until_read)

    story.on("2025-04-02", fires=["DIARY"])
    readings = ("0.5h=2", "1h=1", "2h=1", "4h=2", "6h=4", "8h=6")
    story.diary(*readings, for_=number, on="2025-04-01", open=open_until_read[1:])
    verdict = story.requirement("rfa", "positive-blocks")
    assert verdict["result"] == "met"
    return story


def relieved(url, folder):
    """From there to the relief that the RFA brings."""
    story = blocked(url, folder)
    story.on("2025-04-04")
    story.record("consent", procedure="rfa")
    story.advance("rfa", open=["SCHED 06-03"])

    story.on("2025-04-28")
    dates = ["CHECK 06-09", "OUTCOME 07-27", "ESC 08-26"]
    rfa = {"technique": "cooled", "guidance": "fluoroscopy", "nrs": 7}
    story.record("rfa", **rfa, nerves="l5,s1,s2,s3", open=dates)

    story.on("2025-05-12")
    story.record("score", nrs=6)
    story.advance("fusion-evaluation", refused=["TRIAL_PERIOD_NOT_MET from 06-09"])

    story.on("2025-06-09", fires=["CHECK"])
    story.record("score", nrs=4, pgic=3)
    story.advance("relief", refused=["RELIEF_BELOW_THRESHOLD"], open=dates[1:])

    [fired] = story.on("2025-07-27", fires=["OUTCOME"], sent=[])  # a Sunday
    assert fired["at"] == "2025-07-28T07:00:00.000000Z"  # eight in London
    story.on("2025-07-28", fires=[], sent=["OUTCOME"])
    story.record("score", nrs=2)
    story.advance("relief", open=["CHECK 10-26", "ESC 11-25"])
    return story


@pytest.fixture
def story(ledger_url, tmp_path):
    return relieved(ledger_url, tmp_path)


@pytest.mark.founding(36)
def test_the_relief_ends_at_ten_months_and_the_rfa_is_repeated(story):
    story.on("2025-10-26", fires=["CHECK"], sent=[])  # a Sunday
    story.on("2025-10-27", fires=[], sent=["CHECK"])
    story.record("score", nrs=2, open=["CHECK 2026-01-24", "ESC 2026-02-23"])

    story.on("2026-01-24", fires=["CHECK"], sent=[])  # a Saturday
    story.on("2026-01-26", fires=[], sent=["CHECK"])
    story.record("score", nrs=3, open=["CHECK 04-24", "ESC 05-24"])
    assert story.state()["stage"] == "relief"

    story.on("2026-03-02")
    story.record("score", nrs=7, pattern="same")
    story.record("consent", procedure="rfa")
    story.advance("rfa", open=["SCHED 05-01"])

    story.on("2026-03-30")
    rfa = {"technique": "cooled", "guidance": "fluoroscopy", "nrs": 7}
    story.record("rfa", **rfa, open=["CHECK 05-11", "OUTCOME 06-28", "ESC 07-28"])


def test_a_recurrence_at_four_months_comes_too_early_to_repeat_the_rfa(story):
    story.on("2025-09-15")
    story.record("score", nrs=7)
    story.record("consent", procedure="rfa")
    story.advance("rfa", refused=["SPACING_NOT_MET from 10-25"])
    spacing = story.requirement("rfa", "rfa-spacing")
    assert (spacing["seen"], spacing["needs"]) == ("140 d", "180 d")
