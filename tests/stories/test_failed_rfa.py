"""J7: the RFA fails; a fusion is offered, declined for now, and accepted later."""

import pytest

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


def evaluated(url, folder):
    """From there to the fusion evaluation: failure is called at three months."""
    story = after_the_rfa(url, folder)
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

    story.on(
        "2025-02-10", fires=["OUTCOME contact-1"], sent=["OUTCOME", "OUTCOME contact-1"]
    )
    story.record("score", nrs=7, odi=46)
    story.record("therapy", type="home-programme", start="2024-07-01", adherence=80)
    story.advance("fusion-evaluation", open=["DUE 04-11", "ESC 05-11"])

    story.on("2025-03-20")
    story.advance(
        "post-fusion",
        refused=[
            "CONSENT_MISSING",
            "EVIDENCE_STALE(NRS)",
            "EVIDENCE_STALE(ODI)",
            "EVIDENCE_MISSING(surgery)",
            "EVIDENCE_MISSING(exclusions)",
            "EVIDENCE_MISSING(surgeon's opinion)",
            "EVIDENCE_MISSING(behavioural screen)",
            "EVIDENCE_MISSING(imaging)",
            "EVIDENCE_MISSING(shared decision)",
        ],
        open=["DUE 04-11", "ESC 05-11"],
    )
    assert {row["seen"][-8:] for row in unmet(story, "STALE")} == {"38 d old"}

    story.on("2025-03-27")
    note = "Explained what a fusion is; would rather wait."
    story.record("note", topic="shared-decision", text=note)
    return story


def unmet(story, code):
    """What `why` says of the fusion with a code that ends so."""
    rows = story.answer("why", story.key, "post-fusion")["rows"]
    return [row for row in rows if (row["code"] or "").endswith(code)]


def asked_for_again(url, folder):
    """Declined for now, and asked for again after half a year of care."""
    story = evaluated(url, folder)
    declined = "patient-declines-for-now"
    dates = ["CHECK 04-24", "TRIAL 05-08", "ESC 06-19"]
    story.advance("conservative-care", reason=declined, open=dates)
    [*_, move] = story.answer("history", story.key)["rows"]
    assert move["payload"]["reason"] == declined

    story.on("2025-04-24", fires=["CHECK"])
    story.on("2025-05-01", fires=["CHECK contact-1"])
    story.on("2025-05-08", fires=["TRIAL"])

    story.on("2025-07-14", fires=["CHECK contact-2", "ESC"])
    story.record("score", nrs=7, odi=48)
    story.advance("fusion-evaluation", open=["DUE 09-12", "ESC 10-12"])
    return story


def operated(url, folder):
    """Worked up, and operated on in September."""
    story = asked_for_again(url, folder)
    story.on("2025-09-05")
    assert {row["item"]: row["seen"] for row in unmet(story, "STALE")} == {
        "NRS": "NRS 7, 53 d old",
        "ODI": "ODI 48 %, 53 d old",
    }

    story.on("2025-09-08")
    story.record("score", nrs=7, odi=47)
    story.record("consent", procedure="fusion", permanence=True)
    story.record("note", topic="shared-decision", text="Wants the surgery now.")
    ruled_out = (
        "inflammatory,infection,tumour,fracture,neural-compression,pain-disorder"
    )
    story.record("screen", excluded=ruled_out, behavioural="unremarkable")
    story.record("opinion", from_="surgeon", verdict="candidate")
    shown = {"modality": "ct", "regions": "si-joint,pelvis,lumbar"}
    story.record("imaging", **shown, on="2025-08-20")
    story.record("lab", cotinine=4)
    story.advance("post-fusion", refused=["EVIDENCE_MISSING(surgery)"])

    story.on("2025-09-22", fires=["DUE"])
    story.record("fusion", approach="lateral", implant="titanium-triangular")
    dates = ["14 10-06", "42 11-03", "90 12-21"]
    dates += ["180 2026-03-21", "365 2026-09-22", "730 2027-09-22"]
    story.advance("post-fusion", open=dates)
    return story


@pytest.fixture
def story(ledger_url, tmp_path):
    return operated(ledger_url, tmp_path)


@pytest.mark.founding(44)
def test_the_fusion_is_declined_for_now_and_done_later(story):
    story.on("2025-10-01")
    too_early = ["TRIAL_PERIOD_NOT_MET from 2026-09-22"]
    story.finish(
        "fusion-complete", refused=[*too_early, "EVIDENCE_MISSING(12-month visit)"]
    )

    story.on("2026-09-22", fires=["14", "42", "90", "180", "365"])
    story.record("visit", by="clinic")
    story.record("score", nrs=2)
    shown = {"modality": "ct", "regions": "si-joint", "bridging": "absent"}
    story.record("imaging", **shown, open=["730 2027-09-22"])
    assert story.state()["stage"] == "post-fusion"
    assert story.why("closed", "--reason", "fusion-complete") == (True, [])
    story.is_verified()


def test_a_patient_who_ends_care_may_come_back(ledger_url, tmp_path):
    story = evaluated(ledger_url, tmp_path)
    story.finish("declined", open=[])
    assert story.state()["status"] == "finished"

    story.on("2025-06-02", fires=[])
    story.reopen("new-pain-report", refused=["EVIDENCE_MISSING(pain score)"])
    story.record("score", nrs=7)
    story.reopen("new-pain-report", open=["DUE 06-16", "ESC 06-30"])
    story.is_verified()
