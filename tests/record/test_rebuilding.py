"""Copies that were lost or changed are derived anew from the entries."""

import random

import pytest

from sitrack.coordination import keeping
from sitrack.coordination.people import Author
from sitrack.errors import VerificationFailed
from sitrack.reminders.round import run_round
from tests.clinic import (
    RIVERA,
    Clinic,
    codes_of,
    driver,
    everything,
    settings_of,
)
from tests.record.lives import Lives
from tests.reminders.conftest import Memory

DAMAGE = {
    "an episode that stands elsewhere": "UPDATE episode SET stage = 'rfa'",
    "a span that was lost": "DELETE FROM stage_span WHERE visit = 1",
    "a span that was bent": "UPDATE stage_span SET entered = '2020-01-01'",
    "an agenda that was lost": "DELETE FROM agenda",
    "a line of another day": "UPDATE agenda SET due = '2031-01-01'",
    "a line of other words": "UPDATE agenda SET title = 'call a cab'",
    "an alert that nobody gave": "UPDATE episode SET alert = 'red-flag'",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_was_changed_in_a_copy_is_mended(ledger, damage):
    lives = Lives(ledger, random.Random(6), patients=2)
    lives.live(40)
    before = copies(ledger)
    with driver(ledger) as run:
        run(DAMAGE[damage])
    assert copies(ledger) != before
    assert codes_of(ledger) == {"STANDING"}
    dry = keeping.rebuild(ledger, RIVERA, dry_run=True)
    assert codes_of(ledger) == {"STANDING"}
    assert keeping.rebuild(ledger, RIVERA, dry_run=False) == dry != []
    assert codes_of(ledger) == set()
    assert without_steps(copies(ledger)) == without_steps(before)
    assert keeping.rebuild(ledger, RIVERA, dry_run=False) == []


def copies(ledger):
    whole = everything(ledger)
    return {name: whole[name] for name in ("episode", "stage_span", "agenda")}


def without_steps(found):
    """Where a line that was lost had got with its reminders, no entry tells."""
    agenda = [str(row).rsplit(",", 4)[0] for row in found["agenda"]]
    return found | {"agenda": agenda}


def test_an_episode_that_was_taken_off_the_list_is_back(ledger):
    clinic = Clinic(ledger)
    key = clinic.walked()
    before = copies(ledger)
    with driver(ledger) as run:
        for table in ("agenda", "stage_span"):
            run(f"DELETE FROM {table}")
        run("DELETE FROM episode")
    assert keeping.rebuild(ledger, RIVERA, dry_run=False) == [str(key)]
    assert without_steps(copies(ledger)) == without_steps(before)
    assert codes_of(ledger) == set()


def test_a_copy_that_no_entry_stands_behind_goes(sqlite_ledger):
    clinic = Clinic(sqlite_ledger)
    clinic.walked()
    with driver(sqlite_ledger) as run:
        run("PRAGMA foreign_keys = OFF")
        run(
            "INSERT INTO episode SELECT 'P00013-L', patient, 'left', stage, status,"
            " visit, since, coordinator, protocol, version, alert, snoozed_until,"
            " stopped, team, offered_to, offered_until FROM episode"
        )
    assert keeping.rebuild(sqlite_ledger, RIVERA, dry_run=False) == ["P00013-L"]
    assert codes_of(sqlite_ledger) == set()


def test_where_the_entries_do_not_hold_nothing_is_mended(sqlite_ledger):
    Clinic(sqlite_ledger).walked()
    with driver(sqlite_ledger) as run:
        run.without_triggers()
        run("UPDATE entry SET stage_to = 'rfa' WHERE kind = 'move'")
    before = everything(sqlite_ledger)
    with pytest.raises(VerificationFailed, match="do not hold"):
        keeping.rebuild(sqlite_ledger, RIVERA, dry_run=False)
    assert everything(sqlite_ledger) == before


def test_that_it_was_done_is_written_down(ledger):
    Clinic(ledger).walked()
    with driver(ledger) as run:
        run("DELETE FROM agenda")
    keeping.rebuild(ledger, Author("rivera", "account"), dry_run=False)
    with driver(ledger) as run:
        assert run("SELECT recorder FROM entry WHERE kind = 'rebuilt'") == [("rivera",)]


def test_a_reminder_of_a_line_that_stays_is_left_open(ledger, tmp_path):
    """Although every line as it was written has to go, and no other one stands there."""
    clinic = Clinic(ledger)
    clinic.walked()
    clinic.at("2025-03-15", "03:00")  # a Saturday night: nothing may leave
    run_round(ledger, settings_of(tmp_path), Memory())
    with driver(ledger) as run:
        made = run("SELECT rule, status, last_error FROM reminder")
        assert made
        assert {status for _, status, _ in made} == {"open"}
        run(
            "INSERT INTO agenda SELECT episode, visit, 'made-up', 99, anchor, show_from,"
            " due, title, waits_for, recipient, resolved_by, NULL, NULL, NULL, 0"
            " FROM agenda LIMIT 1"
        )
        run("UPDATE agenda SET title = 'bent' WHERE rule <> 'made-up'")
    assert keeping.rebuild(ledger, RIVERA, dry_run=False)
    with driver(ledger) as run:
        assert run("SELECT rule, status, last_error FROM reminder") == made
