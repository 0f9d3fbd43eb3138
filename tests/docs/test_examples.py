"""The commands of the examples are run: they keep watch, and stop when asked."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

from sitrack.coordination import people
from sitrack.record.staff import Staff
from tests.clinic import RIVERA
from tests.conftest import new_ledger
from tests.docs.readme import ROOT

UNIT = (ROOT / "docs/examples/sitrack-watch.service").read_text(encoding="utf-8")
CONTAINER = (ROOT / "docs/examples/Containerfile").read_text(encoding="utf-8")


def of_the_unit():
    [command] = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    return shlex.split(command)


def of_the_container(word):
    [command] = re.findall(rf"^{word}.*?(\[.*\])$", CONTAINER, re.MULTILINE)
    return json.loads(command)


@pytest.fixture
def environment(sqlite_url, tmp_path):
    """A record with a scheduler on its staff list, and settings that name it."""
    ledger = new_ledger(sqlite_url)
    for name, role in (("rivera", "coordinator"), ("rounds", "scheduler")):
        people.add_staff(ledger, RIVERA, Staff(name, role, None))
    ledger.close()
    config = tmp_path / "config.toml"
    config.write_text(f'database_url = "{sqlite_url}"\n')
    return {**os.environ, "SITRACK_CONFIG": str(config), "PYTHONPATH": str(ROOT)}


def started(command, environment):
    """The example's command, with the sitrack of this checkout."""
    assert command[0].rpartition("/")[2] == "sitrack"
    return subprocess.Popen(
        [sys.executable, "-m", "sitrack", *command[1:]],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "command", [of_the_unit(), of_the_container("CMD")], ids=["unit", "container"]
)
def test_it_keeps_watch_until_it_is_asked_to_stop(command, environment):
    with started(command, environment) as process:
        line = process.stderr.readline()
        while "watching" not in line:
            assert line, "it never began"
            line = process.stderr.readline()
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err


def test_the_health_of_the_container_is_asked_for_by_a_command(environment):
    command = of_the_container("HEALTHCHECK")
    with started(command, environment) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 10, err  # no round was done yet
    assert "no-round" in out


def test_the_examples_say_how_it_stops():
    assert "KillSignal=SIGTERM" in UNIT
    assert "STOPSIGNAL SIGTERM" in CONTAINER
