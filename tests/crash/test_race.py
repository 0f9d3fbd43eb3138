"""Several people move the same episode on, or claim it, at once: one of them did."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from sitrack.coordination.handing import assign
from sitrack.coordination.people import add_staff
from sitrack.coordination.teams import TeamChange, add_team
from sitrack.record import history
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from sitrack.record.staff import Staff
from tests.clinic import RIVERA, Clinic, codes_of

from .test_kill import ROOT

RACERS = 8


def race(ledger, key, version=None, act="advance", names=("rivera",)):
    """Let the racers go; count the (exit code, word) with which they came in."""
    told = {
        "act": act,
        "names": names,
        "url": ledger.url.render_as_string(hide_password=False),
        "now": ledger.clock().isoformat(),
        "key": str(key),
        "target": "re-evaluation",
        "version": version,
        "racers": RACERS,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.crash.racing_advance"],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return Counter(map(tuple, json.loads(ended.stdout)))


@pytest.fixture
def ready(ledger):
    """An episode that may move on, and the number of its last entry."""
    clinic = Clinic(ledger)
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    return key, clinic.record(key, "score", nrs="7").entry.seq


@pytest.mark.complaint(15)
def test_of_eight_who_saw_the_same_version_one_moves_the_episode_on(ledger, ready):
    key, seen = ready
    assert race(ledger, key, seen) == {
        (0, str(seen + 1)): 1,
        (12, "WrittenFirst"): RACERS - 1,
    }
    with reading(ledger) as connection:
        entries = load_stream(connection, key.stream)
        assert [entry.seq for entry in entries] == list(range(1, seen + 2))
        assert history.episode_at(connection, ledger, key).stage == "re-evaluation"
    assert codes_of(ledger) == set()


def test_of_eight_who_name_no_version_the_others_see_that_the_stage_was_left(
    ledger, ready
):
    key, seen = ready
    assert race(ledger, key, None) == {
        (0, str(seen + 1)): 1,
        (10, "Refused"): RACERS - 1,
    }
    assert codes_of(ledger) == set()


@pytest.mark.complaint(15)
def test_of_eight_who_claim_the_same_episode_one_gets_it_and_the_others_hear_who(
    ledger,
):
    clinic = Clinic(ledger)
    names = [f"nurse-{number}" for number in range(RACERS)]
    for name in names:
        add_staff(ledger, RIVERA, Staff(name, "coordinator", None))
    add_team(ledger, RIVERA, "spine", TeamChange(join=names))
    key = clinic.opened()
    assign(ledger, RIVERA, [key], "spine")
    came_in = race(ledger, key, act="claim", names=names)
    with reading(ledger) as connection:
        winner = history.episode_at(connection, ledger, key).coordinator
    assert winner in names
    assert came_in == {
        (0, "3"): 1,
        (12, f"{key} is {winner}'s: nothing was changed"): RACERS - 1,
    }
    assert codes_of(ledger) == set()


def test_at_the_command_line_one_wins_and_the_rest_leave_with_twelve(ledger, ready):
    key, seen = ready
    words = ["advance", str(key), "re-evaluation", "--expect-version", str(seen)]
    url = ledger.url.render_as_string(hide_password=False)
    given = ["--as", "rivera", "-d", url, "--now", ledger.clock().isoformat()]
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "sitrack", *words, *given],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(RACERS)
    ]
    assert Counter(racer.wait() for racer in racers) == {0: 1, 12: RACERS - 1}
    assert codes_of(ledger) == set()
