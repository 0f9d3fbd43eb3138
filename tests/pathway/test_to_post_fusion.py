"""Into post-fusion: the surgery, and everything that must stand on record before it."""

from __future__ import annotations

import pytest

from sitrack.journey.forms import EXCLUSIONS
from tests.journey.notation import (
    AT_LEAST_50,
    JUDGEMENT,
    MET,
    Story,
    in_fusion_evaluation,
    in_post_fusion,
    not_met,
    on,
    shipped_with,
    unknown,
    worked_up,
)

TO = "post-fusion"
SURGERY, SEVERITY, DAYS = "fusion-surgery", "fusion-severity", "conservative-days"
CHECKLIST, CONSENT = "fusion-checklist", "consent-before-surgery"


def operated(day: int = 210, **without: bool) -> Story:
    """Worked up and operated on that day; the move is not made yet."""
    story = worked_up(in_fusion_evaluation(), day, **without)
    story.fusion(day)
    return story


def evaluated() -> Story:
    """In fusion evaluation, without asking how, since day 10."""
    story = Story()
    story.placed("fusion-evaluation", 10)
    return story


def missing(item: str):
    return not_met(f"EVIDENCE_MISSING({item})")


# --- the whole of it


@pytest.mark.founding(40)
def test_a_surgery_with_everything_on_record_leads_there():
    story = operated()
    surgery = len(story.entries)
    move = story.entries[story.move(TO, 210) - 1]
    assert story.stage == TO
    assert surgery in move.payload["rests_on"]


def test_everything_that_is_missing_is_named_at_once():
    story = evaluated()
    assert story.refused(TO, 11) == {
        "EVIDENCE_MISSING(surgery)",
        "EVIDENCE_MISSING(NRS)",
        "EVIDENCE_MISSING(ODI)",
        "TRIAL_PERIOD_NOT_MET",
        "PREREQUISITE_STAGE_MISSING",
        "BLOCKS_INSUFFICIENT",
        "EVIDENCE_MISSING(tests)",
        "EVIDENCE_MISSING(exclusions)",
        "EVIDENCE_MISSING(surgeon's opinion)",
        "EVIDENCE_MISSING(behavioural screen)",
        "EVIDENCE_MISSING(imaging)",
        "EVIDENCE_MISSING(shared decision)",
        "CONSENT_MISSING",
    }


@pytest.mark.founding(38, 39, 44)
@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ("consent", "CONSENT_MISSING"),
        ("care", "TRIAL_PERIOD_NOT_MET"),
        ("exclusions", "EVIDENCE_MISSING(exclusions)"),
        ("behaviour", "EVIDENCE_MISSING(behavioural screen)"),
        ("opinion", "EVIDENCE_MISSING(surgeon's opinion)"),
        ("imaging", "EVIDENCE_MISSING(imaging)"),
        ("decision", "EVIDENCE_MISSING(shared decision)"),
    ],
)
def test_each_of_them_is_needed_by_itself(left_out, named):
    story = operated(**{left_out: True})
    assert story.refused(TO, 210) == {named}


def test_a_variance_lifts_what_no_invariant_demands():
    story = operated(care=True, imaging=True, opinion=True)
    story.move(TO, 210, variance=JUDGEMENT)
    assert story.stage == TO


@pytest.mark.founding(38, 44)
def test_no_variance_lifts_surgery_consent_or_the_rfa_before_it():
    assert evaluated().refused(TO, 11, variance=JUDGEMENT) == {
        "EVIDENCE_MISSING(surgery)",
        "PREREQUISITE_STAGE_MISSING",
        "CONSENT_MISSING",
    }


# --- the surgery


def test_the_surgery_itself_stands_on_record():
    story = worked_up(in_fusion_evaluation(), 210)
    assert story.asked(TO, 210, SURGERY) == missing("surgery")
    assert story.refused(TO, 210) == {"EVIDENCE_MISSING(surgery)"}
    story.fusion(210)
    assert story.asked(TO, 210, SURGERY) == MET


def test_a_surgery_from_before_the_evaluation_does_not_count():
    story = in_fusion_evaluation()
    story.fusion(199)
    assert story.asked(TO, 210, SURGERY) == missing("surgery")
    story.fusion(200)
    assert story.asked(TO, 210, SURGERY) == MET


@pytest.mark.founding(2)
def test_a_surgery_of_the_other_side_does_not_count():
    story = worked_up(in_fusion_evaluation(side="left"), 210)
    story.others = (operated(),)
    assert story.asked(TO, 210, SURGERY) == missing("surgery")


@pytest.mark.parametrize(("other_day", "warned"), [(210, True), (211, False)])
def test_both_sides_on_one_day_are_met_with_a_warning(other_day, warned):
    other = Story(side="left")
    other.fusion(other_day)
    story = operated()
    story.others = (other,)
    [finding] = story.findings(TO, 215, SURGERY)
    assert finding.is_met
    assert bool(finding.warning) is warned


# --- severity


@pytest.mark.founding(39)
@pytest.mark.parametrize(
    ("nrs", "expected"), [(4.5, not_met("SEVERITY_BELOW_THRESHOLD")), (5, MET)]
)
def test_pain_is_five_or_more(nrs, expected):
    story = in_fusion_evaluation()
    story.score(210, nrs=nrs, odi=30)
    assert story.answers(TO, 210, SEVERITY) == [expected, MET]


@pytest.mark.founding(39, 45)
@pytest.mark.parametrize(
    ("odi", "expected"), [(29, not_met("SEVERITY_BELOW_THRESHOLD")), (30, MET)]
)
def test_disability_is_thirty_per_cent_or_more(odi, expected):
    story = in_fusion_evaluation()
    story.score(210, nrs=5, odi=odi)
    assert story.answers(TO, 210, SEVERITY) == [MET, expected]


@pytest.mark.parametrize(
    ("vas", "expected"), [(49, not_met("SEVERITY_BELOW_THRESHOLD")), (50, MET)]
)
def test_ten_millimetres_of_vas_weigh_one_point(vas, expected):
    story = Story()
    story.score(5, vas=70)
    story.placed("fusion-evaluation", 10)
    story.score(12, vas=vas, odi=40)
    assert story.answers(TO, 12, SEVERITY) == [expected, MET]


def test_both_scores_are_at_most_thirty_days_old():
    story = in_fusion_evaluation()
    story.score(210, nrs=7, odi=46)
    assert story.answers(TO, 240, SEVERITY) == [MET, MET]
    stale = [unknown("EVIDENCE_STALE(NRS)"), unknown("EVIDENCE_STALE(ODI)")]
    assert story.answers(TO, 241, SEVERITY) == stale


def test_scores_from_before_the_evaluation_do_not_count():
    story = Story()
    story.score(9, nrs=7, odi=46)
    story.placed("fusion-evaluation", 10)
    absent = [unknown("EVIDENCE_MISSING(NRS)"), unknown("EVIDENCE_MISSING(ODI)")]
    assert story.answers(TO, 11, SEVERITY) == absent
    story.score(10, nrs=7, odi=46)
    assert story.answers(TO, 11, SEVERITY) == [MET, MET]


# --- conservative care, RFA and the injection before


@pytest.mark.founding(38)
@pytest.mark.parametrize(
    ("stop", "expected"), [(181, not_met("TRIAL_PERIOD_NOT_MET")), (182, MET)]
)
def test_half_a_year_of_conservative_care_is_documented(stop, expected):
    story = evaluated()
    story.therapy(400, start=str(on(0)), stop=str(on(stop)))
    assert story.asked(TO, 400, DAYS) == expected


def test_conservative_care_counts_whatever_its_age():
    story = evaluated()
    story.therapy(10, start="2015-01-01", stop="2015-07-02")
    assert story.asked(TO, 4000, DAYS) == MET


@pytest.mark.founding(38)
def test_the_rfa_failed_or_was_waived():
    prior = "prior-rfa-failure"
    absent = not_met("PREREQUISITE_STAGE_MISSING")
    assert evaluated().asked(TO, 11, prior) == absent
    assert in_fusion_evaluation().asked(TO, 210, prior) == MET


@pytest.mark.parametrize(("baseline", "score", "relieved"), AT_LEAST_50)
def test_one_injection_relieved_by_half_at_once(baseline, score, relieved):
    story = Story()
    story.injection(0, nrs=baseline)
    story.diary(0, f"1h={score}")
    story.placed("fusion-evaluation", 10)
    expected = MET if relieved else not_met("BLOCKS_INSUFFICIENT")
    assert story.asked(TO, 3000, "fusion-injection") == expected


def test_one_positive_injection_of_several_is_enough_and_two_where_asked_for():
    two = ("fusion_injections = { value = 1,", "fusion_injections = { value = 2,")
    for protocol, expected in (
        (None, MET),
        (shipped_with(two), not_met("BLOCKS_INSUFFICIENT")),
    ):
        story = Story(protocol=protocol)
        story.diary(0, "1h=2", about=story.injection(0))
        story.diary(30, "1h=8", about=story.injection(30))
        story.injection(60)
        story.placed("fusion-evaluation", 70)
        assert story.asked(TO, 80, "fusion-injection") == expected


def test_the_injections_of_a_patient_without_a_diary_show_nothing():
    story = Story()
    story.injection(0)
    story.placed("fusion-evaluation", 10)
    answer = story.asked(TO, 11, "fusion-injection")
    assert answer == not_met("BLOCKS_INSUFFICIENT")


@pytest.mark.parametrize(("positive", "enough"), [(2, False), (3, True)])
def test_three_provocation_tests_are_positive_at_any_time_before(positive, enough):
    story = Story()
    story.exam(1, positive=positive)
    story.placed("fusion-evaluation", 10)
    expected = MET if enough else missing("tests")
    assert story.asked(TO, 11, "provocation-tests") == expected


# --- the checklist


def listed(story: Story, day: int, item: str):
    """What the checklist says of one item."""
    place = ("exclusions", "opinion", "behaviour", "imaging", "decision").index(item)
    return story.answers(TO, day, CHECKLIST)[place]


@pytest.mark.parametrize("left_out", EXCLUSIONS)
def test_every_other_disease_is_ruled_out(left_out):
    story = evaluated()
    words = ",".join(word for word in EXCLUSIONS if word != left_out)
    story.record("screen", 11, excluded=words)
    assert listed(story, 11, "exclusions") == missing("exclusions")
    story.record("screen", 12, excluded=left_out)
    assert listed(story, 12, "exclusions") == MET


def test_a_red_flag_takes_back_what_was_ruled_out():
    story = evaluated()
    story.record("screen", 11, excluded=",".join(EXCLUSIONS))
    story.record("screen", 12, red_flags="infection")
    assert listed(story, 11, "exclusions") == MET
    assert listed(story, 12, "exclusions") == missing("exclusions")
    story.record("screen", 13, excluded="infection")
    assert listed(story, 13, "exclusions") == MET


def test_exclusions_from_before_the_evaluation_do_not_count():
    story = Story()
    story.record("screen", 9, excluded=",".join(EXCLUSIONS))
    story.placed("fusion-evaluation", 10)
    assert listed(story, 11, "exclusions") == missing("exclusions")


@pytest.mark.parametrize("verdict", ["not-candidate", "optimise", "unclear"])
def test_the_surgeon_calls_the_patient_a_candidate_and_says_so_last(verdict):
    story = evaluated()
    assert listed(story, 11, "opinion") == missing("surgeon's opinion")
    story.opinion(11, verdict)
    assert listed(story, 11, "opinion") == missing("surgeon's opinion")
    story.opinion(12)
    assert listed(story, 12, "opinion") == MET
    story.opinion(13, verdict)
    assert listed(story, 13, "opinion") == missing("surgeon's opinion")


def test_another_consultant_is_no_surgeon():
    story = evaluated()
    story.record("opinion", 11, **{"from": "hip", "verdict": "candidate"})
    assert listed(story, 11, "opinion") == missing("surgeon's opinion")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("unremarkable", MET),
        ("managed", MET),
        ("unmanaged", missing("behavioural screen")),
    ],
)
def test_behaviour_is_screened_and_not_unmanaged(value, expected):
    story = evaluated()
    story.record("screen", 11, behavioural=value)
    assert listed(story, 11, "behaviour") == expected


def test_the_latest_behavioural_screen_counts():
    story = evaluated()
    story.record("screen", 11, behavioural="managed")
    story.record("screen", 12, behavioural="unmanaged")
    story.record("screen", 13, lumbar="negative")
    assert listed(story, 13, "behaviour") == missing("behavioural screen")


@pytest.mark.parametrize(
    ("age", "expected"), [(365, MET), (366, unknown("EVIDENCE_STALE(imaging)"))]
)
def test_imaging_is_at_most_a_year_old(age, expected):
    story = evaluated()
    story.imaging(5)
    assert listed(story, 5 + age, "imaging") == expected


def test_joint_pelvis_and_lumbar_spine_are_imaged_on_one_day_or_on_several():
    story = evaluated()
    story.imaging(11, "si-joint,pelvis")
    assert listed(story, 11, "imaging") == missing("imaging")
    story.imaging(12, "lumbar")
    assert listed(story, 12, "imaging") == MET


def test_one_region_that_has_grown_old_is_stale():
    story = evaluated()
    story.imaging(5, "lumbar")
    story.imaging(200, "si-joint,pelvis")
    stale = unknown("EVIDENCE_STALE(imaging)")
    assert listed(story, 370, "imaging") == MET
    assert listed(story, 371, "imaging") == stale


@pytest.mark.founding(44)
def test_the_decision_is_shared_in_this_evaluation():
    story = Story()
    story.record("note", 9, topic="shared-decision")
    story.placed("fusion-evaluation", 10)
    story.record("note", 11, topic="general")
    assert listed(story, 11, "decision") == missing("shared decision")
    story.record("note", 12, topic="shared-decision")
    assert listed(story, 12, "decision") == MET


@pytest.mark.parametrize(
    ("lab", "warned"),
    [
        ({}, True),
        ({"smoker": "never"}, False),
        ({"smoker": "current"}, True),
        ({"smoker": "former", "cotinine": 4}, False),
        ({"cotinine": 10}, False),
        ({"cotinine": 11}, True),
    ],
)
def test_nicotine_is_advised_on_and_stands_in_nobodys_way(lab, warned):
    story = operated()
    if lab:
        story.record("lab", 210, **lab)
    [exclusions, *_] = story.findings(TO, 210, CHECKLIST)
    assert exclusions.is_met
    assert bool(exclusions.warning) is warned
    story.move(TO, 210)


# --- consent


@pytest.mark.founding(44)
@pytest.mark.parametrize(
    ("consented", "expected"),
    [
        (209, not_met("CONSENT_MISSING")),
        (210, MET),
        (300, MET),
        (301, not_met("CONSENT_MISSING")),
    ],
)
def test_consent_lies_within_the_ninety_days_up_to_the_surgery(consented, expected):
    story = in_fusion_evaluation()
    story.fusion(300)
    story.consent(consented, "fusion")
    assert story.asked(TO, 302, CONSENT) == expected


def test_before_the_surgery_consent_is_judged_for_the_day_that_is_asked_about():
    story = in_fusion_evaluation()
    assert story.asked(TO, 210, CONSENT) == not_met("CONSENT_MISSING")
    story.consent(210, "fusion")
    assert story.asked(TO, 300, CONSENT) == MET
    assert story.asked(TO, 301, CONSENT) == not_met("CONSENT_MISSING")


def test_consent_to_something_else_is_none():
    story = in_fusion_evaluation()
    story.consent(210, "rfa")
    assert story.asked(TO, 210, CONSENT) == not_met("CONSENT_MISSING")


# --- after it


@pytest.mark.founding(43, 45)
def test_visits_are_due_from_the_day_of_the_surgery():
    offsets = (14, 42, 90, 180, 365, 730)
    expected = {str(days): str(on(210 + days)) for days in offsets}
    assert in_post_fusion().open(210) == expected


def test_pain_after_a_fusion_is_measured_on_the_scale_of_before():
    story = Story()
    story.score(5, vas=70)
    story.placed("fusion-evaluation", 10)
    story.fusion(11)
    story.placed(TO, 11)
    story.score(60, vas=65)
    assert story.episode().baseline(story.episode().visit)[:2] == ("vas", 70)
    story.move("re-evaluation", 60, "persistent-pain")
    assert story.stage == "re-evaluation"
