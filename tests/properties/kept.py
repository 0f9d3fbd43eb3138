"""A story that was told is put into a record: what is done there can be undone there.

Each story has a ledger of its own, copied from a new one, so that any number of them
can be told, checked and forgotten.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from sitrack.clock import stopped_clock
from sitrack.coordination.episodes import load_episode
from sitrack.journey.entries import Draft, Entry
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.stages import Side
from sitrack.record import standing, tables, verify
from sitrack.record.journal import Work, load_stream, new_batch, writing
from sitrack.record.ledger import Ledger, open_ledger, reading
from tests.clinic import Clinic
from tests.conftest import new_ledger
from tests.journey.notation import Story

COPIES = (tables.episode, tables.stage_span, tables.agenda)
"""What follows from the entries."""
LONG_AFTER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


class Template:
    """A new ledger with its staff, to be copied for each story."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "template.db"
        ledger = new_ledger(f"sqlite:///{self.file}", day="2024-01-01", zone="UTC")
        Clinic(ledger)
        ledger.close()

    def copy(self, name: str) -> Ledger:
        """The ledger of one story; the one of that name before is gone."""
        file = self.file.with_name(name)
        file.unlink(missing_ok=True)
        shutil.copyfile(self.file, file)
        file.chmod(0o600)
        return open_ledger(f"sqlite:///{file}")


class Staffed(Clinic):
    """The clinic of a ledger whose staff is on its list already."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger


class Kept(Story):
    """A story as a record holds it; commands go through the clinic, not through it."""

    def __init__(self, clinic: Clinic, key: EpisodeKey) -> None:
        super().__init__(side=key.side.value)
        self.clinic, self.key = clinic, key
        self.reload()

    @property
    def ledger(self) -> Ledger:
        return self.clinic.ledger

    def reload(self) -> None:
        """Read the stream again, as it was written."""
        with reading(self.ledger) as connection:
            self.entries = load_stream(connection, self.key.stream)


def kept(ledger: Ledger, story: Story, patient: str | None = None) -> Kept:
    """Put a story into a record: each entry as a command of its own, in its time."""
    clinic = Staffed(ledger)
    opened = story.entries[0]
    ledger.use_clock(stopped_clock(opened.recorded))
    side = Side(story.key.side)
    key = clinic.opened(patient or clinic.enrolled(), side)
    with writing(ledger) as work:
        load_episode(work, key, None)
        for entry in story.entries[1:]:
            _append(work, key, entry)
    ledger.use_clock(stopped_clock(story.entries[-1].recorded))
    with writing(ledger) as work:
        told = load_episode(work, key, None)
        standing.derive(work.connection, told.episode, told.protocol)
    return Kept(clinic, key)


def _append(work: Work, key: EpisodeKey, entry: Entry) -> None:
    work.now, work.batch = entry.recorded, new_batch()
    draft = Draft(
        kind=entry.kind,
        occurred=entry.occurred,
        provenance=replace(entry.provenance, recorder="rivera"),
        stage_from=entry.stage_from,
        stage_to=entry.stage_to,
        protocol=entry.protocol,
        corrects=entry.corrects,
        payload=entry.payload or {},
    )
    work.append(key.stream, draft)


def copies_of(ledger: Ledger) -> dict[str, list[str]]:
    """Every copy but the versions: where all episodes stand, and what is due."""
    with reading(ledger) as connection:
        return {
            table.name: sorted(
                repr(_but_version(dict(row)))
                for row in connection.execute(select(table)).mappings()
            )
            for table in COPIES
        }


def _but_version(row: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted((name, told) for name, told in row.items() if name != "version")


def entries_of(ledger: Ledger) -> dict[tuple[str, int], Any]:
    """Every entry of the record, by its stream and number."""
    with reading(ledger) as connection:
        rows = connection.execute(select(tables.entry))
        return {(row.stream, row.seq): row for row in rows}


def faults_of(ledger: Ledger) -> list[verify.Fault]:
    """What `verify` finds, whenever the last entry was written."""
    ledger.use_clock(stopped_clock(LONG_AFTER))
    with reading(ledger) as connection:
        return verify.verify(connection, ledger, lambda _: None).faults
