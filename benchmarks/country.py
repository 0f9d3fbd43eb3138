"""A country's patients in one ledger: how long it takes to load, and what it then costs.

    python -m benchmarks country --episodes 1000000 --ledger country.db     hours, 25 GB
    python -m benchmarks country --ledger country.db                        asks it again

As many patients as are asked for live through the walks of `lives.py`, and the commands
of a day are typed at them, as whole processes, with their memory. The load is the
simulator's own work and the database's together: deciding, chaining, writing. A ledger of
more than half a million entries is not verified whole, which would take hours; instead
the questions about past days are asked of it (`as_of.py`), and all is sealed and proves
itself (`verify.py`), as those benchmarks do with smaller ones.
`docs/reference/capacity.md` says what follows from it.
"""

from __future__ import annotations

import contextlib
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select, text

from benchmarks import as_of, clinic, databases, verify
from benchmarks.databases import Fresh
from benchmarks.measure import Figure
from benchmarks.typed import typed
from sitrack.record import tables
from sitrack.record.ledger import Ledger, reading
from sitrack.record.verify import count_entries

PATIENTS = 5_000
_RUNS = 3
LARGE = 500_000
"""Entries up to which `audit verify` is typed: of a country it takes hours."""


def run(runs: int = 0, episodes: int = 0, ledger: str = "") -> list[Figure]:
    """Return the figures of one large ledger on each kind of database.

    Args:
        runs: how often each is measured.
        episodes: how many patients are loaded.
        ledger: the URL of a file that is kept; what is in it already is not loaded.
    """
    patients, runs = episodes or PATIENTS, min(runs or _RUNS, _RUNS)
    if ledger:
        loaded = [] if _file(ledger).exists() else [_loaded(ledger, patients)]
        with databases.sqlite_files() as fresh:
            return loaded + _country(ledger, fresh, runs)
    with databases.sqlite_files() as fresh:
        figures = _new_country(fresh, patients, runs)
    if why_not := databases.why_no_server():
        figures[-1].notes.append(f"A country on PostgreSQL: not run, {why_not}.")
        return figures
    with databases.postgres() as fresh:
        return figures + _new_country(fresh, patients, runs)


def _new_country(fresh: Fresh, patients: int, runs: int) -> list[Figure]:
    url = fresh()
    return [_loaded(url, patients), *_country(url, fresh, runs)]


def _loaded(url: str, patients: int) -> Figure:
    """Let so many patients live; return how many a second."""
    before = time.perf_counter()
    with closing(clinic.make_at(url, clinic.Mix(patients))) as made:
        seconds = time.perf_counter() - before
        what = _what(made)
    return Figure(f"{what}: loaded, patients", "", [patients / seconds], unit="/s")


def _country(url: str, fresh: Fresh, runs: int) -> list[Figure]:
    """Ask everything of a ledger that is there."""
    with closing(clinic.opened(url)) as ledger:
        what, entries = _what(ledger), _entries(ledger)
        figures = [_on_disk(ledger, what)]
    figures += _day(url, what, entries, runs)
    return figures + (_proved(url, fresh, runs) if entries > LARGE else [])


def _proved(url: str, fresh: Fresh, runs: int) -> list[Figure]:
    """Ask about past days, beside a small ledger; then seal everything, and read it."""
    with (
        closing(clinic.opened(url)) as ledger,
        closing(clinic.make_at(fresh(), clinic.Mix(as_of.SMALL))) as small,
    ):
        figures = as_of.questions(ledger, small, runs)
        key = verify.sealed(ledger)
        figures.append(_on_disk(ledger, f"{_what(ledger)}, sealed"))
        return [*figures, verify.proofs(ledger, key, 1)]


def _what(ledger: Ledger) -> str:
    with reading(ledger) as connection:
        query = select(func.count()).select_from(tables.patient)
        patients = connection.execute(query).scalar_one()
    return f"{patients:,} patients, {clinic.size_of(ledger)}"


def _on_disk(ledger: Ledger, what: str) -> Figure:
    each = _bytes(ledger) / _entries(ledger) / 1024
    return Figure(f"{what}: on the disk", "", [each], unit="kB an entry")


def _day(url: str, what: str, entries: int, runs: int) -> list[Figure]:
    """Type the commands of a day, each a few times; the longest once, or not at all."""
    key = str(clinic.key_of(7))
    commands = {
        "worklist": ("worklist", "--quiet"),
        "show": ("show", key),
        "why": ("why", key),
        "history, as of a day": ("history", key, "--as-of", str(clinic.TODAY)),
        "report census": ("report", "census"),
        "audit verify": ("audit", "verify"),
    }
    if entries > LARGE:
        del commands["audit verify"]
    where = ("--database", url, "--now", clinic.NOW, "--as", "rivera")
    figures, memory = [], []
    for name, words in commands.items():
        times_run = 1 if name == "audit verify" else runs
        done = [typed((*words, *where)) for _ in range(times_run)]
        times = [each.ms for each in done]
        memory.append(f"{name} {max(each.mb for each in done):.0f}")
        figures.append(Figure(f"{what}: `{name}`", "", times))
    figures[-1].notes.append(f"Memory at most, {what}, in MB: {'; '.join(memory)}.")
    if entries > LARGE:
        note = f"`audit verify` whole is not run over {LARGE:,} entries."
        figures[-1].notes.append(note)
    return figures


def _entries(ledger: Ledger) -> int:
    with reading(ledger) as connection:
        return count_entries(connection)


def _bytes(ledger: Ledger) -> int:
    """Return how much of the disk the ledger takes, with its indexes."""
    if not ledger.on_postgres:
        file = _file(str(ledger.url))
        log = file.with_name(f"{file.name}-wal")
        with contextlib.suppress(FileNotFoundError):
            return file.stat().st_size + log.stat().st_size
        return file.stat().st_size
    with reading(ledger) as connection:
        size = connection.execute(
            text("SELECT pg_database_size(current_database())")
        ).scalar()
    return int(size or 0)


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
