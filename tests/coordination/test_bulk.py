"""One act on many episodes: each by itself, all of them one unit."""

import pytest

from sitrack.coordination import bulk, handing
from sitrack.coordination.people import Author
from sitrack.coordination.undo import undo
from sitrack.errors import BadInput, NotPermitted, Unavailable, WrittenFirst
from sitrack.record import history
from sitrack.record.ledger import reading
from tests.clinic import RIVERA, Clinic, codes_of, everything


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def everybody(_row):
    return True


def quietly(_done):
    """Say nothing of the progress."""


def given_to(ledger, who):
    """Assigning each of them to somebody."""

    def act(key, seen, dry_run):
        [done] = handing.assign(
            ledger, RIVERA, [key], who, expect_version=seen, dry_run=dry_run
        )
        return done

    return act


def coordinators(clinic, keys):
    with reading(clinic.ledger) as connection:
        return [
            history.episode_at(connection, clinic.ledger, key).coordinator
            for key in keys
        ]


def planned(clinic, act, most=100):
    rows = bulk.picked(clinic.ledger, RIVERA, everybody, most)
    return bulk.rehearse(rows, act, quietly)


def test_a_rehearsal_changes_nothing_and_counts_as_it_goes(clinic):
    keys = [clinic.opened() for _ in range(3)]
    before, counted = everything(clinic.ledger), []
    rows = bulk.picked(clinic.ledger, RIVERA, everybody, 3)
    plan = bulk.rehearse(rows, given_to(clinic.ledger, "osei"), counted.append)
    assert [item.row.episode for item in plan] == sorted(map(str, keys))
    assert counted == [1, 2, 3]
    assert everything(clinic.ledger) == before


@pytest.mark.complaint(14)
def test_what_was_done_by_many_transactions_is_taken_back_as_one_command(clinic):
    keys = [clinic.opened() for _ in range(3)]
    act = given_to(clinic.ledger, "osei")
    outcome = bulk.carry_out(clinic.ledger, planned(clinic, act), act, quietly)
    assert {item.done.entry.batch for item in outcome.done} == {outcome.batch}
    assert coordinators(clinic, keys) == ["osei"] * 3
    later = clinic.contact(keys[0], "no-answer")
    assert later.entry.batch != outcome.batch
    undo(clinic.ledger, RIVERA, outcome.batch)
    assert coordinators(clinic, keys) == ["rivera"] * 3
    assert codes_of(clinic.ledger) == set()


def test_where_somebody_wrote_since_the_plan_that_one_is_left_as_it_is(clinic):
    keys = [clinic.opened() for _ in range(3)]
    act = given_to(clinic.ledger, "osei")
    plan = planned(clinic, act)
    clinic.contact(keys[1], "no-answer")
    outcome = bulk.carry_out(clinic.ledger, plan, act, quietly)
    refused = [item for item in outcome.items if item.error]
    assert [item.row.episode for item in refused] == [str(keys[1])]
    assert isinstance(refused[0].error, WrittenFirst)
    assert coordinators(clinic, keys) == ["osei", "rivera", "osei"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Unavailable("it is away")])
def test_what_was_done_before_it_was_stopped_stands_and_can_be_taken_back(clinic, stop):
    keys = [clinic.opened() for _ in range(3)]
    act = given_to(clinic.ledger, "osei")
    plan = planned(clinic, act)

    def stopped(key, seen, dry_run):
        if str(key) == plan[1].row.episode:
            raise stop
        return act(key, seen, dry_run)

    outcome = bulk.carry_out(clinic.ledger, plan, stopped, quietly)
    assert outcome.stopped is stop
    assert [item.row.episode for item in outcome.items] == [plan[0].row.episode]
    assert coordinators(clinic, keys) == ["osei", "rivera", "rivera"]
    undo(clinic.ledger, RIVERA, outcome.batch)
    assert coordinators(clinic, keys) == ["rivera"] * 3
    # What is written afterwards is a command of its own again.
    assert clinic.contact(keys[0], "no-answer").entry.batch != outcome.batch


def test_too_many_are_refused_before_anything_is_tried(clinic):
    for _ in range(3):
        clinic.opened()
    with pytest.raises(BadInput, match="picks 3 episodes, more than 2"):
        planned(clinic, given_to(clinic.ledger, "osei"), most=2)


def test_who_may_not_do_it_is_told_so_and_not_of_each(clinic):
    clinic.opened()
    nobody = Author("kim", "account")
    with pytest.raises(NotPermitted, match="kim is not on the staff list"):
        bulk.picked(clinic.ledger, nobody, everybody, 10)
