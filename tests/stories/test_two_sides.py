"""J6: both joints, injected in one session, go their ways at their own speeds."""

import datetime as dt

import pytest

from sitrack.journey.forms import EXCLUSIONS

from .notation import Story

SIDES = ("left", "right")
INJECTION = {"guidance": "fluoroscopy", "contrast": "in-joint"}
RIGHT_TESTS = "faber,gaenslen,thigh-thrust,compression"


def morning(left, right, day, *, left_fires=(), right_fires=()):
    """One day for both sides: one round, told apart by the episode."""
    happened = left.on(day, fires=left_fires)
    right.day = left.day
    right.hears(happened, right_fires)


def injected(url, folder):
    """One session on both sides, and both diaries: a command each."""
    left = Story(url, folder, "left", "2025-01-13")
    right = left.other_side()
    dates = ["DIARY 01-14", "CHECK 01-27", "TRIAL 02-24", "ESC 03-10"]
    own = ("left.nrs=8", "right.nrs=6")
    left.both(right, "injection", **INJECTION, own=own, open=dates)
    left.both(right, "diary", reading="1h=2", open=dates[1:])
    one_batch(left, right, 2)
    one_batch(left, right, 3)
    return left, right


def one_batch(left, right, number):
    """What one command wrote on both sides is one unit of undo."""
    pair = [
        side.answer("history", side.key)["rows"][number - 1] for side in (left, right)
    ]
    assert pair[0]["batch"] == pair[1]["batch"]
    assert pair[0]["happened"] == pair[1]["happened"]


def sessions(side):
    """What the ledger of sessions says of the patient, asked about a repeat today."""
    return side.requirement("injection", "injection-sessions")["seen"]


def confirmed_on_the_left(left, right):
    """The left fails and is confirmed; the right is asked by phone meanwhile."""
    morning(left, right, "2025-01-27", left_fires=["CHECK"], right_fires=["CHECK"])
    left.record("score", nrs=8)
    left.advance("re-evaluation", open=["DUE 02-10", "ESC 02-24"])
    right.is_open(["CHECK 01-27", "TRIAL 02-24", "ESC 03-10"])

    morning(left, right, "2025-01-29")
    right.record("score", nrs=3, method="phone", open=["TRIAL 02-24", "ESC 03-10"])

    morning(left, right, "2025-01-31")
    assert sessions(left) == "1 diagnostic in 365 d"

    morning(left, right, "2025-02-06")
    left.screens()
    right_tests = {"positive": RIGHT_TESTS, "negative": "distraction", "side": "right"}
    left.cannot("exam", ["SIDE_MISMATCH"], **right_tests)
    right.record("exam", **right_tests)
    left.advance("conservative-care", refused=["EVIDENCE_MISSING(tests)"])
    left.exam(positive=4, negative=1)
    left.advance("conservative-care", open=["CHECK 03-06", "TRIAL 03-20", "ESC 05-01"])


def treated_on_the_left(left, right):
    """The left goes on to its RFA, while the right is relieved."""
    morning(left, right, "2025-02-24", right_fires=["TRIAL"])
    right.record("score", nrs=2)
    right.advance("relief", open=["CHECK 05-25", "ESC 06-24"])

    morning(left, right, "2025-03-24", left_fires=["CHECK", "TRIAL"])
    course = {"type": "active-stabilisation", "start": "2025-02-06", "visits": 8}
    left.record("therapy", **course)
    left.record("medication", drug="naproxen", start="2025-02-06", response="none")
    left.record("score", nrs=8)
    left.advance("diagnostic-block", open=["SCHED 04-14", "ESC 05-05"])

    morning(left, right, "2025-04-03")
    left.record("block", anaesthetic="bupivacaine", nrs=8)
    left.diary("1h=1", "2h=1")
    left.record("consent", procedure="rfa", open=["REVIEW 04-10", "ESC 05-05"])
    assert left.requirement("rfa", "positive-blocks")["result"] == "met"

    morning(left, right, "2025-04-07")
    left.advance("rfa", open=["SCHED 06-06"])
    right.advance("rfa", refused=["NOT_ALLOWED_FROM_STATE"])
    assert "rfa" not in {each["stage"] for each in ways(right)}

    morning(left, right, "2025-05-05")
    dates = ["CHECK 06-16", "OUTCOME 08-03", "ESC 09-02"]
    rfa = {"technique": "cooled", "guidance": "fluoroscopy", "nrs": 8}
    left.record("rfa", **rfa, open=dates)


def ways(story):
    return story.answer("why", story.key)["answers"]


@pytest.mark.founding(2)
def test_each_side_goes_its_own_way(ledger_url, tmp_path):
    left, right = injected(ledger_url, tmp_path)
    confirmed_on_the_left(left, right)
    treated_on_the_left(left, right)

    morning(left, right, "2025-05-19")
    right.record("score", nrs=6)
    right.advance("re-evaluation", reason="recurrence", open=["DUE 06-02", "ESC 06-16"])

    morning(left, right, "2025-05-20")
    right.advance("rfa", refused=["NOT_ALLOWED_FROM_STATE"])

    morning(left, right, "2025-06-02", right_fires=["DUE"])
    right.exam(positive=4, negative=1)
    right.screens()
    dates = ["CHECK 06-30", "TRIAL 07-14", "ESC 08-25"]
    right.advance("conservative-care", open=dates)
    left.is_open(["CHECK 06-16", "OUTCOME 08-03", "ESC 09-02"])
    left.is_verified()


def test_a_session_of_one_side_on_another_day_counts_for_both(ledger_url, tmp_path):
    left, right = injected(ledger_url, tmp_path)
    morning(left, right, "2025-01-27", left_fires=["CHECK"], right_fires=["CHECK"])
    left.record("score", nrs=8)
    left.advance("re-evaluation")
    morning(left, right, "2025-01-30")
    right.record("injection", **INJECTION, nrs=6)
    morning(left, right, "2025-01-31", right_fires=["DIARY"])
    assert sessions(left) == "2 diagnostic in 365 d"
    left.advance("injection", refused=REPEAT_TOO_MANY)


REPEAT_TOO_MANY = [
    "ATTESTATION_REQUIRED",  # a mechanical failure is not repeated
    "EVIDENCE_MISSING(new injection)",
    "LIMIT_REACHED(diagnostic sessions) from 2026-01-13",
]


def both_evaluated(url, folder):
    """Both sides at one speed up to the fusion evaluation, a command a session."""
    left = Story(url, folder, "left", "2024-06-03")
    right = left.other_side()

    def on(day, *stages):
        for stage in stages:
            for side in (left, right):
                side.advance(stage)
        left.day = right.day = dt.date.fromisoformat(day)

    left.both(right, "injection", **INJECTION, nrs=8)
    left.both(right, "diary", reading="1h=3")
    on("2024-06-17")
    left.both(right, "score", nrs=8)
    on("2024-07-01", "re-evaluation")
    left.both(right, "exam", positive=RIGHT_TESTS)
    left.both(
        right, "screen", lumbar="negative", hip="negative", soft_tissue="negative"
    )
    on("2024-09-30", "conservative-care")
    course = {"type": "active-stabilisation", "start": "2024-07-01"}
    left.both(right, "therapy", **course, visits=12)
    left.both(right, "medication", drug="naproxen", start="2024-07-01")
    left.both(right, "score", nrs=8)
    on("2024-10-14", "diagnostic-block")
    left.both(right, "block", anaesthetic="bupivacaine", nrs=8)
    left.both(right, "diary", own=SAME_READINGS)
    left.both(right, "consent", procedure="rfa")
    on("2024-11-04", "rfa")
    left.both(right, "rfa", technique="cooled", guidance="fluoroscopy", nrs=8)
    on("2025-02-10")
    left.both(right, "score", nrs=7, odi=46)
    left.both(right, "therapy", **course, visits=20)
    on("2025-03-03", "fusion-evaluation")
    return left, right


SAME_READINGS = [
    f"{side}.reading={each}" for side in SIDES for each in ("1h=1", "2h=2")
]


def worked_up(left, right):
    """What a fusion needs, of both sides."""
    left.both(right, "consent", procedure="fusion", permanence=True)
    left.both(right, "note", topic="shared-decision", text="Wants the surgery.")
    left.both(right, "screen", excluded=EXCLUSIONS, behavioural="unremarkable")
    left.both(right, "opinion", from_="surgeon", verdict="candidate")
    left.both(right, "imaging", modality="ct", regions=["si-joint", "pelvis", "lumbar"])


def test_both_sides_are_fused_on_one_day_and_that_is_a_warning(ledger_url, tmp_path):
    left, right = both_evaluated(ledger_url, tmp_path)
    worked_up(left, right)
    left.both(right, "fusion", approach="lateral", implant="titanium-triangular")
    left.advance("post-fusion")
    surgery = right.requirement("post-fusion", "fusion-surgery")
    assert surgery["result"] == "met"
    other = f"the other side was fused the same day ({left.key})"
    assert surgery["warning"] == other
    right.advance("post-fusion")
    left.is_verified()


def test_a_session_on_both_sides_is_taken_back_as_one(ledger_url, tmp_path):
    left = Story(ledger_url, tmp_path, "left", "2025-01-13")
    right = left.other_side()
    sched = ["SCHED 01-27"]
    for side in (left, right):
        side.is_open(sched)
    left.both(right, "injection", **INJECTION, nrs=8)
    done = left.type("undo", "--yes", "--as", "rivera", "--json")
    assert done.code == 0, done.err
    for side in (left, right):
        *_, written, taken_back = side.answer("history", side.key)["rows"]
        assert (written["kind"], taken_back["kind"]) == ("injection", "retracted")
        side.stands = ("injection", taken_back["number"])
        side.is_open(sched)
    one_batch(left, right, 3)
    left.is_verified()
