"""Business days and holds together: what is counted, and what is passed over."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.journey.agenda import agenda
from sitrack.journey.counting import day_after, reckon
from sitrack.journey.episode import Hold
from sitrack.pathway import derivation
from sitrack.pathway.calendar import Calendar, Duration
from sitrack.pathway.loading import load, shipped_text
from tests.journey.notation import (
    Story,
    in_re_evaluation,
    in_relief_after_conservative_care,
    on,
)

OPEN_DAILY = Calendar(weekend=frozenset())
EASTER = Calendar(
    country="GB",
    years=(2025, 2025),
    holidays={
        dt.date(2025, 4, 18): "Good Friday",
        dt.date(2025, 4, 21): "Easter Monday",
    },
)


def held(*spans):
    """An episode with holds from one day to another; the last day may be None."""
    holds = tuple(
        Hold(
            seq=n + 2,
            reason="pregnancy",
            since=dt.date.fromisoformat(since),
            review=dt.date.fromisoformat(review),
            reviewed_by=n + 2,
            until=dt.date.fromisoformat(until) if until else None,
        )
        for n, (since, until, review) in enumerate(spans)
    )
    return replace(Story().episode(), holds=holds)


def business(count):
    return Duration(count, "bd")


def test_business_days_on_hold_are_left_out():
    # A hold from Tuesday to Thursday: two business days are not counted.
    episode = held(("2025-01-07", "2025-01-09", "2025-01-09"))
    monday = dt.date(2025, 1, 6)
    assert day_after(episode, Calendar(), monday, business(5)) == dt.date(2025, 1, 15)
    assert day_after(held(), Calendar(), monday, business(5)) == dt.date(2025, 1, 13)


def test_an_open_hold_lasts_until_its_review():
    episode = held(("2025-01-07", None, "2025-01-21"))
    due = day_after(episode, Calendar(), dt.date(2025, 1, 6), business(5))
    assert due == day_after(
        held(("2025-01-07", "2025-01-21", "2025-01-21")),
        Calendar(),
        dt.date(2025, 1, 6),
        business(5),
    )


def test_a_length_that_reaches_back_takes_no_hold_into_account():
    episode = held(("2025-01-07", "2025-01-09", "2025-01-09"))
    day = dt.date(2025, 1, 13)
    assert day_after(episode, Calendar(), day, business(-5)) == dt.date(2025, 1, 6)


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 40)).map(
        lambda pair: (str(on(pair[0])), str(on(sum(pair))), str(on(sum(pair))))
    ),
    max_size=4,
)


@given(spans=spans, start=st.integers(0, 40), count=st.integers(0, 60))
def test_where_every_day_is_open_business_days_are_calendar_days(spans, start, count):
    episode = held(*spans)
    assert day_after(episode, OPEN_DAILY, on(start), business(count)) == (
        day_after(episode, OPEN_DAILY, on(start), Duration(count))
    )


@given(
    spans=spans,
    start=st.integers(0, 40),
    count=st.integers(1, 60),
    unit=st.sampled_from(["d", "bd"]),
)
def test_a_reckoning_accounts_for_every_day(spans, start, count, unit):
    episode = held(*spans)
    found = reckon(episode, EASTER, on(start), Duration(count, unit))
    assert found.due == day_after(episode, EASTER, on(start), Duration(count, unit))
    days = (found.due - found.anchor).days
    left_out = sum(each for _, each in found.held)
    assert days == count + left_out + found.weekends + len(found.closed)


def test_a_reckoning_names_what_it_passed_over():
    episode = held(("2025-04-23", "2025-04-25", "2025-04-25"))
    found = reckon(episode, EASTER, dt.date(2025, 4, 16), business(5))
    assert found.closed == (
        (dt.date(2025, 4, 18), "Good Friday"),
        (dt.date(2025, 4, 21), "Easter Monday"),
    )
    assert [(hold.seq, days) for hold, days in found.held] == [(2, 2)]
    assert found.weekends == 4
    assert found.due == dt.date(2025, 4, 29)
    assert found.beyond is None


def test_a_reckoning_says_where_the_list_of_holidays_ends():
    found = reckon(held(), EASTER, dt.date(2025, 12, 29), business(5))
    assert found.beyond == 2025
    assert reckon(held(), EASTER, dt.date(2025, 12, 29), Duration(5)).beyond is None


# --- in the agenda

CLINIC = derivation.read(
    'derives = "si-2026.1"\nid = "north-2026.1"\ntitle = "North"\n'
    "[calendar]\nclosed = [{ day = 2025-02-03, name = 'staff day' }]\n"
    "[[follow_ups]]\nid = 'REV-DUE'\noffset = '10bd'\n"
    "[[follow_ups]]\nid = 'REL-CHECK'\noffset = '60bd'\nevery = '60bd'\n"
    "[[follow_ups]]\nid = 'REL-ESC'\noffset = '75bd'\nevery = '60bd'\n",
    lambda _: load(shipped_text()),
)


def line(story, rule):
    return next(
        each for each in agenda(story.episode(), story.protocol) if each.rule == rule
    )


def test_a_follow_up_in_business_days_falls_due_on_an_open_day():
    story = in_re_evaluation(protocol=CLINIC)
    entered = story.episode().visit.entered
    due = line(story, "REV-DUE")
    assert due.offset == business(10)
    assert due.due == CLINIC.calendar.day_after(entered, business(10))
    assert CLINIC.calendar.is_open(due.due)
    assert due.counted_from == story.episode().visit.seq
    # What the clinic left alone counts every day.
    assert line(story, "REV-ESC").due == entered + dt.timedelta(days=28)


@pytest.mark.parametrize("rule", ["REV-DUE", "REV-ESC"])
def test_the_arithmetic_of_a_line_leads_to_its_due_date(rule):
    story = in_re_evaluation(protocol=CLINIC)
    due = line(story, rule)
    found = reckon(story.episode(), CLINIC.calendar, due.anchor, due.offset)
    assert found.due == due.due


def test_a_repeating_rule_in_business_days_moves_on_by_open_days():
    story = in_relief_after_conservative_care(protocol=CLINIC)
    entered = story.episode().visit.entered
    after = CLINIC.calendar.day_after
    first, escalated = line(story, "REL-CHECK"), line(story, "REL-ESC")
    assert (first.occurrence, first.due) == (1, after(entered, business(60)))
    assert escalated.due == after(entered, business(75))
    story.score((first.due - on(0)).days, nrs=2)
    second, escalated = line(story, "REL-CHECK"), line(story, "REL-ESC")
    assert (second.occurrence, second.due) == (2, after(entered, business(120)))
    assert (escalated.occurrence, escalated.due) == (2, after(entered, business(135)))
