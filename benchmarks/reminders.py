"""A round of reminders: with nothing due, in a small clinic and a large; and sending.

python -m benchmarks reminders      of 10,000 and of 1,000,000 open episodes
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks import clinic
from benchmarks.measure import Figure, in_turn, milliseconds
from sitrack import settings
from sitrack.record.ledger import Ledger
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round
from sitrack.settings import Settings

SMALL = 10_000
LARGE = 1_000_000
DUE = 2_000
_OWN = 1_000
"""So many episodes live; the others are copies of them."""


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of an idle round, and of a backlog's reminders."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = round_settings(folder)
        idle = _idle(folder, told, runs or 50, episodes or LARGE)
        due = min(DUE, episodes or DUE)
        return [idle, _sending(folder, told, due, min(runs or 3, 3))]


def round_settings(folder: Path) -> Settings:
    """Return settings of this benchmark's own, whatever the user has set."""
    nothing = folder / "none.toml"
    nothing.touch()
    flags = {
        "clinic.address": "desk@clinic.example",
        "reminders.channel": "file",
        "reminders.digest": False,  # a commit for each reminder
        # The caps are there for a storm: here the sending itself is measured.
        "reminders.most_per_person": 1000,
        "reminders.most_per_hour": 10_000,
    }
    return settings.load(flags, {}, str(nothing))


def _idle(folder: Path, told: Settings, runs: int, episodes: int) -> Figure:
    less = min(SMALL, episodes)
    small, large = _waiting(folder, less, "small"), _waiting(folder, episodes, "large")
    channel = FileChannel(folder / "idle.jsonl")

    def one_round(ledger: Ledger) -> None:
        assert not run_round(ledger, told, channel).happenings

    ours, theirs = in_turn(
        runs,
        milliseconds(lambda: one_round(large)),
        milliseconds(lambda: one_round(small)),
    )
    small.close()
    large.close()
    return Figure(
        f"a round with nothing due, {episodes:,} open episodes",
        f"the same with {less:,}",
        ours,
        theirs,
        budget=1.3,
    )


def _waiting(folder: Path, episodes: int, name: str) -> Ledger:
    """Return a clinic in which nothing is due of anybody."""
    own = min(episodes, _OWN)
    clinic.make(folder, clinic.Mix(own, walk="failed", due=0), name).close()
    url = clinic.url_of(folder, name)
    clinic.park(url, episodes // own - 1)
    return clinic.opened(url)


def _sending(folder: Path, told: Settings, due: int, runs: int) -> Figure:
    """Send a backlog; each of its episodes has one line due, and some have two."""
    speeds, sent = [], 0
    for number in range(runs):
        mix = clinic.Mix(due, walk="failed", due=100)
        ledger = clinic.make(folder, mix, f"due-{number}")
        channel = FileChannel(folder / f"due-{number}.jsonl")
        before = time.perf_counter()
        report = run_round(ledger, told, channel)
        seconds = time.perf_counter() - before
        ledger.close()
        sent = report.count("sent")
        assert sent == report.count("fired") >= due
        speeds.append(sent / seconds)
    what = f"{sent:,} due reminders through the file channel"
    return Figure(what, "", speeds, unit="/s")
