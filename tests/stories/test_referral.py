"""J3: anaesthetic-negative, referred to the hip, answered, reopened."""

import pytest

from tests.cli.keyboard import typed_outside

from .notation import Story


def tell(story):
    """The whole journey."""
    injection = {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": 8}
    story.record("injection", **injection)
    story.diary("1h=7", open=["CHECK 03-24", "TRIAL 04-21", "ESC 05-05"])

    story.on("2025-03-24", fires=["CHECK"])
    story.record("score", nrs=7)
    story.advance("re-evaluation", open=["DUE 04-07", "ESC 04-21"])

    story.on("2025-03-28")
    story.exam(positive=2, negative=3)
    story.screens(hip="positive")
    story.advance(
        "conservative-care",
        refused=["SOURCE_NOT_CONFIRMED", "EVIDENCE_MISSING(tests)"],
    )
    tests = story.requirement("conservative-care", "provocation-tests")
    assert (tests["seen"], tests["needs"]) == ("2 of 5 positive", "3 positive")

    story.on("2025-04-02")
    story.advance("referred-out", reason="hip", open=["LOOP 05-02", "ESC 07-01"])

    story.on("2025-05-02", fires=["LOOP"])

    story.on("2025-05-20", fires=["LOOP again"])
    reply = {"from": "hip", "verdict": "other-source"}
    story.record("opinion", **reply, open=["DECIDE 06-03"])
    assert story.state()["stage"] == "referred-out"

    story.on("2025-06-20", fires=["DECIDE"])
    story.record("score", nrs=6)
    story.reopen("new-pain-report", open=["DUE 07-04", "ESC 07-18"])

    story.on("2025-06-25")
    story.advance("diagnostic-block", refused=["NOT_ALLOWED_FROM_STATE"])


@pytest.mark.founding(7, 8)
def test_the_referral_is_followed_until_it_is_answered_and_decided(
    ledger_url, tmp_path
):
    tell(Story(ledger_url, tmp_path, "right", "2025-03-10"))


@pytest.mark.usefixtures("home")
def test_each_command_may_be_a_process_of_its_own(sqlite_url, tmp_path):
    tell(Story(sqlite_url, tmp_path, "right", "2025-03-10", run=typed_outside))
