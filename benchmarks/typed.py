"""Types a command as a user would: a whole process, its time and its memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.measure import ROOT


class Typed(NamedTuple):
    """What one whole process took: ms, and MB at most."""

    ms: float
    mb: float


# What a process took at most is told by itself: a parent is told no less than what it
# took when it started it.
_TELLING = """
import sys
from pathlib import Path
from sitrack.cli import run
code = run(sys.argv[1:])
told = Path("/proc/self/status")
lines = told.read_text().splitlines() if told.exists() else []
most = [line.split()[1] for line in lines if line.startswith("VmHWM")]
print(*(most or ["0"]), file=sys.stderr)
sys.exit(code)
"""


def typed(words: Sequence[str]) -> Typed:
    """Run a command that has to succeed."""
    before = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _TELLING, *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    most = done.stderr.splitlines()[-1]
    return Typed((time.perf_counter() - before) * 1000, int(most) / 1024)
