"""Trials: when each was to be reviewed, and whether that was done in time."""

import datetime as dt

from sitrack.journey.trials import is_trial, trials
from sitrack.pathway.loading import load, shipped_text
from tests.journey.notation import Story, in_conservative_care, on, sought
from tests.journey.parked import lost

DAY = dt.timedelta(days=1)


def found(story, day=None):
    return list(trials(story.episode(day), story.protocol))


def injected():
    story = Story()
    story.injection(3)
    return story


def test_the_trials_of_the_shipped_protocol_are_the_two_of_six_weeks():
    rules = load(shipped_text()).follow_ups
    assert [rule.id for rule in rules if is_trial(rule)] == ["INJ-TRIAL", "CON-TRIAL"]


def test_before_its_procedure_there_is_no_trial():
    assert found(Story()) == []


def test_a_trial_counts_from_its_procedure_and_is_late_after_14_business_days():
    [trial] = found(injected())
    assert (trial.stage, trial.rule) == ("injection", "INJ-TRIAL")
    assert (trial.begun, trial.due) == (on(3), on(45))
    # Day 45 is a Thursday; 14 days from Monday to Friday take two weeks and four days.
    assert trial.until == on(45 + 2 * 7 + 6)
    assert trial.runs(on(500))
    assert not trial.is_decided(trial.until)
    assert trial.is_decided(trial.until + DAY)
    assert not trial.in_time


def test_it_is_reviewed_by_leaving_the_stage():
    for day, in_time in ((45, True), (65, True), (66, False)):
        story = injected()
        story.placed("re-evaluation", day)
        [trial] = found(story)
        assert (trial.ended, trial.in_time) == (on(day), in_time)
        assert trial.is_decided(on(day))
        assert trial.runs(on(day - 1))
        assert not trial.runs(on(day))


def test_days_on_hold_are_left_out():
    story = in_conservative_care()
    before = found(story)[-1]
    story.hold(30, 45)
    story.resume(40)
    after = found(story)[-1]
    assert (before.rule, before.due) == ("CON-TRIAL", on(62))
    assert after.due == before.due + 10 * DAY


def test_a_return_to_care_reviews_nothing_and_begins_another_trial():
    story = lost(sought(in_conservative_care(), 55, 69, 78))
    story.contact(120, "reached")
    story.come_back(121)
    first, second = found(story)[-2:]
    assert (first.ended, first.reviewed, first.in_time) == (on(121), False, False)
    assert (second.begun, second.due) == (on(121), on(163))
