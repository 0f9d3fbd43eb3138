"""Verify while others write, and while somebody seals: it never raises a false alarm."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from tests.clinic import Clinic
from tests.conftest import FIRST_DAY
from tests.crash.test_kill import ROOT
from tests.sealing import register, report, sealed

SECONDS = 2


@pytest.fixture
def busy(ledger):
    """A sealed record, and an episode for each of two writers."""
    clinic = Clinic(ledger)
    clinic.trusted = register(ledger)
    people = [clinic.enrolled("Jo", name) for name in ("One", "Two")]
    clinic.episodes = [str(clinic.opened(patient)) for patient in people]
    sealed(ledger)
    return clinic


def started(ledger, act, episode=None):
    """A process that does this over and over, until its input closes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.attacks.busy"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    url = ledger.url.render_as_string(hide_password=False)
    told = {"url": url, "act": act, "episode": episode, "now": (FIRST_DAY, "09:00")}
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()
    return process


def test_no_false_alarm_while_others_write_look_and_seal(busy):
    ledger, keys = busy.ledger, [busy.trusted]
    one, two = busy.episodes
    acts = [("record", one), ("record", two), ("look", one), ("seal", None)]
    before = most = report(ledger, keys=keys).entries
    looked, faults, until = 0, [], None
    with ExitStack() as stack:
        processes = [stack.enter_context(started(ledger, *each)) for each in acts]
        while until is None or time.monotonic() < until:
            said = report(ledger, keys=keys)
            faults += said.faults
            looked += said.entries > most
            most = max(most, said.entries)
            if until is None and looked:
                until = time.monotonic() + SECONDS  # counted from their first writes
        wrote = [int(each.communicate()[0] or 0) for each in processes]
    assert [each.returncode for each in processes] == [0] * 4
    assert faults == []
    assert looked > 2
    assert min(wrote) > 0
    after = report(ledger, keys=keys)
    assert after.faults == []
    assert after.entries == before + sum(wrote)
