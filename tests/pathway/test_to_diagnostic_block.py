"""Into the diagnostic block: conservative care lasted, was active, and did not help."""

from __future__ import annotations

import pytest

from tests.journey.notation import (
    AT_LEAST_50,
    MET,
    Story,
    exhausted,
    in_conservative_care,
    not_met,
    on,
    unknown,
)

TO = "diagnostic-block"
DAYS, THERAPY, NSAID = "conservative-days", "active-therapy", "nsaid-trial"
RELIEF, SEVERITY = "relief-insufficient", "pain-severity"


# --- documented days


@pytest.mark.founding(28)
def test_forty_two_days_of_conservative_care_are_needed():
    story = in_conservative_care()
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=62)
    assert story.asked(TO, 20, DAYS) == early
    assert story.asked(TO, 61, DAYS) == early
    assert story.asked(TO, 62, DAYS) == MET


def test_earlier_care_with_dates_is_credited():
    story = in_conservative_care()
    story.therapy(20, start=str(on(-30)), stop=str(on(-10)))
    assert story.asked(TO, 41, DAYS) == not_met("TRIAL_PERIOD_NOT_MET", earliest=42)
    assert story.asked(TO, 42, DAYS) == MET


def test_a_day_under_two_treatments_counts_once():
    story = in_conservative_care()
    story.therapy(20, start=str(on(-10)), stop=str(on(10)))
    story.naproxen(20, start=str(on(0)), stop=str(on(14)))
    [finding] = story.findings(TO, 30, DAYS)
    assert finding.seen == "34 d"


def test_care_of_more_than_a_year_ago_is_not_credited():
    story = in_conservative_care()
    story.therapy(20, start=str(on(-400)), stop=str(on(-330)))
    [finding] = story.findings(TO, 30, DAYS)
    assert finding.seen == "15 d"


def test_a_contraindicated_drug_is_no_treatment():
    story = in_conservative_care()
    story.naproxen(20, start=str(on(-60)), stop=str(on(-5)), contraindicated=True)
    [finding] = story.findings(TO, 30, DAYS)
    assert finding.seen == "10 d"


def test_a_course_without_an_end_is_known_until_it_was_last_written_about():
    story = in_conservative_care()
    story.record("therapy", 10, type="home-programme", start=str(on(0)), adherence=80)
    [finding] = story.findings(TO, 30, DAYS)
    assert finding.seen == "20 d"


# --- active therapy


@pytest.mark.founding(17)
def test_without_any_therapy_it_is_unknown():
    story = in_conservative_care()
    assert story.asked(TO, 30, THERAPY) == unknown("EVIDENCE_MISSING(active PT)")


@pytest.mark.founding(17, 21)
@pytest.mark.parametrize(("visits", "enough"), [(3, False), (4, True)])
def test_active_therapy_takes_four_visits(visits, enough):
    story = in_conservative_care()
    story.therapy(30, visits=visits)
    expected = MET if enough else not_met("EVIDENCE_MISSING(active PT)")
    assert story.asked(TO, 30, THERAPY) == expected


@pytest.mark.founding(17)
@pytest.mark.parametrize("kind", ["passive", "stretching-only", "home-programme"])
def test_therapy_that_is_not_active_does_not_count(kind):
    story = in_conservative_care()
    story.therapy(30, type=kind, visits=20)
    assert story.asked(TO, 30, THERAPY) == not_met("EVIDENCE_MISSING(active PT)")


def test_visits_so_far_are_not_added_up_within_a_course():
    story = in_conservative_care()
    story.therapy(25, start=str(on(21)), visits=2)
    story.therapy(30, visits=3)
    assert story.asked(TO, 30, THERAPY) == not_met("EVIDENCE_MISSING(active PT)")


def test_visits_of_two_courses_are_added_up():
    story = in_conservative_care()
    story.therapy(25, start=str(on(21)), visits=2)
    story.therapy(35, start=str(on(30)), visits=2)
    assert story.asked(TO, 35, THERAPY) == MET


@pytest.mark.founding(21)
def test_a_home_programme_counts_once_it_is_attested():
    story = in_conservative_care()
    story.therapy(30, type="home-programme", adherence=90)
    assert story.asked(TO, 30, THERAPY) == not_met("EVIDENCE_MISSING(active PT)")
    story.attest(31, "home-programme")
    assert story.asked(TO, 31, THERAPY) == MET


def test_an_attestation_without_a_home_programme_is_not_enough():
    story = in_conservative_care()
    story.attest(31, "home-programme")
    assert story.asked(TO, 31, THERAPY) == unknown("EVIDENCE_MISSING(active PT)")


def test_therapy_that_could_not_be_tolerated_counts():
    story = in_conservative_care()
    story.therapy(30, visits=1, intolerance=True)
    assert story.asked(TO, 30, THERAPY) == MET


@pytest.mark.founding(20)
def test_stretching_alone_earns_a_warning():
    story = in_conservative_care()
    story.therapy(30, visits=6)
    [finding] = story.findings(TO, 30, THERAPY)
    assert finding.warning is None
    story.therapy(31, type="stretching-only")
    [finding] = story.findings(TO, 31, THERAPY)
    assert finding.warning == "stretching alone can worsen instability"


# --- an NSAID


@pytest.mark.founding(23)
def test_an_nsaid_must_have_been_tried():
    story = in_conservative_care()
    story.record("medication", 30, drug="paracetamol", start=str(on(21)))
    assert story.asked(TO, 30, NSAID) == not_met("EVIDENCE_MISSING(NSAID trial)")


@pytest.mark.founding(23)
@pytest.mark.parametrize(
    "values",
    [
        {"drug": "naproxen", "start": "2025-01-27"},
        {"drug": "ibuprofen", "contraindicated": True},
        {"drug": "newdrug", "drug_class": "nsaid", "start": "2025-01-27"},
    ],
)
def test_a_trial_or_a_contraindication_will_do(values):
    story = in_conservative_care()
    story.record("medication", 30, **values)
    assert story.asked(TO, 30, NSAID) == MET


def test_the_latest_word_on_nsaids_is_the_one_shown():
    story = in_conservative_care()
    story.naproxen(25, start=str(on(21)))
    last = story.record("medication", 30, drug="ibuprofen", contraindicated=True)
    [finding] = story.findings(TO, 30, NSAID)
    assert (finding.seen, finding.entries) == ("contraindicated", (last,))


def test_an_nsaid_without_a_start_date_was_not_tried():
    story = in_conservative_care()
    story.naproxen(30, response="none")
    assert story.asked(TO, 30, NSAID) == not_met("EVIDENCE_MISSING(NSAID trial)")


# --- relief is insufficient, pain is severe


def with_baseline(baseline: float) -> Story:
    """Conservative care since day 20, entered with that score."""
    story = Story()
    story.injection(0, contrast="not-in-joint")
    story.diary(0, "1h=1")
    story.move("re-evaluation", 0)
    story.score(20, nrs=baseline)
    story.exam(20)
    story.screens(20)
    story.move("conservative-care", 20)
    return story


def test_an_exit_score_of_this_stage_is_needed():
    story = in_conservative_care()
    missing = unknown("EVIDENCE_MISSING(exit NRS)")
    assert story.asked(TO, 62, RELIEF) == missing
    assert story.asked(TO, 62, SEVERITY) == missing


def test_the_exit_score_is_at_most_thirty_days_old():
    story = in_conservative_care()
    story.score(40, nrs=7)
    stale = unknown("EVIDENCE_STALE(exit NRS)")
    assert story.asked(TO, 70, RELIEF) == MET
    assert story.asked(TO, 70, SEVERITY) == MET
    assert story.asked(TO, 71, RELIEF) == stale
    assert story.asked(TO, 71, SEVERITY) == stale


@pytest.mark.founding(28)
@pytest.mark.parametrize(("baseline", "score", "satisfactory"), AT_LEAST_50)
def test_half_the_pain_gone_is_satisfactory_relief(baseline, score, satisfactory):
    story = with_baseline(baseline)
    story.score(62, nrs=score, pgic=3)
    expected = not_met("RELIEF_ABOVE_THRESHOLD") if satisfactory else MET
    assert story.asked(TO, 62, RELIEF) == expected


@pytest.mark.parametrize(
    ("baseline", "score"), [(7, 4.5), (10, 7), (9, 7), (6, 4), (5, 3.5)]
)
def test_in_between_the_patient_decides(baseline, score):
    story = with_baseline(baseline)
    story.score(62, nrs=score)
    assert story.asked(TO, 62, RELIEF) == unknown("EVIDENCE_MISSING(PGIC)")
    story.score(63, pgic=3)
    assert story.asked(TO, 63, RELIEF) == MET
    story.score(64, pgic=2)
    assert story.asked(TO, 64, RELIEF) == not_met("RELIEF_ABOVE_THRESHOLD")


@pytest.mark.parametrize(("baseline", "score"), [(8, 6.5), (5, 4), (10, 8.5), (7, 7)])
def test_less_than_that_is_insufficient_whatever_the_patient_says(baseline, score):
    story = with_baseline(baseline)
    story.score(62, nrs=score, pgic=1)
    assert story.asked(TO, 62, RELIEF) == MET


def test_what_the_patient_said_grows_old_like_a_score():
    story = with_baseline(7)
    story.score(40, pgic=2)
    story.score(71, nrs=5)
    assert story.asked(TO, 71, RELIEF) == unknown("EVIDENCE_STALE(PGIC)")


def test_nothing_can_be_measured_against_a_baseline_of_zero():
    story = with_baseline(0)
    story.score(62, nrs=5)
    assert story.asked(TO, 62, RELIEF) == unknown("EVIDENCE_MISSING(baseline)")
    [finding] = story.findings(TO, 62, RELIEF)
    assert finding.seen == "a baseline of 0"


@pytest.mark.parametrize(("score", "severe"), [(3.5, False), (4, True)])
def test_pain_below_four_is_too_little_for_a_block(score, severe):
    story = with_baseline(4)
    story.score(62, nrs=score)
    expected = MET if severe else not_met("SEVERITY_BELOW_THRESHOLD")
    assert story.asked(TO, 62, SEVERITY) == expected


@pytest.mark.parametrize(("score", "severe"), [(35, False), (40, True)])
def test_ten_millimetres_of_vas_weigh_one_point_of_nrs(score, severe):
    story = Story()
    story.injection(0, vas=80)
    story.diary(0, "1h=20", "2h=20")
    story.score(14, vas=70)
    story.move("re-evaluation", 14)
    story.exam(20)
    story.screens(20)
    story.move("conservative-care", 20)
    story.score(62, vas=score)
    expected = MET if severe else not_met("SEVERITY_BELOW_THRESHOLD")
    assert story.asked(TO, 62, SEVERITY) == expected


# --- all together


@pytest.mark.founding(28)
def test_conservative_care_that_is_exhausted_leads_to_the_block():
    story = exhausted(in_conservative_care(), 62)
    story.move(TO, 62)
    assert story.stage == TO


def test_every_reason_against_it_is_named_at_once_and_each_only_once():
    story = in_conservative_care()
    assert story.refused(TO, 30) == {
        "TRIAL_PERIOD_NOT_MET",
        "EVIDENCE_MISSING(active PT)",
        "EVIDENCE_MISSING(NSAID trial)",
        "EVIDENCE_MISSING(exit NRS)",
    }
