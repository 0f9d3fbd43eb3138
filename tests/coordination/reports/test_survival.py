"""Waits of which some still go on: the estimate of Kaplan and Meier."""

from collections import Counter
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.coordination.reports.survival import curve, days_until

ENDED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CENSORED = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
"""Weeks of remission under 6-mercaptopurine (Freireich 1963), as every textbook has it."""


def waits(ended, censored=()):
    return Counter([(n, True) for n in ended] + [(n, False) for n in censored])


def test_the_example_of_the_textbooks_comes_out():
    points = curve(waits(ENDED, CENSORED))
    assert [(n, round(share, 3)) for n, share in points] == [
        *((6, 0.857), (7, 0.807), (10, 0.753), (13, 0.69)),
        *((16, 0.627), (22, 0.538), (23, 0.448)),
    ]
    assert days_until(0.25, points) == 13
    assert days_until(0.5, points) == 23
    assert days_until(0.75, points) is None


def test_who_still_waits_makes_the_wait_longer_and_not_shorter():
    left = waits([10, 10, 20, 20])
    alone = days_until(0.5, curve(left))
    waiting = days_until(0.5, curve(left + waits([], [30, 30, 30])))
    assert (alone, waiting) == (10, 20)


def test_of_nobody_nothing_is_said():
    assert curve(waits([])) == []
    assert days_until(0.5, []) is None
    assert days_until(0.5, curve(waits([], [5, 6]))) is None


@given(st.lists(st.integers(0, 400), min_size=3, max_size=60))
def test_where_everybody_left_it_is_the_plain_quantile(days):
    points = curve(waits(days))
    assert points[-1][1] == pytest.approx(0, abs=1e-9)
    ordered = sorted(days)
    for share in (0.25, 0.5, 0.75):
        found = days_until(share, points)
        # The least day by which so large a share had left.
        assert sum(day <= found for day in days) >= share * len(days) - 1e-6
        assert sum(day < found for day in days) < share * len(days)
        assert ordered[0] <= found <= ordered[-1]
    if len(days) % 2:
        assert days_until(0.5, points) == quantiles(days, n=2)[0]
