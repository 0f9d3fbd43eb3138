"""Writes the ledger that is kept of the present schema.

    python -m tests.migrations.keep_ledger

Run it once with the version that brings a schema, before the next migration is begun.
A ledger that is kept is never written anew.
"""

import datetime as dt
import gzip
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from sitrack.coordination import people
from sitrack.coordination.amendments import correct, retract
from sitrack.coordination.erasing import erase
from sitrack.coordination.handing import answer, assign, hand_off
from sitrack.coordination.merging import merge
from sitrack.coordination.page import Because
from sitrack.coordination.parking import change_status
from sitrack.coordination.people import Author
from sitrack.coordination.teams import TeamChange, add_team
from sitrack.journey import parking
from sitrack.pathway.stages import Side
from sitrack.record.ledger import SCHEMA
from sitrack.record.staff import Staff
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round
from tests.clinic import RIVERA, Clinic, codes_of, settings_of
from tests.conftest import new_ledger
from tests.sealing import register, sealed

LEDGERS = Path(__file__).parent / "ledgers"


def lived(ledger, folder):
    """A little of everything that this version can write."""
    clinic = Clinic(ledger)
    right = clinic.walked()
    clinic.at("2025-02-03")
    left = clinic.opened(side=Side.LEFT)
    clinic.inject(left)
    clinic.at("2025-02-17")
    run_round(ledger, settings_of(folder), FileChannel(folder / "sent.jsonl"))
    review = dt.date(2025, 3, 17)
    change_status(
        ledger, RIVERA, right, lambda asked: parking.hold(asked, "pregnancy", review)
    )
    clinic.record(left, "diary", readings=("1h=2",))
    clinic.record(left, "score", nrs="6.5", pgic="4")
    correct(ledger, RIVERA, left, {2: [("nrs", "7")]}, Because("typing-error"))
    retract(ledger, RIVERA, left, [4], Because("duplicate"))
    _handed_over(clinic, left)
    merge(ledger, RIVERA, clinic.enrolled(), right.patient)
    _erased(clinic)
    clinic.at("2025-02-24")
    register(ledger)
    sealed(ledger)


def _handed_over(clinic, key):
    """From hand to hand, and into the queue of a team."""
    hand_off(clinic.ledger, RIVERA, key, "osei", "absence")
    answer(clinic.ledger, Author("osei", "account"), key)
    add_team(clinic.ledger, RIVERA, "spine", TeamChange("rivera", ["osei"]))
    assign(clinic.ledger, RIVERA, [key], "spine")


def _erased(clinic):
    """A third patient, of whom the law lets nothing stand."""
    for name in ("ada", "bo"):
        people.add_staff(clinic.ledger, RIVERA, Staff(name, "admin", None))
    patient = clinic.enrolled("John", "Bell")
    for name in ("ada", "bo"):
        erase(clinic.ledger, Author(name, "account"), patient, "unlawful", 10)


def keep(to):
    """Write the ledger of the present schema, packed, to a file that is not there yet."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        ledger = new_ledger(f"sqlite:///{folder / 'kept.db'}")
        lived(ledger, folder)
        assert codes_of(ledger) == set()
        ledger.close()
        with closing(sqlite3.connect(folder / "kept.db")) as run:
            run.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        packed = gzip.compress((folder / "kept.db").read_bytes(), mtime=0)
    with to.open("xb") as file:
        file.write(packed)


def main():
    to = LEDGERS / f"{SCHEMA}.db.gz"
    try:
        keep(to)
    except FileExistsError:
        sys.exit(f"{to.name} is kept already, and is never written anew")
    print(f"{to.name} is kept from now on")


if __name__ == "__main__":
    main()
