"""Back under way: the last hold is released, or a lost patient is found."""

from __future__ import annotations

import pytest

from sitrack.pathway.stages import Status
from tests.journey.notation import (
    in_conservative_care,
    on,
)
from tests.journey.parked import lost, overdue, shifted, standing

# --- released from hold: where to


@pytest.mark.requirement("return-window")
@pytest.mark.parametrize(
    ("days", "stage"), [(180, "conservative-care"), (181, "re-evaluation")]
)
def test_after_more_than_half_a_year_the_source_is_looked_at_again(days, stage):
    story = in_conservative_care()
    hold = story.hold(30, review=120)
    story.renew(hold, 120, review=210)
    story.resume(30 + days)
    assert standing(story) == (stage, Status.ACTIVE)


def test_the_way_back_to_re_evaluation_begins_a_new_stay():
    story = in_conservative_care()
    hold = story.hold(30, review=120)
    story.renew(hold, 120, review=210)
    resumed = story.resume(220)
    assert story.open(220) == {"DUE": str(on(234)), "ESC": str(on(248))}
    visits = story.episode().visits
    assert (visits[-1].seq, visits[-2].left) == (resumed, on(220))


@pytest.mark.parametrize(
    ("second", "stage"),
    [(130, "re-evaluation"), (129, "re-evaluation"), (131, "conservative-care")],
)
def test_holds_that_run_on_without_a_gap_count_as_one(second, stage):
    story = in_conservative_care()
    first = story.hold(30, review=120)
    if second <= 130:
        later = story.hold(second, review=second + 90, reason="patient-request")
        story.resume(130, first)
    else:
        story.resume(130, first)
        later = story.hold(second, review=second + 90, reason="patient-request")
    story.resume(211, later)
    assert story.stage == stage


def test_only_the_release_of_the_last_hold_leads_away():
    story = in_conservative_care()
    first = story.hold(30, review=120)
    second = story.hold(215, review=300, reason="patient-request")
    story.resume(230, first)
    assert standing(story) == ("conservative-care", Status.ON_HOLD)
    story.resume(240, second)
    assert standing(story) == ("re-evaluation", Status.ACTIVE)


# --- back from lost


@pytest.mark.requirement("patient-contact")
def test_coming_back_takes_a_sign_of_the_patient():
    story = lost()
    missing = {"EVIDENCE_MISSING(patient contact)"}
    assert story.refusal(lambda: story.come_back(100)) == missing
    story.contact(100)
    assert story.refusal(lambda: story.come_back(100)) == missing
    story.contact(101, "reached", "sms")
    story.come_back(101)
    assert standing(story) == ("conservative-care", Status.ACTIVE)


@pytest.mark.requirement("patient-contact")
@pytest.mark.parametrize(
    ("kind", "values"), [("visit", {}), ("score", {"nrs": 6}), ("score", {"pgic": 4})]
)
def test_a_visit_or_a_score_is_such_a_sign(kind, values):
    story = lost()
    sign = story.record(kind, 100, **values)
    back = story.entries[story.come_back(100) - 1]
    assert back.payload["rests_on"] == [sign]


@pytest.mark.requirement("patient-contact")
def test_signs_from_before_the_loss_are_none():
    story = overdue()
    story.contact(60, "reached")
    lost(story)
    named = story.refusal(lambda: story.come_back(100))
    assert named == {"EVIDENCE_MISSING(patient contact)"}


@pytest.mark.requirement("return-window")
@pytest.mark.parametrize(
    ("days", "stage"), [(180, "conservative-care"), (181, "re-evaluation")]
)
def test_within_half_a_year_the_way_leads_back_to_where_it_was_left(days, stage):
    story = lost()
    story.record("visit", 93 + days)
    back = story.come_back(93 + days)
    assert standing(story) == (stage, Status.ACTIVE)
    visit = story.episode().visit
    assert (visit.seq, visit.entered) == (back, on(93 + days))


def test_the_clock_of_who_comes_back_begins_anew():
    story = lost()
    story.record("visit", 120)
    story.come_back(120)
    assert story.open(120) == shifted(in_conservative_care().open(20), 100)
    assert story.case(130).elapsed == 10


def test_only_who_is_lost_comes_back():
    story = overdue()
    story.record("visit", 100)
    named = {"NOT_ALLOWED_FROM_STATE"}
    assert story.refusal(lambda: story.come_back(100)) == named
    story.hold(101)
    assert story.refusal(lambda: story.come_back(102)) == {"ON_HOLD"}
