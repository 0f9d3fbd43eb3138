"""A country's patients in one ledger: how long it takes to load, and what it then costs.

    python -m benchmarks country --episodes 1000000        hours, and some 25 GB

As many patients as are asked for live through the walks of `lives.py`, and then the
commands of a day are typed at them, as whole processes, with their memory. The load is
the simulator's own work and the database's together: deciding, chaining, writing.
`docs/reference/capacity.md` says what follows from it.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select, text

from benchmarks import clinic, databases
from benchmarks.measure import ROOT, Figure
from sitrack.record import tables
from sitrack.record.ledger import Ledger, reading

PATIENTS = 10_000
_RUNS = 3


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of one large ledger on each kind of database."""
    patients, runs = episodes or PATIENTS, min(runs or _RUNS, _RUNS)
    with databases.sqlite_files() as fresh:
        figures = _country("SQLite", fresh(), patients, runs)
    if why_not := databases.why_no_server():
        figures[-1].notes.append(f"A country on PostgreSQL: not run, {why_not}.")
        return figures
    with databases.postgres() as fresh:
        return figures + _country("PostgreSQL", fresh(), patients, runs)


def _country(kind: str, url: str, patients: int, runs: int) -> list[Figure]:
    before = time.perf_counter()
    ledger = clinic.make_at(url, clinic.Mix(patients))
    seconds = time.perf_counter() - before
    entries, size = _entries(ledger), _bytes(ledger)
    ledger.close()
    what = f"{patients:,} patients, {entries:,} entries, {kind}"
    loaded = [
        Figure(f"{what}: loaded, patients", "", [patients / seconds], unit="/s"),
        Figure(f"{what}: on the disk", "", [size / patients / 1024], unit="kB each"),
    ]
    return [*loaded, *_day(url, what, runs)]


def _day(url: str, what: str, runs: int) -> list[Figure]:
    """Type the commands of a day, each a few times; the longest once."""
    key = str(clinic.key_of(7))
    commands = {
        "worklist": ("worklist", "--quiet"),
        "show": ("show", key),
        "why": ("why", key),
        "history, as of a day": ("history", key, "--as-of", str(clinic.TODAY)),
        "report census": ("report", "census"),
        "audit verify": ("audit", "verify"),
    }
    figures, memory = [], []
    for name, words in commands.items():
        done = [
            _typed(url, words) for _ in range(1 if name == "audit verify" else runs)
        ]
        times = [each.ms for each in done]
        memory.append(f"{name} {max(each.mb for each in done):.0f}")
        figures.append(Figure(f"{what}: `{name}`", "", times))
    figures[-1].notes.append(f"Memory at most, {what}, in MB: {'; '.join(memory)}.")
    return figures


class Typed(NamedTuple):
    """What one whole process took."""

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


def _typed(url: str, words: Sequence[str]) -> Typed:
    where = ("--database", url, "--now", clinic.NOW, "--as", "rivera")
    before = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _TELLING, *words, *where],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    most = done.stderr.splitlines()[-1]
    return Typed((time.perf_counter() - before) * 1000, int(most) / 1024)


def _entries(ledger: Ledger) -> int:
    with reading(ledger) as connection:
        total = connection.execute(select(func.sum(tables.stream.c.seq))).scalar()
    return int(total or 0)


def _bytes(ledger: Ledger) -> int:
    """Return how much of the disk the ledger takes, with its indexes."""
    if not ledger.on_postgres:
        file = Path(ledger.url.database or "")
        log = file.with_name(f"{file.name}-wal")
        with contextlib.suppress(FileNotFoundError):
            return file.stat().st_size + log.stat().st_size
        return file.stat().st_size
    with reading(ledger) as connection:
        size = connection.execute(
            text("SELECT pg_database_size(current_database())")
        ).scalar()
    return int(size or 0)
