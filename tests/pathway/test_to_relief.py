"""Into relief: it is satisfactory, long enough after what brought it."""

from __future__ import annotations

import pytest

from tests.journey.notation import (
    AT_LEAST_50,
    MET,
    Story,
    after_rfa,
    in_conservative_care,
    in_rfa,
    not_met,
    unknown,
)

TO = "relief"
LENGTH, RELIEF = "trial-length", "relief-satisfactory"


def injected(**values) -> Story:
    story = Story()
    story.injection(0, **values)
    return story


def test_relief_from_an_injection_lasts_forty_two_days():
    story = injected()
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=42)
    assert story.asked(TO, 41, LENGTH) == early
    assert story.asked(TO, 42, LENGTH) == MET


def test_relief_from_an_rfa_lasts_forty_two_days():
    story = after_rfa()
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=142)
    assert story.asked(TO, 141, LENGTH) == early
    assert story.asked(TO, 142, LENGTH) == MET


@pytest.mark.founding(28)
def test_relief_from_conservative_care_lasts_fourteen_days():
    story = in_conservative_care()
    early = not_met("TRIAL_PERIOD_NOT_MET", earliest=34)
    assert story.asked(TO, 33, LENGTH) == early
    assert story.asked(TO, 34, LENGTH) == MET


@pytest.mark.parametrize(
    ("story", "item"), [(Story, "injection"), (in_rfa, "RFA")], ids=["injection", "rfa"]
)
def test_nothing_is_counted_from_a_procedure_that_is_not_recorded(story, item):
    told = story()
    assert told.asked(TO, 150, LENGTH) == unknown(f"EVIDENCE_MISSING({item})")
    assert told.asked(TO, 150, RELIEF) == unknown("EVIDENCE_MISSING(baseline)")


@pytest.mark.parametrize(("baseline", "score", "enough"), AT_LEAST_50)
def test_half_the_pain_gone_is_satisfactory(baseline, score, enough):
    story = injected(nrs=baseline)
    story.score(42, nrs=score, pgic=3)
    expected = MET if enough else not_met("RELIEF_BELOW_THRESHOLD")
    assert story.asked(TO, 42, RELIEF) == expected


@pytest.mark.parametrize(
    ("pgic", "expected"),
    [
        (None, unknown("EVIDENCE_MISSING(PGIC)")),
        (1, MET),
        (2, MET),
        (3, not_met("RELIEF_BELOW_THRESHOLD")),
    ],
)
@pytest.mark.parametrize(("baseline", "score"), [(10, 7), (7, 4.5), (9, 7), (5, 3)])
def test_in_between_the_patient_decides(baseline, score, pgic, expected):
    story = injected(nrs=baseline)
    story.score(42, nrs=score, **({"pgic": pgic} if pgic else {}))
    assert story.asked(TO, 42, RELIEF) == expected


@pytest.mark.parametrize(("baseline", "score"), [(8, 6.5), (10, 8.5), (3, 2.5)])
def test_less_than_that_is_not_satisfactory_whatever_the_patient_says(baseline, score):
    story = injected(nrs=baseline)
    story.score(42, nrs=score, pgic=1)
    assert story.asked(TO, 42, RELIEF) == not_met("RELIEF_BELOW_THRESHOLD")


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (50, MET),
        (51, unknown("EVIDENCE_MISSING(PGIC)")),
        (70, unknown("EVIDENCE_MISSING(PGIC)")),
        (71, not_met("RELIEF_BELOW_THRESHOLD")),
    ],
)
def test_millimetres_are_judged_in_percent_and_not_in_points(score, expected):
    story = injected(vas=100)
    story.score(42, vas=score)
    assert story.asked(TO, 42, RELIEF) == expected


def test_a_score_from_before_day_forty_two_does_not_show_that_relief_lasts():
    story = injected()
    story.score(41, nrs=1)
    assert story.asked(TO, 42, RELIEF) == unknown("EVIDENCE_MISSING(NRS)")
    story.score(42, nrs=1)
    assert story.asked(TO, 42, RELIEF) == MET


def test_before_that_day_the_only_thing_missing_is_time():
    story = injected()
    story.score(14, nrs=1)
    assert story.refused(TO, 14) == {"TRIAL_PERIOD_NOT_MET"}


def test_the_score_is_at_most_thirty_days_old():
    story = injected()
    story.score(42, nrs=1)
    assert story.asked(TO, 72, RELIEF) == MET
    assert story.asked(TO, 73, RELIEF) == unknown("EVIDENCE_STALE(NRS)")


def test_what_the_patient_said_is_at_most_thirty_days_old():
    story = injected(nrs=10)
    story.score(42, pgic=2)
    story.score(72, nrs=7)
    assert story.asked(TO, 72, RELIEF) == MET
    story.score(73, nrs=7)
    assert story.asked(TO, 73, RELIEF) == unknown("EVIDENCE_STALE(PGIC)")


def test_what_was_seen_is_shown_as_people_write_it():
    story = injected(nrs=7)
    story.score(42, nrs=4.5, pgic=3)
    [finding] = story.findings(TO, 42, RELIEF)
    assert finding.seen == "NRS 4.5 on 2025-02-17 (35.7 %, PGIC 3)"


def test_in_conservative_care_relief_is_measured_against_the_score_at_entry():
    story = in_conservative_care()
    story.score(34, nrs=3.5)
    [finding] = story.findings(TO, 34, RELIEF)
    assert finding.is_met
    assert "(50 %)" in finding.seen


@pytest.mark.founding(28, 36)
@pytest.mark.parametrize("tell", [injected, after_rfa, in_conservative_care])
def test_satisfactory_relief_in_time_leads_there(tell):
    story = tell()
    story.score(160, nrs=2)
    story.move(TO, 160)
    assert story.stage == TO
