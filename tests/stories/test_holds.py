"""J8: holds; the clock stands still, and after half a year the source is doubted."""

from .notation import Story


def in_conservative_care(url, folder):
    """Up to conservative care, entered on 15 January 2025."""
    story = Story(url, folder, "left", "2024-12-16")
    story.record("injection", guidance="fluoroscopy", contrast="in-joint", nrs=8)
    story.diary("1h=2")
    story.on("2024-12-30", fires=["CHECK"])
    story.record("score", nrs=8)
    story.advance("re-evaluation", open=["DUE 2025-01-13", "ESC 2025-01-27"])
    story.on("2025-01-15", fires=["DUE"])
    story.exam(positive=4, negative=1)
    story.screens()
    story.advance("conservative-care", open=["CHECK 02-12", "TRIAL 02-26", "ESC 04-09"])
    return story


def test_a_pregnancy_leads_back_to_re_evaluation(ledger_url, tmp_path):
    story = in_conservative_care(ledger_url, tmp_path)
    story.on("2025-02-14", fires=["CHECK"])
    hold = story.hold(reason="pregnancy", review="2025-05-15", open=["REVIEW 05-15"])

    story.on("2025-02-26", fires=[])
    story.on("2025-03-01", fires=[])  # a Saturday
    story.advance("diagnostic-block", refused=["ON_HOLD"], open=["REVIEW 05-15"])

    story.on("2025-05-15", fires=["REVIEW"])
    too_far = {"renew": hold, "review": "2026-01-01"}
    story.hold(**too_far, refused=["HOLD_REVIEW_TOO_FAR"], open=["REVIEW 05-15"])
    story.hold(renew=hold, review="2025-08-13", open=["REVIEW 08-13"])

    story.on("2025-08-13", fires=["REVIEW"])
    story.hold(renew=hold, review="2025-11-11", open=["REVIEW 11-11"])
    story.on("2025-11-11", fires=["REVIEW"])
    story.hold(renew=hold, review="2025-12-15", open=["REVIEW 12-15"])

    story.on("2025-12-08", fires=[])
    story.resume(to="re-evaluation", open=["DUE 12-22", "ESC 2026-01-05"])
    story.is_verified()


def after_the_rfa(url, folder):
    """Up to the RFA of 3 March 2025."""
    story = Story(url, folder, "left", "2024-11-04")
    story.record("injection", guidance="fluoroscopy", contrast="in-joint", nrs=8)
    story.diary("1h=2")
    story.on("2024-11-18", fires=["CHECK"])
    story.record("score", nrs=8)
    story.advance("re-evaluation")
    story.exam(positive=4, negative=1)
    story.screens()
    story.advance("conservative-care")
    story.on("2025-01-06", fires=["CHECK", "TRIAL"])
    course = {"type": "active-stabilisation", "start": "2024-11-18", "visits": 8}
    story.record("therapy", **course)
    story.record("medication", drug="naproxen", contraindicated=True)
    story.record("score", nrs=8)
    story.advance("diagnostic-block")
    story.on("2025-01-20")
    number = story.record("block", anaesthetic="bupivacaine", nrs=8)
    story.diary("1h=1", "2h=2", for_=number)
    story.record("consent", procedure="rfa")
    story.advance("rfa", open=["SCHED 03-21"])
    story.on("2025-03-03")
    dates = ["CHECK 04-14", "OUTCOME 06-01", "ESC 07-01"]
    rfa = {"technique": "cooled", "guidance": "fluoroscopy", "nrs": 8}
    story.record("rfa", **rfa, open=dates)
    return story


def test_a_stay_in_hospital_moves_what_is_due_by_its_days(ledger_url, tmp_path):
    story = after_the_rfa(ledger_url, tmp_path)
    story.on("2025-04-01")
    review = {"reason": "hospitalised", "review": "2025-05-01"}
    story.hold(**review, open=["REVIEW 05-01"])

    story.on("2025-04-14", fires=[])
    story.on("2025-04-22", fires=[])
    story.resume(open=["CHECK 05-05", "OUTCOME 06-22", "ESC 07-22"])

    story.on("2025-06-05", fires=["CHECK"])
    story.record("score", nrs=7)
    refused = ["ATTESTATION_REQUIRED from 06-22"]
    story.advance("fusion-evaluation", refused=refused)
    period = story.requirement("fusion-evaluation", "failure-period")
    assert (period["seen"], period["needs"]) == ("73 d", "90 d, or 42 d attested")
    story.is_verified()


def test_a_patient_on_hold_may_end_care_and_come_back(ledger_url, tmp_path):
    story = in_conservative_care(ledger_url, tmp_path)
    story.on("2025-02-03")
    story.hold(reason="patient-request", review="2025-03-09")
    story.on("2025-03-09", fires=["REVIEW"], sent=[])  # a Sunday
    story.finish("declined", open=[])
    assert story.state()["status"] == "finished"
    story.on("2025-03-10", fires=[], sent=[])
    story.record("score", nrs=6)
    story.reopen("new-pain-report", open=["DUE 03-24", "ESC 04-07"])
    assert story.state()["status"] == "active"
    story.is_verified()


def lost(url, folder):
    """Nobody answers since the check of 12 February; lost on 31 March."""
    story = in_conservative_care(url, folder)
    story.on("2025-02-12", fires=["CHECK"])
    for day, fires, channel in (
        ("2025-02-19", ["CHECK contact-1"], "phone"),
        ("2025-03-05", ["CHECK contact-2", "TRIAL"], "sms"),
    ):
        story.on(day, fires=fires)
        story.contact("no-answer", channel)
    story.on("2025-03-28", fires=["CHECK contact-3"])
    too_few = ["CONTACT_ATTEMPTS_INSUFFICIENT", "LTFU_WINDOW_NOT_MET"]
    story.lost(refused=too_few)
    story.on("2025-03-31", fires=[])
    story.lost(refused=["CONTACT_ATTEMPTS_INSUFFICIENT"])
    story.contact("sent", "letter")
    story.lost(open=[])
    return story


def test_who_was_lost_comes_back_to_where_the_way_was_left(ledger_url, tmp_path):
    story = lost(ledger_url, tmp_path)
    story.on("2025-04-14", fires=[])
    story.advance("diagnostic-block", refused=["LOST"])
    story.returns(refused=["EVIDENCE_MISSING(patient contact)"])
    story.contact("reached")
    story.returns(open=["CHECK 05-12", "TRIAL 05-26", "ESC 07-07"])
    assert story.stands[0] == "conservative-care"
    story.is_verified()


def test_who_was_lost_for_long_comes_back_to_re_evaluation(ledger_url, tmp_path):
    story = lost(ledger_url, tmp_path)
    story.on("2025-09-29", fires=[])
    story.record("visit")
    story.returns(to="re-evaluation", open=["DUE 10-13", "ESC 10-27"])
    story.is_verified()


def test_a_second_episode_of_a_side_begins_after_the_first(ledger_url, tmp_path):
    story = in_conservative_care(ledger_url, tmp_path)
    first, patient = story.key, story.key.partition("-")[0]
    again = ("episode", "open", patient, "--side", "left", "--as", "rivera", "--json")
    assert story.type(*again).code == 2
    story.finish("declined", open=[])
    second = story.answer(*again[:-1])
    assert second["episode"] == f"{first}2"

    # One side has one open episode: the first is not brought back beside it.
    story.record("score", nrs=6)
    reopen = ("episode", "reopen", first, "--reason", "new-pain-report")
    done = story.type(*reopen, "--as", "rivera", "--json")
    assert (done.code, done.error["message"]) == (
        2,
        f"{second['episode']} is open already",
    )
    ended = ("episode", "finish", second["episode"], "--disposition", "opened-in-error")
    assert story.written(*ended)["stage"] == "closed"
    story.reopen("new-pain-report", open=["DUE 01-29", "ESC 02-12"])
    story.is_verified()
