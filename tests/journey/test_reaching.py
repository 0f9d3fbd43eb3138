"""What attempts to reach the patient do to what is due: they count, and some end it."""

from __future__ import annotations

import pytest

from sitrack.journey.agenda import agenda
from sitrack.journey.entries import SNOOZED, Draft
from tests.journey.notation import NURSE, Story, in_post_fusion, in_re_evaluation, on


def injected() -> Story:
    story = Story()
    story.injection(0)
    return story


def lines(story: Story) -> dict:
    return {line.rule: line for line in agenda(story.episode(), story.protocol)}


def tried(story: Story, day: int, outcome: str = "no-answer", **values: str) -> None:
    story.record("contact", day, outcome=outcome, channel="phone", **values)


def snoozed(story: Story, day: int, until: int) -> None:
    payload = {"until": str(on(until))}
    story.write(Draft(SNOOZED, on(day), NURSE, payload=payload))


# --- the ladder


def test_the_ladder_runs_on_the_earliest_line_that_waits_for_the_patient():
    found = {rule: line.tries for rule, line in lines(injected()).items()}
    assert found == {
        "INJ-DIARY": 0,
        "INJ-CHECK": None,
        "INJ-TRIAL": None,
        "INJ-ESC": None,
    }


def test_what_waits_for_staff_starts_no_ladder():
    assert {line.tries for line in lines(in_re_evaluation()).values()} == {None}


def test_attempts_count_from_the_due_date():
    story = injected()
    for day in (0, 1, 8, 8):
        tried(story, day)
    assert lines(story)["INJ-DIARY"].tries == 3  # not the one before the due date


def test_the_next_line_takes_the_ladder_over_and_counts_from_its_own_date():
    story = injected()
    tried(story, 8)
    story.record("diary", 20, "1h=2")
    assert lines(story)["INJ-CHECK"].tries == 0
    tried(story, 21)
    assert lines(story)["INJ-CHECK"].tries == 1


def test_after_three_attempts_the_line_is_urgent():
    story = injected()
    for number, day in enumerate((8, 22, 31), start=1):
        tried(story, day)
        assert lines(story)["INJ-DIARY"].urgent is (number == 3)


# --- what stops every reminder


@pytest.mark.complaint(6)
@pytest.mark.parametrize("outcome", ["declined", "moved", "deceased"])
def test_one_line_is_left_that_nobody_is_reminded_of(outcome):
    story = injected()
    tried(story, 8, outcome)
    assert story.episode().stopped == outcome
    [line] = agenda(story.episode(), story.protocol)
    assert (line.rule, line.due, line.waits_for) == ("STOP-DECIDE", on(8), "staff")
    assert line.urgent
    assert line.silent


@pytest.mark.complaint(6)
def test_it_is_so_in_every_stage_that_has_something_due():
    story = in_post_fusion()
    protocol = story.protocol
    for stage in protocol.stages:
        rules = {rule.id for rule in protocol.follow_ups_of(stage.id)}
        assert ("STOP-DECIDE" in rules) is (not stage.final)


def test_whoever_is_reached_after_that_is_not_gone():
    story = injected()
    tried(story, 8, "moved")
    tried(story, 9, "reached")
    assert story.episode().stopped is None
    assert "INJ-DIARY" in lines(story)
    tried(story, 10, "declined")
    assert story.episode().stopped == "declined"


def test_nobody_is_reached_after_a_death():
    story = injected()
    tried(story, 8, "deceased")
    tried(story, 9, "reached")
    assert story.episode().stopped == "deceased"


@pytest.mark.parametrize(
    "outcome", ["reached", "no-answer", "voicemail", "sent", "call-later"]
)
def test_no_other_outcome_stops_anything_or_moves_a_stage(outcome):
    story = injected()
    before = lines(story).keys()
    tried(story, 8, outcome)
    assert lines(story).keys() == before
    assert story.episode().stage == "injection"


# --- put off


def test_a_snooze_takes_it_off_the_list_and_the_clock_goes_on():
    story = injected()
    before = lines(story)
    snoozed(story, 2, 9)
    assert story.episode().snoozed_until == on(9)
    assert lines(story) == before


def test_the_date_of_the_next_attempt_does_the_same():
    story = injected()
    tried(story, 8, again=str(on(10)))
    assert story.episode().snoozed_until == on(10)


def test_the_last_word_counts():
    story = injected()
    snoozed(story, 2, 9)
    tried(story, 3, again=str(on(5)))
    assert story.episode().snoozed_until == on(5)
    tried(story, 4, "reached")
    assert story.episode().snoozed_until is None


def test_leaving_the_stage_ends_a_snooze():
    story = injected()
    story.record("diary", 0, "1h=2")
    story.record("score", 14, nrs=7)
    snoozed(story, 14, 40)
    story.move("re-evaluation", 15)
    assert story.episode().snoozed_until is None
