"""J7: the RFA fails, up to the fusion evaluation."""

from .notation import Story


def after_the_rfa(url, folder):
    """The history up to the RFA of 4 November, each entry on its own day."""
    story = Story(url, folder, "left", "2024-06-03")
    story.record("injection", guidance="fluoroscopy", contrast="in-joint", nrs=8)
    story.diary("1h=3")

    story.on("2024-06-17", fires=["CHECK"])
    story.record("score", nrs=8)
    story.advance("re-evaluation")

    story.on("2024-07-01", fires=["DUE"])
    story.exam(positive=4, negative=1)
    story.screens()
    story.advance("conservative-care", open=["CHECK 07-29", "TRIAL 08-12", "ESC 09-23"])

    story.on("2024-09-30", fires=["CHECK", "TRIAL", "ESC"])
    course = {"type": "active-stabilisation", "start": "2024-07-01", "visits": 12}
    story.record("therapy", **course)
    story.record("therapy", type="home-programme", start="2024-07-01", adherence=80)
    drug = {"drug": "naproxen", "start": "2024-07-01", "response": "none"}
    story.record("medication", **drug)
    story.record("score", nrs=8)
    story.advance("diagnostic-block", open=["SCHED 10-21", "ESC 11-11"])

    story.on("2024-10-14")
    number = story.record("block", anaesthetic="bupivacaine", nrs=8)
    story.diary("1h=1", "2h=2", for_=number)

    story.on("2024-10-21", fires=["REVIEW"])
    story.record("consent", procedure="rfa")
    story.advance("rfa", open=["SCHED 12-20"])

    story.on("2024-11-04")
    dates = ["CHECK 12-16", "OUTCOME 2025-02-02", "ESC 2025-03-04"]
    rfa = {"technique": "cooled", "guidance": "fluoroscopy", "nrs": 8}
    story.record("rfa", **rfa, open=dates)
    return story


def test_failure_is_called_after_three_months_and_not_before(ledger_url, tmp_path):
    story = after_the_rfa(ledger_url, tmp_path)
    story.on("2024-12-02")
    story.record("score", nrs=7)
    story.advance(
        "fusion-evaluation",
        refused=["TRIAL_PERIOD_NOT_MET from 12-16"],
        open=["OUTCOME 2025-02-02", "ESC 2025-03-04"],
    )
    length = story.requirement("fusion-evaluation", "failure-period")
    assert (length["seen"], length["needs"]) == ("28 d", "90 d, or 42 d attested")

    [fired] = story.on("2025-02-02", fires=["OUTCOME"], sent=[])  # a Sunday
    assert fired["at"] == "2025-02-03T08:00:00.000000Z"

    story.on("2025-02-10", fires=["OUTCOME again"], sent=["OUTCOME", "OUTCOME again"])
    story.record("score", nrs=7, odi=46)
    story.advance("fusion-evaluation", open=["DUE 04-11", "ESC 05-11"])
