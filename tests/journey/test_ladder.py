"""After each step of a reminder comes the next one, and never two at once."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.journey import ladder

STEPS = {"notice": 0, "repeat": 7, "contact-1": 7, "contact-2": 21, "contact-3": 30}
DUE = dt.date(2025, 1, 7)


def day(number):
    return DUE + dt.timedelta(days=number)


def following(step, made_on=0, waits_for="patient", tries=None):
    return ladder.following(
        step, DUE, day(made_on), STEPS, waits_for=waits_for, tries=tries
    )


def test_a_step_names_the_attempt_that_it_asks_for():
    steps = ("notice", "repeat", "contact-1", "contact-12", "contact-", "contact-x")
    assert [ladder.rung_of(step) for step in steps] == [None, None, 1, 12, None, None]
    assert ladder.rungs(STEPS) == {1: 7, 2: 21, 3: 30}


def test_what_waits_for_staff_is_repeated_once():
    assert following("notice", waits_for="staff") == ("repeat", day(7))
    assert following("repeat", 7, waits_for="staff") == (None, None)


def test_what_waits_for_the_patient_is_not_repeated_where_the_ladder_runs_elsewhere():
    assert following("notice") == (None, None)


def test_the_ladder_asks_for_an_attempt_after_7_21_and_30_days():
    assert following("notice", 0, tries=0) == ("contact-1", day(7))
    assert following("contact-1", 7, tries=0) == ("contact-2", day(21))
    assert following("contact-2", 21, tries=0) == ("contact-3", day(30))
    assert following("contact-3", 30, tries=0) == (None, None)


def test_attempts_that_were_made_are_not_asked_for():
    assert following("notice", 0, tries=1) == ("contact-2", day(21))
    assert following("contact-1", 7, tries=2) == ("contact-3", day(30))
    assert following("contact-1", 7, tries=3) == (None, None)


def test_what_is_late_keeps_its_distance_to_the_next():
    assert following("notice", 25, waits_for="staff") == ("repeat", day(32))
    assert following("notice", 25, tries=0) == ("contact-1", day(32))
    assert following("contact-1", 32, tries=0) == ("contact-2", day(46))


def test_after_the_last_attempt_somebody_has_to_decide():
    assert [ladder.exhausted(n, STEPS) for n in (None, 0, 2, 3, 4)] == [
        *(False, False, False),
        *(True, True),
    ]
    assert not ladder.exhausted(3, {"notice": 0})


@pytest.mark.parametrize(
    ("step", "tries", "expected"),
    [
        # The notice comes first, whatever was tried.
        ("notice", 2, None),
        # What is owed keeps its day; what was done gives way to the next.
        ("contact-2", 1, None),
        ("contact-1", 1, ("contact-2", day(21))),
        ("contact-1", 3, (None, None)),
        # The ladder begins on a line whose notice went, and leaves a line.
        (None, 0, ("contact-1", day(7))),
        ("contact-1", None, (None, None)),
    ],
)
def test_counting_again_moves_the_step_that_waits(step, tries, expected):
    assert ladder.counted_again(step, DUE, STEPS, tries) == expected


@given(
    late=st.integers(0, 400),
    tries=st.none() | st.integers(0, 5),
    waits_for=st.sampled_from(["patient", "staff"]),
)
def test_steps_end_and_each_lies_after_the_one_before(late, tries, waits_for):
    step, made_on, seen = "notice", day(late), []
    while step is not None:
        seen.append(step)
        step, on = ladder.following(
            step, DUE, made_on, STEPS, waits_for=waits_for, tries=tries
        )
        assert step is None or on > made_on
        made_on = on
    assert len(seen) == len(set(seen)) <= 4
