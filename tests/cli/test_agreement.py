"""What one command proposes or allows, another does not refuse."""

import inspect

import pytest

from sitrack.cli.screens.written import LOOK_AT_THE_OTHER_SIDE, next_step
from sitrack.coordination.episodes import Written
from sitrack.journey.assessment import JUDGES
from sitrack.journey.decisions import ways_on
from sitrack.record.registry import Patient, Person
from tests.journey.notation import Story
from tests.pathway.test_to_injection import missed

ADVANCE = ("advance", "P00013-R", "--as", "rivera")


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        ("re-evaluation", "bogus"),
        ("re-evaluation", "contraindicated"),
        ("fusion-evaluation", "bogus"),
        ("rfa", "recurrence"),
    ],
)
def test_a_reason_that_the_move_does_not_take_is_refused_alike(desk, stage, reason):
    coded = (stage, "--reason", reason, "--json")
    asked = desk.type("why", "P00013-R", *coded)
    moved = desk.type(*ADVANCE, *coded)
    assert (asked.code, asked.out) == (moved.code, moved.out) == (2, "")
    assert asked.error["message"] == moved.error["message"]


def test_a_reason_asked_of_every_move_asks_those_that_take_it(desk):
    asked = desk.answer("why", "P00013-R", "--reason", "recurrence")
    assert {each["stage"] for each in asked["answers"]} == {"re-evaluation"}
    done = desk.type("why", "P00013-R", "--reason", "bogus", "--json")
    assert (done.code, done.out) == (2, "")
    assert done.error["message"] == "the reason is not one of any move from here"


def test_what_is_next_is_never_a_move_that_the_other_side_forbids():
    story, other = missed(), Story(-100, side="left")
    story.injection(20, purpose="diagnostic", contrast="in-joint")
    other.injection(-100, purpose="diagnostic")
    assert way_to_injection(story).allowed
    story.others = (other,)
    assert not way_to_injection(story).allowed
    case = story.case(20)
    mary = Patient("P01428", Person("Mary", "King", None, None))
    done = Written(mary, case.episode, None, (), case.protocol, case.today, False)
    assert next_step(done) == f"sitrack show {case.episode.key}"


def way_to_injection(story):
    [way] = [w for w in ways_on(story.case(20)) if w.move.target == "injection"]
    return way


def test_and_only_the_limits_of_the_patient_look_at_the_other_side():
    """Whoever writes another judge that does must leave its moves to `why` as well."""
    looking = [
        name
        for name, judge in JUDGES.items()
        if "others" in names_in(judge, inspect.getmodule(judge))
    ]
    assert set(looking) == LOOK_AT_THE_OTHER_SIDE


def names_in(function, module, seen=()):
    """Every name that a function looks at, or a function of its module that it calls."""
    names = set(function.__code__.co_names)
    for code in function.__code__.co_consts:
        names |= set(getattr(code, "co_names", ()))
    for name in names - set(seen):
        called = getattr(module, name, None)
        if inspect.isfunction(called):
            names |= names_in(called, module, (*seen, *names))
    return names
