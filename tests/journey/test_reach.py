"""Who came back after a reminder or a call, counted."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.journey.reach import RETURN_WITHIN, Try, by_way, by_week, reach_of

DAY = dt.timedelta(days=1)
MONDAY = dt.date(2025, 1, 6)
TODAY = MONDAY + 60 * DAY


def called(episode="P00013-R", day=MONDAY, outcome="reached", channel="phone"):
    return Try(episode, day, "contact", "patient", channel, outcome)


def reminded(episode="P00013-R", day=MONDAY, to="patient"):
    return Try(episode, day, "reminder", to, "email", "sent")


def found(tries, seen, today=TODAY, name_of=by_way):
    return reach_of(tries, seen, today, name_of)


@pytest.mark.parametrize(
    ("after", "back"), [(-1, 0), (0, 1), (1, 1), (15, 1), (16, 0), (40, 0)]
)
def test_whoever_is_seen_within_fifteen_days_came_back(after, back):
    [row] = found([called()], {"P00013-R": [MONDAY + after * DAY]}).rows
    assert (row.returned, row.decided, row.waiting) == (back, 1, 0)
    assert row.median_days == (after if back else None)


@pytest.mark.parametrize(("passed", "waiting"), [(0, 1), (14, 1), (15, 0)])
def test_whose_days_are_not_over_is_not_counted_against_the_call(passed, waiting):
    result = found([called()], {}, today=MONDAY + passed * DAY)
    [row] = result.rows
    assert (row.waiting, row.decided) == (waiting, 1 - waiting)
    assert row.share == (None if waiting else 0)
    assert (result.waiting, result.returned) == (waiting, 0)


def test_a_return_counts_for_each_try_before_it_and_once_for_the_episode():
    tries = [reminded(), called(day=MONDAY + 3 * DAY), called("P00021-L")]
    result = found(tries, {"P00013-R": [MONDAY + 5 * DAY]})
    assert [(row.name[0], row.returned, row.decided) for row in result.rows] == [
        ("contact", 1, 2),
        ("reminder", 1, 1),
    ]
    assert (result.episodes, result.returned, result.waiting) == (2, 1, 0)


def test_rows_tell_apart_how_it_was_tried_and_what_came_of_it():
    tries = [
        called(),
        called(outcome="no-answer"),
        called(channel="sms", outcome="sent"),
        reminded(),
        reminded(to="staff"),
    ]
    assert [row.name for row in found(tries, {}).rows] == [
        ("contact", "patient", "phone", "no-answer"),
        ("contact", "patient", "phone", "reached"),
        ("contact", "patient", "sms", "sent"),
        ("reminder", "patient", "email", "sent"),
        ("reminder", "staff", "email", "sent"),
    ]


def test_weeks_begin_on_monday():
    tries = [called(day=MONDAY - DAY), called(), called(day=MONDAY + 6 * DAY)]
    rows = found(tries, {}, name_of=by_week).rows
    assert [(row.name, row.tries) for row in rows] == [
        (("2024-12-30",), 1),
        (("2025-01-06",), 2),
    ]


EPISODES = st.sampled_from(["P00013-R", "P00021-L", "P00021-R"])
DAYS = st.integers(0, 60).map(lambda count: MONDAY + count * DAY)
TRIES = st.lists(st.builds(called, EPISODES, DAYS), max_size=12)


@given(TRIES, st.dictionaries(EPISODES, st.lists(DAYS, max_size=4)))
def test_everybody_is_counted_once_whatever_the_rows(tries, seen):
    for name_of in (by_way, by_week):
        result = found(tries, seen, name_of=name_of)
        assert sum(row.tries for row in result.rows) == len(tries)
        assert all(row.returned <= row.decided <= row.tries for row in result.rows)
        assert result.episodes == len({each.episode for each in tries})
        assert result.returned + result.waiting <= result.episodes
    assert RETURN_WITHIN == 15
