"""Makes a ledger of a busy clinic, quickly and truthfully.

Patients are walked along the pathway by the same pure decisions that the commands
make (`lives.py`), and their entries are numbered and chained by the same `Work`; only
the statements are kept back, and written many rows at a time. `check` lets `verify` read a
small clinic made in the same way: chains, payloads, replay of every move, and the
copies must all hold.

A tenth of the episodes have something due today or earlier; of the rest, something
falls due later. Everything is counted from `TODAY`, so that every run is the same.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Insert, insert, make_url
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as SQLiteDialect

from benchmarks import lives
from benchmarks.peers.copies import copied
from sitrack.clock import Clock, start_of, stopped_clock, zone_named
from sitrack.coordination.people import Author, add_staff
from sitrack.journey.patient import EpisodeKey, patient_key, patient_stream
from sitrack.pathway.stages import Side
from sitrack.record import tables, upgrade, verify
from sitrack.record.journal import Work, new_batch, writing
from sitrack.record.ledger import Ledger, open_ledger, reading
from sitrack.record.staff import Staff

ZONE = lives.ZONE.key
TODAY = dt.date(2026, 3, 4)
"""A Wednesday; nine in the morning is the present of every benchmark."""
MORNING = dt.time(9)
NOW = f"{TODAY}T{MORNING:%H:%M}"

COORDINATORS = ("rivera", "okafor", "lindgren")
AUTHOR = Author("rivera", "bench")
_MADE = TODAY - dt.timedelta(days=730)
_AT_ONCE = 500
_GIVEN = ("Mary", "Ana", "Jonas", "Priya", "Tom", "Aiko", "Lena", "Omar")
_FAMILY = ("King", "Silva", "Berg", "Rao", "Hall", "Mori", "Novak", "Haddad")


@dataclass(frozen=True)
class Mix:
    """What a clinic is to look like.

    Attributes:
        episodes: how many are open.
        walk: all of them came this way; None spreads them over `lives.WALKS`.
        due: how many of a hundred have something due today or earlier.
    """

    episodes: int
    walk: str | None = None
    due: int = 10


def make(folder: Path, mix: Mix, name: str = "clinic") -> Ledger:
    """Return a new ledger in `folder` whose clock stands at `NOW`."""
    return make_at(url_of(folder, name), mix)


def make_at(url: str, mix: Mix) -> Ledger:
    """Return a new ledger at that URL, of either kind, whose clock stands at `NOW`."""
    made = upgrade.create(
        url,
        zone=ZONE,
        synthetic=True,
        recorder="bench",
        now=_clock(_MADE),
    )
    for staff_id in COORDINATORS:
        member = Staff(staff_id, "coordinator", f"{staff_id}@clinic.example")
        add_staff(made, AUTHOR, member)
    add_staff(made, AUTHOR, Staff("osei", "clinician", None))
    chance = random.Random(mix.episodes)
    for first in range(1, mix.episodes + 1, _AT_ONCE):
        last = min(first + _AT_ONCE, mix.episodes + 1)
        with writing(made) as work:
            basket = Basket()
            for number in range(first, last):
                _admit(made, basket, number, *_drawn(chance, mix, number))
            basket.empty_into(work.connection)
    made.use_clock(_clock(TODAY))
    return made


def park(url: str, times: int) -> None:
    """Copy so many times, in SQL, every episode of which nothing is due yet.

    A copy stands wherever a round and the worklist look: its patient, its stays, what is
    due of it and when. It has no entries, for nobody reads them before something is due.
    """
    due = f"SELECT episode FROM agenda WHERE step_on <= '{TODAY}'"
    own = f"NOT LIKE '%:%' AND {{}} NOT IN ({due})"  # a copy is not copied again
    parked = f"SELECT patient FROM episode WHERE key {own.format('key')}"
    of_it = {"episode": "t.episode || ':' || i"}
    named = {"key": "t.key || ':' || i"}
    numbered = {**named, "number": "t.number + 10000000 * i"}
    copied(url, "patient", numbered, f"t.key IN ({parked})", times)
    theirs = {**named, "patient": "t.patient || ':' || i"}
    copied(url, "episode", theirs, f"t.key {own.format('t.key')}", times)
    for table in ("stage_span", "agenda"):
        copied(url, table, of_it, f"t.episode {own.format('t.episode')}", times)


def opened(url: str) -> Ledger:
    """Return a ledger that was made, its clock at `NOW` again."""
    ledger = open_ledger(url)
    ledger.use_clock(_clock(TODAY))
    return ledger


def size_of(ledger: Ledger) -> str:
    """Say how many entries a ledger holds, and on which kind of database."""
    with reading(ledger) as connection:
        entries = verify.count_entries(connection)
    return f"{entries:,} entries, {'PostgreSQL' if ledger.on_postgres else 'SQLite'}"


def key_of(number: int) -> EpisodeKey:
    """Return the key of the episode of the patient of that number, from 1 on."""
    side = Side.RIGHT if number % 2 else Side.LEFT
    return EpisodeKey(patient_key(number), side, 1)


def url_of(folder: Path, name: str = "clinic") -> str:
    """Return the URL of a ledger in `folder`."""
    return f"sqlite:///{folder / name}.db"


def check(folder: Path, episodes: int = 200) -> None:
    """Make a small clinic, and let `verify` read every entry of it.

    Raises:
        AssertionError: it found a fault; no figure would mean anything.
    """
    ledger = make(folder, Mix(episodes), "checked")
    try:
        with reading(ledger) as connection:
            report = verify.verify(connection, ledger, lambda _: None)
    finally:
        ledger.close()
    assert not report.faults, report.faults[:3]


def present() -> dt.datetime:
    """Return the instant at which every benchmark begins."""
    return start_of(TODAY, zone_named(ZONE), MORNING)


def _clock(day: dt.date) -> Clock:
    return stopped_clock(start_of(day, zone_named(ZONE), MORNING))


def _drawn(chance: random.Random, mix: Mix, number: int) -> tuple[str, dt.date]:
    """Choose a walk and its day 0 for one patient."""
    if mix.walk is None:
        weights = [weight for weight, _ in lives.WALKS.values()]
        name = chance.choices(list(lives.WALKS), weights)[0]
    else:
        name = mix.walk
    last, due = lives.span_of(name)
    if number % 100 < mix.due:
        ahead = -chance.randint(0, 20)
    else:
        ahead = chance.randint(1, due - last - 1)
    return name, TODAY + dt.timedelta(days=ahead - due)


# --- one patient


class Basket:
    """Stands in for a connection: keeps rows back, and knows no stream yet."""

    dialect = SQLiteDialect()

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def execute(self, statement: Any, row: dict[str, Any] | None = None) -> Basket:
        """Keep the row of an insert; answer any question with nothing."""
        if isinstance(statement, Insert):
            assert row is not None
            self.rows[statement.table.name].append(row)
        return self

    def one_or_none(self) -> None:
        """Say that there is no such row."""

    def empty_into(self, connection: Connection) -> None:
        """Write every row, table by table, in the order of their foreign keys."""
        for table in tables.metadata.sorted_tables:
            if rows := self.rows.pop(table.name, []):
                connection.execute(insert(table), rows)


def _admit(
    ledger: Ledger, basket: Basket, number: int, walk: str, start: dt.date
) -> None:
    """Enrol one patient, and write one episode that begins on `start`."""
    key = key_of(number)
    given, family = _GIVEN[number % 8], _FAMILY[number // 8 % 8]
    born = dt.date(1950 + number % 45, 1 + number % 12, 1 + number % 28)
    person = {"key": key.patient, "number": number, "given": given, "family": family}
    basket.rows["patient"].append({**person, "born": born, "mrn": None})
    coordinator = COORDINATORS[number % len(COORDINATORS)]
    told = lives.life(walk, start, key.side, coordinator)
    _write(ledger, basket, key, told)
    name = str(key)
    row = {**told.episode, "key": name, "patient": key.patient}
    basket.rows["episode"].append(row)
    basket.rows["stage_span"] += [{**row, "episode": name} for row in told.spans]
    basket.rows["agenda"] += [{**row, "episode": name} for row in told.lines]


def _write(ledger: Ledger, basket: Basket, key: EpisodeKey, told: lives.Life) -> None:
    """Number, salt and chain what is told, in this patient's streams."""
    _, _, first = told.told[0]
    # A server numbers and chains by itself; these rows come to it with that done.
    chained = Ledger(make_url("sqlite://"), ledger.ledger_id, lives.ZONE)
    work = Work(basket, chained, start_of(first, lives.ZONE, MORNING), "")  # type: ignore[arg-type]
    streams = {True: patient_stream(key.patient), False: key.stream}
    for of_patient, draft, day in told.told:
        work.now = max(start_of(day, lives.ZONE, lives.AT), work.now)
        work.batch = new_batch()
        if draft.kind == lives.MENTIONED:
            named = {**draft.payload, "episode": str(key)}
            work.append(streams[of_patient], replace(draft, payload=named))
        else:
            work.append(streams[of_patient], draft)
