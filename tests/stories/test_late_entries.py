"""J5: what is written late is told as late, and was not known before."""

import pytest

from .notation import Story


@pytest.fixture
def story(ledger_url, tmp_path):
    """Up to a block whose diary is missing."""
    story = Story(ledger_url, tmp_path, "right", "2025-03-10")
    story.record("injection", guidance="fluoroscopy", contrast="in-joint", nrs=8)
    story.diary("1h=2")
    story.on("2025-03-24", fires=["CHECK"])
    story.record("score", nrs=8)
    story.advance("re-evaluation")
    story.exam(positive=4, negative=1)
    story.screens()
    story.advance("conservative-care")
    story.on("2025-05-05", fires=["CHECK", "TRIAL"])
    course = {"type": "active-stabilisation", "start": "2025-03-24", "visits": 8}
    story.record("therapy", **course)
    story.record("medication", drug="naproxen", contraindicated=True)
    story.record("score", nrs=8)
    story.advance("diagnostic-block", open=["SCHED 05-26", "ESC 06-16"])

    story.on("2025-05-19")
    dates = ["DIARY 05-20", "REVIEW 05-26", "ESC 06-16"]
    story.record("block", anaesthetic="bupivacaine", nrs=8, open=dates)
    return story


def history(story, *more):
    return story.answer("history", story.key, *more)["rows"]


def test_a_diary_recorded_three_days_later_is_late_and_was_not_known_before(story):
    block = story.stands[1]
    story.on("2025-05-22", fires=["DIARY"])
    diary = story.diary("1h=2", "2h=2", on="2025-05-19", for_=block)

    by_number = {row["number"]: row for row in history(story)}
    assert by_number[diary]["happened"] == by_number[block]["happened"] == "2025-05-19"
    assert by_number[diary]["recorded"].startswith("2025-05-22T08:00")
    assert (by_number[block]["late"], by_number[diary]["late"]) == (False, True)

    true_that_day = [row["number"] for row in history(story, "--as-of", "2025-05-19")]
    assert true_that_day == list(range(1, diary + 1))
    known = [row["number"] for row in history(story, "--as-known", "2025-05-21")]
    assert known == list(range(1, block + 1))

    def answered(*more):
        row = story.answer("why", story.key, "rfa", *more)["rows"][0]
        return row["requirement"], row["result"], row["code"]

    then = answered("--as-known", "2025-05-21")
    assert then == ("positive-blocks", "unknown", "BLOCK_INDETERMINATE")
    assert answered() == ("positive-blocks", "met", None)
    assert answered("--as-of", "2025-05-20") == ("positive-blocks", "met", None)


def test_a_diary_of_eleven_days_later_counts_once_a_clinician_attests_it(story):
    block = story.stands[1]
    story.on("2025-05-20", fires=["DIARY"])
    story.on("2025-05-22")
    story.advance(
        "rfa",
        refused=["BLOCK_INDETERMINATE", "EVIDENCE_MISSING(diary)", "CONSENT_MISSING"],
        open=["DIARY 05-20", "REVIEW 05-26", "ESC 06-16"],
    )
    story.on("2025-05-26", fires=["REVIEW"], sent=["REVIEW"])

    story.on("2025-05-30", fires=["DIARY contact-1"])
    readings = ("1h=2", "2h=2", "4h=3")
    diary = story.diary(*readings, on="2025-05-19", for_=block, method="paper")
    story.is_open(["REVIEW 05-26", "ESC 06-16"])
    [told] = [row for row in history(story) if row["number"] == diary]
    assert (told["happened"], told["late"]) == ("2025-05-19", True)
    assert told["payload"]["values"]["method"] == "paper"
    before = history(story, "--as-known", "2025-05-26")
    assert [row["kind"] for row in before if row["number"] >= block] == ["block"]
    story.advance("rfa", refused=["ATTESTATION_REQUIRED", "CONSENT_MISSING"])

    story.on("2025-06-02", fires=["REVIEW again"])
    story.cannot("diary", ["FUTURE_DATED"], reading="1h=2", on="2025-06-10")

    attestation = story.record(
        "attestation", about="diary", for_=diary, performer="osei"
    )
    story.record("consent", procedure="rfa")
    strict = ["BLOCK_INDETERMINATE", "EVIDENCE_MISSING(diary)"]
    assert story.second_verdict("rfa", "strict") == strict
    story.advance("rfa", open=["SCHED 08-01"])
    [moved] = [row for row in history(story) if row["stage_to"] == "rfa"]
    assert attestation in moved["payload"]["rests_on"]
    assert "variance" not in moved["payload"]
    story.is_verified()
