"""Writes many people's histories at a time: rows are kept back, and written together.

An entry that comes from a row of a file is named after the row, so that the same row is
found again however often the file is read, and the database itself refuses a second
one. A rehearsal reads, decides and keeps nothing: it hashes nothing, and locks nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, func, insert, select

from sitrack.journey.agenda import Due
from sitrack.journey.entries import Draft, Entry
from sitrack.journey.episode import Episode
from sitrack.journey.patient import patient_key
from sitrack.pathway.protocol import Protocol
from sitrack.record import agenda_lines, appending, outbox, standing, tables
from sitrack.record.journal import Work, load_stream, new_batch, writing
from sitrack.record.ledger import Ledger, present_instant, reading
from sitrack.record.registry import Patient, Person, one_at_a_time

IMPORTED: Final = "imported"
"""Why a reminder does not go: it was due before the import that told of it."""

_ORDER: Final = (
    tables.patient,
    tables.entry,
    tables.payload,
    tables.episode,
    tables.stage_span,
    tables.agenda,
)
"""In which order rows may be written: what others refer to comes first."""

_TICK: Final = dt.timedelta(microseconds=1)
_AT_ONCE: Final = 400
"""How many values one question names: databases have a limit."""


def row_name(ledger_id: str, row: str) -> str:
    """Return the id of the entry that a row of a file becomes in this ledger."""
    return hashlib.sha256(f"{ledger_id}\x1fimport\x1f{row}".encode()).hexdigest()[:32]


@dataclass
class Intake(Work):
    """A transaction in which many people are taken in."""

    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _known: list[tuple[Episode, Protocol]] = field(default_factory=list)
    _touched: list[str] = field(default_factory=list)
    _number: int | None = None
    _marks: tuple[dict[str, int], int, int] = ({}, 0, 0)
    _begun: list[str] = field(default_factory=list)

    # --- one person after another

    def next_person(self) -> None:
        """Begin with somebody else: one person's import is one unit of undo."""
        self.batch = new_batch()
        sizes = {name: len(rows) for name, rows in self._rows.items()}
        self._marks = (sizes, len(self._known), len(self._touched))
        self._begun.clear()

    def drop_person(self) -> None:
        """Forget what was kept back of the present one."""
        sizes, known, touched = self._marks
        for name, rows in self._rows.items():
            del rows[sizes.get(name, 0) :]
        del self._known[known:], self._touched[touched:]
        for stream in self._begun:
            self._heads.pop(stream, None)

    def add_patient(self, person: Person) -> Patient:
        """Register a person under the next free key."""
        if self._number is None:
            query = select(func.max(tables.patient.c.number))
            self._number = self.connection.execute(query).scalar() or 0
        self._number += 1
        key = patient_key(self._number)
        row = {"key": key, "number": self._number, "payer": None, "zone": person.zone}
        names = {"given": person.given, "family": person.family}
        self._put(
            tables.patient, {**row, **names, "born": person.born, "mrn": person.mrn}
        )
        return Patient(key, person)

    def pays(self, patient: Patient, payer: str) -> None:
        """Say who pays for a person who was registered in this transaction."""
        row = self._rows["patient"][-1]
        if row["key"] != patient.key:
            raise ValueError("that person was not the last one")
        row["payer"] = payer

    # --- entries

    def load(self, stream: str) -> list[Entry]:
        """Return every entry of a stream, and keep other writers off it until the end."""
        self._begun.append(stream)
        return super().load(stream)

    def begin(self, stream: str) -> None:
        """Say that a stream is new, so that nobody has to look."""
        self._begun.append(stream)
        self._heads[stream] = self._first(stream)

    def append(
        self, stream: str, draft: Draft, *, entry_id: str | None = None
    ) -> Entry:
        """Write the next entry of a stream, later than any other of this transaction."""
        self.now += _TICK
        entry = super().append(stream, draft, entry_id=entry_id)
        del self.written[:-1]
        return entry

    def _write(
        self, draft: Draft, named: dict[str, Any], stored: dict[str, Any]
    ) -> dict[str, Any]:
        """Number and chain it here, for it is kept back, on a server too."""
        return self._by_hand(draft, named, stored)

    def _keep(self, entry: dict[str, Any], payload: dict[str, Any]) -> None:
        self._put(tables.entry, entry)
        self._put(tables.payload, payload)

    # --- copies

    def settle(
        self, episode: Episode, protocol: Protocol, lines: list[Due], *, is_new: bool
    ) -> None:
        """Bring the copies of an episode up to date."""
        key = str(episode.key)
        self._touched.append(key)
        if not is_new:
            self._known.append((episode, protocol))
            return
        notice = protocol.steps.get(agenda_lines.FIRST_STEP, 0)
        self._put(tables.episode, standing.standing_row(episode))
        for span in standing.span_rows(episode):
            self._put(tables.stage_span, span)
        for line in lines:
            self._put(tables.agenda, agenda_lines.agenda_row(key, line, notice))

    def _put(self, table: Table, row: dict[str, Any]) -> None:
        self._rows.setdefault(table.name, []).append(row)

    def flush(self, quiet: str | None = None) -> int:
        """Write what was kept back; return how many reminders are not to go.

        Args:
            quiet: the channel by which nobody is reminded of what is due already; None
                where they are.
        """
        for table in _ORDER:
            if rows := self._rows.pop(table.name, []):
                self._insert(table, rows)
        for episode, protocol in self._known:
            standing.derive(self.connection, episode, protocol)
        keys, hushed = list(self._touched), 0
        self._known.clear()
        self._touched.clear()
        if quiet is not None:
            for first in range(0, len(keys), _AT_ONCE):
                some = keys[first : first + _AT_ONCE]
                hushed += outbox.hush(
                    self.connection, some, self.today, quiet, IMPORTED
                )
        return hushed

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Write rows; under a login of a person the server's own function writes."""
        if table is tables.entry and self.ledger.login is not None:
            contents = self._rows.pop(tables.payload.name)
            appending.append_all(self.connection, rows, contents)
        else:
            self.connection.execute(insert(table), rows)


class Rehearsal(Intake):
    """The same, where everything is decided and nothing is kept, hashed or locked."""

    def load(self, stream: str) -> list[Entry]:
        """Return every entry of a stream."""
        entries = load_stream(self.connection, stream)
        self._lengths[stream] = len(entries)
        return entries

    def begin(self, stream: str) -> None:
        """Say that a stream is new."""
        self._lengths[stream] = 0

    def append(
        self, stream: str, draft: Draft, *, entry_id: str | None = None
    ) -> Entry:
        """Return the entry as it would be read back, but for its hashes."""
        self.now += _TICK
        seq = self._lengths[stream] = self._lengths[stream] + 1
        return Entry(
            stream=stream,
            seq=seq,
            entry_id=entry_id or "",
            kind=draft.kind,
            stage_from=draft.stage_from,
            stage_to=draft.stage_to,
            occurred=draft.occurred,
            recorded=self.now,
            provenance=draft.provenance,
            protocol=draft.protocol,
            corrects=draft.corrects,
            batch=self.batch,
            commitment="",
            previous="",
            hash="",
            payload=draft.payload,
        )

    def next_person(self) -> None:
        """Begin with somebody else."""
        self._lengths.clear()

    def drop_person(self) -> None:
        """Forget nothing, for nothing is kept."""

    def pays(self, patient: Patient, payer: str) -> None:
        """Say who pays; nothing is kept of it."""

    def settle(
        self, episode: Episode, protocol: Protocol, lines: list[Due], *, is_new: bool
    ) -> None:
        """Keep no copy."""

    def _put(self, table: Table, row: dict[str, Any]) -> None:
        """Keep nothing."""

    @functools.cached_property
    def _lengths(self) -> dict[str, int]:
        return {}


@contextlib.contextmanager
def taking_in(ledger: Ledger) -> Iterator[Intake]:
    """Open a transaction that writes many; nothing stands unless it ends well.

    What was kept back has to be flushed within the block.
    """
    with writing(ledger) as work:
        # Two imports of one file, or a patient who is added meanwhile, wait in line:
        # what is looked up from here on is there, or is not.
        one_at_a_time(work.connection)
        intake = Intake(work.connection, ledger, work.now, work.batch)
        yield intake
        work.behind, work.written = intake.behind, intake.written


@contextlib.contextmanager
def rehearsing(ledger: Ledger) -> Iterator[Intake]:
    """Open a transaction in which everything is decided and nothing is kept."""
    with reading(ledger) as connection:
        now = present_instant(connection, ledger)
        yield Rehearsal(connection, ledger, now, "")


# --- what is there already


class Found(NamedTuple):
    """The entry that a row of a file became.

    Attributes:
        stream: where it stands.
        seq: its number there.
        told: what it says of the row, or None where that was erased.
    """

    stream: str
    seq: int
    told: dict[str, Any] | None


def rows_written(connection: Connection, names: Collection[str]) -> dict[str, Found]:
    """Return which rows of a file are entries already, by the names of the entries."""
    entries, payloads = tables.entry, tables.payload
    is_its = (payloads.c.stream == entries.c.stream) & (payloads.c.seq == entries.c.seq)
    query = select(
        entries.c.entry_id, entries.c.stream, entries.c.seq, payloads.c.body
    ).outerjoin(payloads, is_its)
    found = {}
    every = list(names)
    for first in range(0, len(every), _AT_ONCE):
        some = every[first : first + _AT_ONCE]
        for row in connection.execute(query.where(entries.c.entry_id.in_(some))):
            told = json.loads(row.body).get("import") if row.body else None
            found[row.entry_id] = Found(row.stream, row.seq, told)
    return found


def everybody(connection: Connection) -> Iterator[tuple[str, Patient]]:
    """Return every person on the register, and under which key they are cared for."""
    query = select(tables.patient).order_by(tables.patient.c.number)
    rows = connection.execute(query.execution_options(yield_per=1000)).mappings()
    for row in rows:
        names = row["given"], row["family"]
        person = Person(*names, row["born"], row["mrn"])
        yield row["merged_into"] or row["key"], Patient(row["key"], person)
