"""What a process that keeps watch costs while nothing is due, and while much is.

`python -m benchmarks watching --episodes 75000` sends some 100,000 reminders.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import clinic
from benchmarks.measure import ROOT, Figure, NotRun
from sitrack import settings
from sitrack.reminders.round import run_round
from sitrack.reminders.wording import Message
from sitrack.settings import Settings

_EVERY = 5
"""Seconds between two rounds, as `watch` comes."""

_SECONDS = 60
_BUDGET = 0.2
"""Of a core, in a hundred, while nothing is due."""

_NO_CAP = {"reminders.most_per_person": 10**9, "reminders.most_per_hour": 10**9}


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of an idle watch, and of the memory of a busy one.

    Args:
        runs: seconds for which the idle one is looked at; 0 is a minute.
        episodes: how large the clinic is, and of how many something is due.

    Raises:
        NotRun: there is no `/proc` to look at a process with.
    """
    if sys.platform != "linux":
        raise NotRun("a process is looked at through /proc, on Linux only")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            _idle(folder, runs or _SECONDS, episodes or 10_000),
            _memory(folder, episodes or 3_000),
        ]


def told_to(folder: Path) -> Settings:
    """Return settings of this benchmark's own: each reminder goes alone, none waits."""
    nothing = folder / "none.toml"
    nothing.touch()
    flags = {"clinic.address": "desk@clinic.example", "reminders.digest": False}
    told = settings.load(flags, {}, str(nothing))
    # The caps are there for a storm: here the sending itself is measured.
    return replace(told, values={**told.values, **_NO_CAP})


# --- idle


def _idle(folder: Path, seconds: int, episodes: int) -> Figure:
    mix = clinic.Mix(episodes, walk="failed", due=0)
    clinic.make(folder, mix, "idle").close()
    with _watching(folder) as process:
        time.sleep(_EVERY)  # the imports and the first round are not what is idle
        before, began = _spent(process.pid), time.perf_counter()
        time.sleep(seconds)
        spent = _spent(process.pid) - before
        share = 100 * spent / (time.perf_counter() - began)
    verdict = "met" if share <= _BUDGET else "missed"
    what = f"`reminder watch` with nothing due, {episodes:,} open episodes"
    note = f"An idle watch may take {_BUDGET} % of a core: {verdict}."
    return Figure(what, "", [share], unit="% of a core", notes=[note])


@contextmanager
def _watching(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = ("-m", "sitrack", "reminder", "watch", "--every", str(_EVERY))
    process = subprocess.Popen(
        [sys.executable, *command, "--now", clinic.NOW],
        cwd=ROOT,
        env={
            **os.environ,
            "SITRACK_DATABASE_URL": clinic.url_of(folder, "idle"),
            "SITRACK_CONFIG": str(folder / "none.toml"),
        },
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if b"watching" in line:
                break
        yield process
    finally:
        process.terminate()
        process.communicate()


def _spent(pid: int) -> float:
    """Return the seconds of processor that a process has used, in all its threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e9


# --- memory


class _Weighed:
    """A channel that sends nothing, and notes how much memory its process holds."""

    name = "file"
    longest_send = 30.0

    def __init__(self) -> None:
        self.sizes: list[float] = []

    def send(self, message: Message) -> str:
        """Weigh this process."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        return message.key

    def close(self) -> None:
        """There is nothing to let go of."""


def _memory(folder: Path, episodes: int) -> Figure:
    # In a process of its own: this one holds what other benchmarks have left.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        sizes = alone.submit(_sizes, folder, episodes).result()
    return Figure(
        f"memory of a sender after {len(sizes):,} reminders",
        "after a tenth of them",
        [sizes[-1]],
        [sizes[len(sizes) // 10]],
        unit="MB",
        budget=1.05,
    )


def _sizes(folder: Path, episodes: int) -> list[float]:
    """Send what is due; return the memory of this process at each message, in MB."""
    mix = clinic.Mix(episodes, walk="failed", due=100)
    ledger = clinic.make(folder, mix, "busy")
    channel = _Weighed()
    report = run_round(ledger, told_to(folder), channel, keeps=False)
    ledger.close()
    assert report.count("sent") == len(channel.sizes) >= episodes
    return channel.sizes
