"""Several people move the same episode on at once: one of them did."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

from sitrack.record import history
from sitrack.record.journal import load_stream, reading
from tests.clinic import Clinic, codes_of

from .test_kill import ROOT

RACERS = 8
FEWER = 3


def ready_racer(stack, told):
    """A process that waits for the shot."""
    racer = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", "tests.crash.racing_advance"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
    )
    racer.stdin.write(json.dumps(told) + "\n")
    racer.stdin.flush()
    return racer


def race(ledger, key, version, number):
    """Let the racers go; return (exit code, what it said) of each."""
    told = {
        "url": ledger.url.render_as_string(hide_password=False),
        "now": ledger.clock().isoformat(),
        "key": str(key),
        "target": "re-evaluation",
        "version": version,
    }
    with ExitStack() as stack:
        racers = [ready_racer(stack, told) for _ in range(number)]
        assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * number
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        said = [racer.communicate()[0].strip() for racer in racers]
    return [(racer.returncode, word) for racer, word in zip(racers, said, strict=True)]


def test_of_eight_who_saw_the_same_version_one_moves_the_episode_on(ledger):
    clinic = Clinic(ledger)
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    seen = clinic.record(key, "score", nrs="7").entry.seq
    outcomes = Counter(race(ledger, key, seen, RACERS))
    assert outcomes == {(0, str(seen + 1)): 1, (12, "WrittenFirst"): RACERS - 1}
    with reading(ledger) as connection:
        entries = load_stream(connection, key.stream)
        assert [entry.seq for entry in entries] == list(range(1, seen + 2))
        assert history.episode_at(connection, ledger, key).stage == "re-evaluation"
    assert codes_of(ledger) == set()


def test_of_those_who_name_no_version_one_moves_it_and_the_others_are_refused(ledger):
    """They look again, and see that the stage was left: nobody moves it twice."""
    clinic = Clinic(ledger)
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="7")
    outcomes = Counter(code for code, _ in race(ledger, key, None, FEWER))
    assert outcomes == {0: 1, 10: FEWER - 1}
    assert codes_of(ledger) == set()
