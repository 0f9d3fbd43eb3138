"""The record that is attacked: two patients, two seals, something newer, an auditor.

It is made once, with seals and without, and copied for each attack. The auditor stands
outside: a public key, the head that a witness saw at the last seal, and the receipts
that writes printed. Reads print none, and so there is none of the log of access.
"""

import atexit
import functools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from sitrack.pathway.stages import Side
from sitrack.record import access
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger
from tests.clinic import Clinic
from tests.conftest import clock_at, new_ledger
from tests.record.test_guards import _DELIVERY, _REMINDER
from tests.sealing import found, receipts, register, sealed, witnessed

LAYERS = ("C", "K", "A", "R")
"""Chains alone, never sealed; with seals and a trusted key; with a witness's head as
well; with receipts as well."""

NOW = ("2025-01-30", "12:00")
"""When the auditor looks: nothing under no seal is older than a day."""


@dataclass
class House:
    """One copy of the record, open to be attacked.

    Attributes:
        ledger: the record.
        one: the episode that has come far.
        other: another patient's episode.
        newer: the number of the entry of `one` that no seal covers.
        sealed: it has a key and seals.
        folder: where its file lies.
        held: what the auditor holds, by the layer that it is added with.
    """

    ledger: Any
    one: Any
    other: Any
    newer: int
    sealed: bool
    folder: Path
    held: dict

    def found(self, layer):
        """What verify finds with everything that is held at that layer."""
        brought = {}
        for each in LAYERS[: LAYERS.index(layer) + 1]:
            brought |= self.held.get(each, {})
        return found(self.ledger, **brought)


def furnished(ledger, *, is_sealed, then=lambda: None):
    """Fill a new ledger: its two episodes, what is newer, and what the auditor holds.

    Args:
        ledger: the new one.
        is_sealed: let it have a key and seals.
        then: called at the first seal.
    """
    clinic = Clinic(ledger)
    trusted = register(ledger) if is_sealed else None
    one = clinic.walked()
    clinic.at("2025-01-30", "09:05")
    clinic.record(one, "note", text="Prefers mornings.")
    reader = access.reader_named(ledger, "rivera", "account")
    access.note(ledger, reader, access.Sight("show", "table", [str(one)]))
    _deliver(ledger, one)
    _seal(ledger, is_sealed=is_sealed)
    then()
    clinic.at("2025-01-30", "09:10")
    other = clinic.opened(clinic.enrolled("Ann", "Other"), Side.LEFT)
    clinic.record(other, "score", nrs="8")
    clinic.record(one, "score", nrs="5")
    clinic.at("2025-01-30", "09:20")
    clinic.record(one, "note", text="Asks for large print.")
    _seal(ledger, is_sealed=is_sealed)
    seen = witnessed(ledger, [trusted]) if is_sealed else None
    clinic.at("2025-01-30", "10:00")
    newer = clinic.record(one, "note", text="Has moved house.").entry.seq
    access.note(ledger, reader, access.Sight("history", "table", [str(one)]))
    printed = [r for r in receipts(ledger) if not r.stream.startswith("access/")]
    held = {"R": {"receipts": printed}}
    if is_sealed:
        held |= {"K": {"keys": [trusted]}, "A": {"seen": [seen]}}
    return one, other, newer, held


@functools.cache
def _made(*, is_sealed):
    """Build it: the house, and a file of it at the first seal (an old backup)."""
    folder = Path(tempfile.mkdtemp(prefix="sitrack-attacks-"))
    atexit.register(shutil.rmtree, folder)
    ledger = new_ledger(f"sqlite:///{folder / 'house.db'}")
    parts = furnished(ledger, is_sealed=is_sealed, then=lambda: _backup(folder))
    ledger.close()
    return folder, parts


def _seal(ledger, *, is_sealed):
    if is_sealed:
        sealed(ledger)


def _deliver(ledger, key):
    with writing(ledger) as work:
        row = {"episode": str(key), "at": work.now}
        work.connection.execute(text(_REMINDER[ledger.on_postgres]), row)
        work.connection.execute(text(_DELIVERY.replace("2025-01-06", _BEFORE)))


_BEFORE = "2025-01-06T09:00:00.000000Z"


def _backup(folder):
    """Copy the file as it is now, with all that is still in its log."""
    import sqlite3
    from contextlib import closing

    with (
        closing(sqlite3.connect(folder / "house.db")) as source,
        closing(sqlite3.connect(folder / "old.db")) as target,
    ):
        source.backup(target)


def house(folder, *, is_sealed):
    """A copy in that folder; whoever asks for it closes its ledger."""
    made, (one, other, newer, held) = _made(is_sealed=is_sealed)
    for name in ("house.db", "old.db"):
        shutil.copy(made / name, folder)
        (folder / name).chmod(0o600)
    ledger = open_ledger(f"sqlite:///{folder / 'house.db'}")
    ledger.use_clock(clock_at(*NOW))
    return House(ledger, one, other, newer, is_sealed, folder, dict(held))
