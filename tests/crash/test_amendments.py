"""Killed while an entry is carried over: it stands on the one side or on the other."""

import json
import signal
import subprocess
import sys

import pytest

from sitrack.pathway.stages import Side
from sitrack.record import history
from sitrack.record.ledger import reading
from tests.clinic import Clinic, codes_of, everything

from .test_kill import ROOT

POINTS = [("append", 1), ("append", 2), ("refresh", 1), ("refresh", 2), ("end", 1)]


@pytest.mark.parametrize(("point", "times"), POINTS)
def test_a_transfer_that_is_killed_is_whole_or_was_never_made(ledger, point, times):
    clinic = Clinic(ledger)
    source = clinic.injected("2025-01-06")
    target = clinic.opened(source.patient, Side.LEFT)
    before = everything(ledger)
    told = {
        "url": ledger.url.render_as_string(hide_password=False),
        "now": ledger.clock().isoformat(),
        "source": str(source),
        "target": str(target),
        "number": 2,
        "point": point,
        "times": times,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "tests.crash.dying_transfer"],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGKILL, "")
    assert codes_of(ledger) == set()
    with reading(ledger) as connection:
        here, there = (
            [f.kind for f in history.episode_at(connection, ledger, key).evidence]
            for key in (source, target)
        )
    if point == "end":
        assert (here, there) == ([], ["injection"])
    else:
        assert (here, there) == (["injection"], [])
        assert everything(ledger) == before
