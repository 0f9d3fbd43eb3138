"""J10: a mistaken entry is corrected, and what it reaches back to is told."""

import pytest

from .notation import Story


@pytest.fixture
def story(ledger_url, tmp_path):
    """Up to the day on which the block began to wait."""
    story = Story(ledger_url, tmp_path, "right", "2025-02-03")
    story.record("injection", guidance="fluoroscopy", contrast="in-joint", nrs=8)
    story.diary("1h=2")
    story.on("2025-02-17", fires=["CHECK"])
    story.record("score", nrs=8)
    story.advance("re-evaluation")
    story.exam(positive=4, negative=1)
    story.screens()
    story.advance("conservative-care")
    story.on("2025-04-07", fires=["CHECK", "TRIAL"])
    course = {"type": "active-stabilisation", "start": "2025-02-17", "visits": 8}
    story.record("therapy", **course)
    story.record("medication", drug="naproxen", contraindicated=True)
    story.record("score", nrs=8)
    story.advance("diagnostic-block", open=["SCHED 04-28", "ESC 05-19"])
    return story


@pytest.fixture
def blocked(story):
    """Up to the move that rests on a diary of somebody else."""
    story.on("2025-04-21")
    story.block = story.record("block", anaesthetic="bupivacaine", nrs=8)
    story.mistaken = story.diary("1h=1", "2h=1", for_=story.block)
    story.record("consent", procedure="rfa")
    story.is_open(["REVIEW 04-28", "ESC 05-19"])
    story.on("2025-04-25")
    story.advance("rfa", open=["SCHED 06-24"])
    story.moved = story.stands[1]
    return story


def worklist(story):
    rows = story.answer("worklist")["rows"]
    return [(row["episode"], row["alert"]) for row in rows]


def history(story, *more):
    return {
        row["number"]: row for row in story.answer("history", story.key, *more)["rows"]
    }


def test_a_corrected_diary_leaves_the_stage_and_raises_the_alert(blocked):
    story = blocked
    story.on("2025-05-01")
    values = ("reading=1h=6", "reading=2h=6")
    preview = story.correct(
        story.mistaken, *values, reason="wrong-patient", dry_run=True
    )
    row = story.correct(story.mistaken, *values, reason="wrong-patient")
    broken = [
        {
            "move": story.moved,
            "day": "2025-04-25",
            "to": "rfa",
            "by": row["version"],
            "codes": ["RELIEF_BELOW_THRESHOLD"],
        }
    ]
    for answer in (preview, row):
        [finding] = answer["broken"][0].pop("findings")
        assert finding["seen"] == f"block #{story.block} of 2025-04-21 is below 50 %"
        assert answer["broken"] == broken
    assert (row["stage"], row["alert"]) == ("rfa", "guard-no-longer-met")
    story.is_open(["SCHED 06-24"])
    assert worklist(story) == [(story.key, "guard-no-longer-met")]

    for stage in ("relief", "fusion-evaluation"):
        story.advance(stage, refused=["GUARD_NO_LONGER_MET"])

    # The first entry stays, and stays visible.
    lines = history(story)
    first, amendment = lines[story.mistaken], lines[story.stands[1]]
    assert first["payload"]["readings"][0] == {"minutes": 60, "score": "1"}
    assert first["amended_by"] == amendment["number"]
    assert (amendment["corrects"], amendment["payload"]["reason"]) == (
        story.mistaken,
        "wrong-patient",
    )

    # What was known before the correction does not change.
    then = ("--as-known", "2025-04-26")
    assert story.answer("show", story.key, *then)["broken"] == []
    known = history(story, *then)
    assert max(known) == story.moved
    assert known[story.mistaken]["amended_by"] is None
    blocks = story.answer("why", story.key, "rfa", "--as-of", "2025-04-24", *then)
    assert blocks["answers"][0]["allowed"] is True
    story.is_verified()


def test_reassessment_resolves_the_alert_and_keeps_the_history(blocked):
    story = blocked
    story.on("2025-05-01")
    story.correct(
        story.mistaken, "reading=1h=6", "reading=2h=6", reason="wrong-patient"
    )
    story.on("2025-05-02")
    story.advance(
        "re-evaluation", reason="technical-doubt", open=["DUE 05-16", "ESC 05-30"]
    )
    assert story.state()["broken"] == []
    assert worklist(story) == []
    assert len(history(story)) == story.stands[1]
    story.is_verified()


def test_a_clinician_can_stand_for_the_move(blocked):
    story = blocked
    story.on("2025-05-01")
    story.correct(
        story.mistaken, "reading=1h=6", "reading=2h=6", reason="wrong-patient"
    )
    story.record("attestation", about="move", for_=story.moved, performer="osei")
    assert story.state()["broken"] == []
    story.advance(
        "relief", refused=["EVIDENCE_MISSING(RFA)", "EVIDENCE_MISSING(baseline)"]
    )
    # What is corrected after that was not attested.
    story.correct(story.mistaken, "reading=1h=7", "reading=2h=7", reason="typing-error")
    assert [each["move"] for each in story.state()["broken"]] == [story.moved]
    story.is_verified()


def test_the_right_diary_written_down_later_gives_the_move_its_ground_back(blocked):
    story = blocked
    story.on("2025-05-01")
    story.retract(story.mistaken, reason="wrong-patient")
    assert story.state()["broken"]
    story.correct(story.block, "nrs=9", reason="typing-error")
    story.record("attestation", about="diary", for_=story.block, performer="osei")
    assert story.state()["broken"]
    story.undo()
    story.undo()
    story.undo()
    assert story.state()["broken"] == []
    story.is_verified()


def test_evidence_typed_on_the_wrong_side_stands_on_the_right_one(ledger_url, tmp_path):
    left = Story(ledger_url, tmp_path, "left", "2025-02-03")
    right = left.other_side()
    number = left.record(
        "injection", guidance="fluoroscopy", contrast="in-joint", nrs=8
    )
    diary = left.diary("1h=2", for_=number)
    left.on("2025-02-05")
    row = left.transfer(number, right, reason="wrong-side")
    assert [entry["kind"] for entry in row["entries"]] == ["injection", "diary"]
    right.is_open(["CHECK 02-17", "TRIAL 03-17", "ESC 03-31"])
    left.is_open(["SCHED 02-17"])

    there = history(right)
    moved = there[row["version"]]
    assert moved["payload"]["transferred"]["from"] == f"{left.key}#{diary}"
    assert moved["payload"]["about"] == row["version"] - 1
    here = history(left)
    assert [here[n]["retracted"] for n in (number, diary)] == [True, True]
    pointers = [line["payload"]["to"] for line in here.values() if line["corrects"]]
    assert pointers == [
        f"{right.key}#{n}" for n in (row["version"] - 1, row["version"])
    ]

    left.finish("opened-in-error")
    left.is_open([])
    left.is_verified()


def test_nothing_deletes_an_entry(blocked):
    for words in (("entry", "delete"), ("entry", "erase"), ("history", "--delete")):
        done = blocked.type(*words, blocked.key)
        assert (done.code, done.out) == (2, "")
    assert len(history(blocked)) == blocked.stands[1]
