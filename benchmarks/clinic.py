"""Makes a ledger of a busy clinic, quickly and truthfully.

Patients are walked along the pathway by the same pure decisions that the commands
make, and their entries are numbered and chained by the same `Work`; only the
statements are kept back, and written many rows at a time. `check` lets `verify` read a
small clinic made in the same way: chains, payloads, replay of every move, and the
copies must all hold.

A tenth of the episodes have something due today or earlier; of the rest, something
falls due later. Everything is counted from `TODAY`, so that every run is the same.
"""

from __future__ import annotations

import datetime as dt
import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Insert, insert, make_url
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as SQLiteDialect

from sitrack.clock import Clock, start_of, stopped_clock, zone_named
from sitrack.coordination.people import Author, add_staff
from sitrack.journey.agenda import agenda
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import MoveRequest, decide_move
from sitrack.journey.entries import OPENED, Draft, Entry, Provenance
from sitrack.journey.episode import Episode
from sitrack.journey.folding import fold
from sitrack.journey.patient import EpisodeKey, patient_key, patient_stream
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Side
from sitrack.record import standing, tables, upgrade, verify
from sitrack.record.journal import (
    Ledger,
    Work,
    new_batch,
    open_ledger,
    reading,
    writing,
)
from sitrack.record.staff import Staff

ZONE = "Europe/London"
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
class Act:
    """One thing that happens: evidence of a kind, or a move, on a day of the walk."""

    day: int
    kind: str
    values: dict[str, str] = field(default_factory=dict)
    readings: tuple[str, ...] = ()
    reason: str | None = None


def _move(day: int, target: str, reason: str | None = None) -> Act:
    return Act(day, f"to {target}", reason=reason)


_INJECTED = (
    Act(
        0, "injection", {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": "8"}
    ),
    Act(0, "diary", readings=("1h=2", "2h=2")),
)
_FAILED = (*_INJECTED, Act(14, "score", {"nrs": "7"}))
_REEVALUATION = (*_FAILED, _move(14, "re-evaluation"))
_EXAM = {"positive": "faber,gaenslen,thigh-thrust", "negative": "compression"}
_CLEAR = {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"}
_CONSERVATIVE = (
    *_REEVALUATION,
    Act(20, "exam", _EXAM),
    Act(20, "screen", _CLEAR),
    _move(20, "conservative-care"),
)
_REFERRED = (
    *_REEVALUATION,
    Act(20, "exam", _EXAM),
    Act(20, "screen", {**_CLEAR, "hip": "positive"}),
    _move(20, "referred-out", "hip"),
)
_BLOCK = (
    *_CONSERVATIVE,
    Act(70, "therapy", {"type": "active-stabilisation", "visits": "8", "start": "20"}),
    Act(70, "medication", {"drug": "naproxen", "start": "20", "response": "none"}),
    Act(70, "score", {"nrs": "7"}),
    _move(70, "diagnostic-block"),
)
_BLOCKED = {"anaesthetic": "bupivacaine", "nrs": "8", "guidance": "fluoroscopy"}
_RFA = (
    *_BLOCK,
    Act(80, "block", _BLOCKED),
    Act(80, "diary", readings=("1h=2", "2h=2")),
    Act(82, "consent", {"procedure": "rfa"}),
    _move(82, "rfa"),
)
_ABLATED = (
    *_RFA,
    Act(100, "rfa", {"technique": "cooled", "guidance": "fluoroscopy", "nrs": "8"}),
)
_RELIEF = (*_ABLATED, Act(190, "score", {"nrs": "2"}), _move(190, "relief"))
_FUSION = (*_ABLATED, Act(200, "score", {"nrs": "7"}), _move(200, "fusion-evaluation"))

WALKS: dict[str, tuple[int, tuple[Act, ...]]] = {
    "injected": (22, _INJECTED),
    "failed": (8, _FAILED),
    "re-evaluation": (10, _REEVALUATION),
    "conservative-care": (25, _CONSERVATIVE),
    "referred-out": (4, _REFERRED),
    "diagnostic-block": (7, _BLOCK),
    "rfa": (5, _RFA),
    "ablated": (8, _ABLATED),
    "relief": (9, _RELIEF),
    "fusion-evaluation": (2, _FUSION),
}
"""How many of a hundred open episodes stand where, and how they came there."""


@dataclass(frozen=True)
class Mix:
    """What a clinic is to look like.

    Attributes:
        episodes: how many are open.
        walk: all of them came this way; None spreads them over `WALKS`.
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
    protocol = load(shipped_text())
    chance = random.Random(mix.episodes)
    for first in range(1, mix.episodes + 1, _AT_ONCE):
        last = min(first + _AT_ONCE, mix.episodes + 1)
        with writing(made) as work:
            basket = Basket()
            for number in range(first, last):
                _admit(made, basket, protocol, number, *_drawn(chance, mix, number))
            basket.empty_into(work.connection)
    made.use_clock(_clock(TODAY))
    return made


def opened(url: str) -> Ledger:
    """Return a ledger that was made, its clock at `NOW` again."""
    ledger = open_ledger(url)
    ledger.use_clock(_clock(TODAY))
    return ledger


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


def _clock(day: dt.date) -> Clock:
    return stopped_clock(start_of(day, zone_named(ZONE), MORNING))


def _drawn(chance: random.Random, mix: Mix, number: int) -> tuple[str, dt.date]:
    """Choose a walk and its day 0 for one patient."""
    if mix.walk is None:
        weights = [weight for weight, _ in WALKS.values()]
        name = chance.choices(list(WALKS), weights)[0]
    else:
        name = mix.walk
    last, due = _span_of(name)
    if number % 100 < mix.due:
        ahead = -chance.randint(0, 20)
    else:
        ahead = chance.randint(1, due - last - 1)
    return name, TODAY + dt.timedelta(days=ahead - due)


@functools.cache
def _span_of(name: str) -> tuple[int, int]:
    """The last day of a walk, and the day on which something falls due after it."""
    acts = WALKS[name][1]
    start = TODAY - dt.timedelta(days=365)
    basket = Basket()
    probe = Ledger(make_url("sqlite://"), "probe", zone_named(ZONE), synthetic=True)
    protocol = load(shipped_text())
    episode = _admit(probe, basket, protocol, 1, name, start)
    return acts[-1].day, (agenda(episode, protocol)[0].due - start).days


# --- one patient


class Basket:
    """Stands in for a connection: keeps rows back, and knows no stream yet."""

    dialect = SQLiteDialect()

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def execute(self, statement: Any, row: dict[str, Any] | None = None) -> Basket:
        """Keep the row of an insert; answer any question with nothing."""
        if isinstance(statement, Insert):
            assert row is not None
            self.rows.setdefault(str(statement.table), []).append(row)
        return self

    def one_or_none(self) -> None:
        """Say that there is no such row."""

    def empty_into(self, connection: Connection) -> None:
        """Write every row, table by table, in the order of their foreign keys."""
        for table in tables.metadata.sorted_tables:
            if rows := self.rows.pop(table.name, []):
                connection.execute(insert(table), rows)


def _admit(
    ledger: Ledger,
    basket: Basket,
    protocol: Protocol,
    number: int,
    walk: str,
    start: dt.date,
) -> Episode:
    """Enrol one patient, and walk one episode from `start` on."""
    key = key_of(number).patient
    given, family = _GIVEN[number % 8], _FAMILY[number // 8 % 8]
    born = dt.date(1950 + number % 45, 1 + number % 12, 1 + number % 28)
    person = {"key": key, "number": number, "given": given, "family": family}
    basket.execute(insert(tables.patient), {**person, "born": born, "mrn": None})
    coordinator = COORDINATORS[number % len(COORDINATORS)]
    walker = _Walker(ledger, basket, protocol, key_of(number), coordinator)
    walker.begin(start)
    for act in WALKS[walk][1]:
        walker.does(act, start)
    walker.settle()
    return walker.episode


class _Walker:
    """One episode, and the work that writes it down."""

    def __init__(
        self,
        ledger: Ledger,
        basket: Basket,
        protocol: Protocol,
        key: EpisodeKey,
        coordinator: str,
    ) -> None:
        self.key, self.protocol, self.zone = key, protocol, ledger.zone
        self.who = Provenance(None, coordinator, "clinic")
        self.work = Work(basket, ledger, dt.datetime.now(dt.UTC), "")  # type: ignore[arg-type]
        self.basket = basket
        self.entries: list[Entry] = []

    @property
    def episode(self) -> Episode:
        return fold(self.key, self.entries, self.zone)

    def write(self, stream: str, draft: Draft, day: dt.date) -> Entry:
        self.work.now = max(start_of(day, self.zone, dt.time(10)), self.work.now)
        self.work.batch = new_batch()
        return self.work.append(stream, draft)

    def begin(self, day: dt.date) -> None:
        self.work.now = start_of(day, self.zone, dt.time(9))
        told = {"account": AUTHOR.account}
        stream = patient_stream(self.key.patient)
        self.write(stream, Draft("enrolled", day, self.who, payload=told), day)
        opening = {
            **told,
            "coordinator": self.who.recorder,
            "side": self.key.side.value,
        }
        opened = Draft(
            OPENED,
            day,
            self.who,
            stage_to=self.protocol.initial,
            protocol=self.protocol.hash,
            payload=opening,
        )
        self.entries.append(self.write(self.key.stream, opened, day))
        mention = {**told, "episode": str(self.key)}
        self.write(stream, Draft("episode-opened", day, self.who, payload=mention), day)

    def does(self, act: Act, start: dt.date) -> None:
        day = start + dt.timedelta(days=act.day)
        target = act.kind.removeprefix("to ")
        draft = (
            self._evidence(act, start, day)
            if target == act.kind
            else self._move(target, act.reason, day)
        )
        self.entries.append(self.write(self.key.stream, draft, day))

    def _evidence(self, act: Act, start: dt.date, day: dt.date) -> Draft:
        values: dict[str, Any] = dict(act.values)
        if "start" in values:
            values["start"] = str(start + dt.timedelta(days=int(values["start"])))
        form = EvidenceForm(
            kind=act.kind,
            occurred=None if act.kind == "diary" else day,
            side=None,
            about=None,
            values=values,
            readings=act.readings,
            provenance=self.who,
            payload={"account": AUTHOR.account},
        )
        return decide_evidence(self.episode, form, today=day, zone=self.zone, born=None)

    def _move(self, target: str, reason: str | None, day: dt.date) -> Draft:
        case = Case(self.episode, self.protocol, day, reason, ())
        told = {"account": AUTHOR.account}
        request = MoveRequest(target, "advance", day, self.who, None, told)
        return decide_move(case, request)[0]

    def settle(self) -> None:
        """Keep the copies of what the entries say."""
        episode = self.episode
        self._keep(tables.episode, [standing.standing_row(episode)])
        self._keep(tables.stage_span, standing.span_rows(episode))
        key = str(self.key)
        lines = agenda(episode, self.protocol)
        self._keep(tables.agenda, [standing.agenda_row(key, line) for line in lines])

    def _keep(self, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            self.basket.execute(insert(table), row)
