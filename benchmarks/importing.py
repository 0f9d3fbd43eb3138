"""Taking in a whole clinic from a file: people alone, and people with their history."""

from __future__ import annotations

import csv
import datetime as dt
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.clinic import AUTHOR, url_of
from benchmarks.measure import Figure, in_turn, milliseconds
from benchmarks.typed import typed
from sitrack.coordination import people
from sitrack.coordination.importing.taking import Wish, check, take_in
from sitrack.exchange import csv_import, incoming
from sitrack.record import upgrade
from sitrack.record.ledger import open_ledger
from sitrack.record.staff import Staff

PATIENTS = 100_000
_TURNS = 2
_FEWER = 50
"""Of so many patients one has a history too, in a file of its own."""
_BATCH = 1_000
_GIVEN = ("Alba", "Bruno", "Clara", "Dario", "Elena", "Fabio", "Greta", "Hugo")
_FAMILY = ("Abel", "Berg", "Costa", "Dahl", "Ebner", "Frey", "Gallo", "Holm")
_TABLES = ("patient", "entry", "payload")
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
)


def run(runs: int = 0, episodes: int = 0) -> list[Figure]:
    """Return the figures of an import of so many patients, 100,000 if not said."""
    number, turns = episodes or PATIENTS, min(runs or _TURNS, 3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = _empty(folder)
        alone = _written(folder / "people.csv", _people(number))
        few = max(1, number // _FEWER)
        whole = _written(folder / "history.csv", _histories(few))
        return [
            _against_bare_rows(folder, empty, alone, number, turns),
            _history(folder, empty, whole, few),
        ]


def _empty(folder: Path) -> Path:
    """A ledger that has nothing but its staff, as one file."""
    made = upgrade.create(
        url_of(folder, "empty"), zone="Europe/London", synthetic=True, recorder="bench"
    )
    people.add_staff(made, AUTHOR, Staff(AUTHOR.name, "coordinator", None))
    made.close()
    with closing(sqlite3.connect(folder / "empty.db")) as run_:
        run_.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "empty.db"


# --- the files


def _written(path: Path, rows: Iterator[dict[str, str]]) -> Path:
    from sitrack.journey.intake.columns import COLUMNS

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _people(number: int) -> Iterator[dict[str, str]]:
    chance = random.Random(number)
    first = dt.date(1930, 1, 1)
    for each in range(number):
        born = first + dt.timedelta(days=chance.randrange(25_000))
        yield {
            "id": f"chart-{each}",
            "kind": "patient",
            "patient": f"n{each}",
            # Initials of the middle keep most of these people apart.
            "given": f"{chance.choice(_GIVEN)} {chr(65 + each % 26)}",
            "family": f"{chance.choice(_FAMILY)}{chr(97 + each // 26 % 26)}",
            "born": born.isoformat(),
            "mrn": f"SYN-{each:06d}",
        }


def _histories(number: int) -> Iterator[dict[str, str]]:
    """Ten rows for each person: enrolled, and on to conservative care."""
    for person in _people(number):
        yield person
        for place, (kind, on, cells) in enumerate(_WALK):
            name = {"id": f"{person['id']}-{place}", "patient": person["patient"]}
            day = {"on": f"2025-{on}"} if on else {}
            about = {"for": f"{person['id']}-1"} if kind == "diary" else {}
            yield {**name, **day, **about, "kind": kind, "side": "right", **cells}


_WALK = (
    ("episode", "01-06", {}),
    (
        "injection",
        "01-06",
        {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": "8"},
    ),
    ("diary", "", {"readings": "1h=2 2h=2"}),
    ("score", "01-20", {"nrs": "7"}),
    ("move", "01-20", {"stage": "re-evaluation"}),
    (
        "exam",
        "01-26",
        {"positive": "faber,gaenslen,thigh-thrust", "negative": "compression"},
    ),
    (
        "screen",
        "01-26",
        {"lumbar": "negative", "hip": "negative", "soft-tissue": "negative"},
    ),
    ("move", "01-26", {"stage": "conservative-care"}),
    ("medication", "01-27", {"drug": "naproxen", "start": "2025-01-27"}),
)


# --- what is measured


def _taken(folder: Path, empty: Path, file: Path) -> int:
    """Check a file and take it in, as the command does; return how many entries."""
    shutil.copyfile(empty, folder / "taken.db")
    (folder / "taken.db").chmod(0o600)
    ledger = open_ledger(url_of(folder, "taken"))
    source = incoming.opened(str(file), lambda: sys.stdin.buffer)
    try:
        found = check(ledger, AUTHOR, csv_import.rows(source, _nothing))
        assert not found.problems, found.problems[:3]
        lines = csv_import.rows(source, _nothing)
        done = take_in(ledger, AUTHOR, lines, Wish(source.digest), _nothing)
        assert not done.problems, done.problems[:3]
        return done.entries
    finally:
        source.close()
        ledger.close()


def _nothing(_number: int) -> None:
    """Tell nobody."""


def _against_bare_rows(
    folder: Path, empty: Path, file: Path, number: int, turns: int
) -> Figure:
    entries = _taken(folder, empty, file)
    assert entries == number
    bare = _bare(folder, empty)
    ours, theirs = in_turn(
        turns,
        milliseconds(lambda: _taken(folder, empty, file)),
        milliseconds(bare),
        warm_up=0,
    )
    small, large = (_peak(folder, empty, each) for each in (number // 10, number))
    memory = f"{small:.0f} MB for {number // 10:,} patients, {large:.0f} MB"
    return Figure(
        f"import of {number:,} patients: checked, then written",
        "bare `executemany` of the same rows and transactions",
        ours,
        theirs,
        budget=0.2,
        at_least=True,
        notes=[f"Peak memory of the whole command: {memory} for {number:,}."],
    )


def _bare(folder: Path, empty: Path) -> Callable[[], None]:
    """The rows of the last import, written into an empty ledger by the driver alone."""
    with closing(sqlite3.connect(folder / "taken.db")) as read:
        rows = {}
        for table in _TABLES:
            query = f"SELECT * FROM {table}"
            if table != "patient":
                query += " WHERE stream LIKE 'patient/%'"
            rows[table] = read.execute(query).fetchall()

    def act() -> None:
        shutil.copyfile(empty, folder / "bare.db")
        with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as run_:
            for pragma in _PRAGMAS:
                run_.execute(f"PRAGMA {pragma}")
            for first in range(0, len(rows["patient"]), _BATCH):
                run_.execute("BEGIN IMMEDIATE")
                for table, every in rows.items():
                    marks = ", ".join("?" * len(every[0]))
                    statement = f"INSERT INTO {table} VALUES ({marks})"
                    run_.executemany(statement, every[first : first + _BATCH])
                run_.execute("COMMIT")

    return act


def _peak(folder: Path, empty: Path, number: int) -> float:
    """The most memory that `sitrack import` of so many patients ever held, in MB."""
    file = _written(folder / "peak.csv", _people(number))
    shutil.copyfile(empty, folder / "peak.db")
    (folder / "peak.db").chmod(0o600)
    words = ("import", str(file), "-d", url_of(folder, "peak"), "--as", AUTHOR.name)
    return typed(words).mb


def _history(folder: Path, empty: Path, file: Path, number: int) -> Figure:
    def speed() -> float:
        rows: list[int] = []
        passed = milliseconds(lambda: rows.append(_taken(folder, empty, file)))()
        return rows[0] / passed * 1000

    [speeds] = in_turn(1, speed, warm_up=0)
    what = f"import of {number:,} patients with their history, ten rows each"
    return Figure(what, "", speeds, unit="/s")
