"""J6: both joints, injected in one session, go their ways at their own speeds."""

from .notation import Story

INJECTION = {"guidance": "fluoroscopy", "contrast": "in-joint"}
RIGHT_TESTS = "faber,gaenslen,thigh-thrust,compression"


def morning(left, right, day, *, left_fires=(), right_fires=()):
    """One day for both sides: one round, told apart by the episode."""
    happened = left.on(day, fires=left_fires)
    right.day = left.day
    right.hears(happened, right_fires)


def injected(url, folder):
    """One session on both sides, as two entries of one day."""
    left = Story(url, folder, "left", "2025-01-13")
    right = left.other_side()
    for side, baseline in ((left, 8), (right, 6)):
        side.record("injection", **INJECTION, nrs=baseline)
        side.diary("1h=2", open=["CHECK 01-27", "TRIAL 02-24", "ESC 03-10"])
    return left, right


def confirmed_on_the_left(left, right):
    """The left fails and is confirmed; the right is asked by phone meanwhile."""
    morning(left, right, "2025-01-27", left_fires=["CHECK"], right_fires=["CHECK"])
    left.record("score", nrs=8)
    left.advance("re-evaluation", open=["DUE 02-10", "ESC 02-24"])
    right.is_open(["CHECK 01-27", "TRIAL 02-24", "ESC 03-10"])

    morning(left, right, "2025-01-29")
    right.record("score", nrs=3, method="phone", open=["TRIAL 02-24", "ESC 03-10"])

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
