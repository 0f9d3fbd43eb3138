"""A small clinic in which every kind of write can be made at once; it is copied.

It is made once for each kind of database. A copy is a file, or a database made from
another as its template, so that hundreds of them cost little.
"""

import datetime as dt
import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sitrack.coordination import consent, erasing, handing, people, teams
from sitrack.coordination.merging import merge
from sitrack.coordination.parking import change_status
from sitrack.coordination.people import Author
from sitrack.coordination.protocols import adopt
from sitrack.journey import parking
from sitrack.pathway import derivation
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Side
from sitrack.record.ledger import open_ledger
from sitrack.record.staff import Staff
from tests.clinic import RIVERA, Clinic
from tests.conftest import clock_at, new_ledger

OSEI, ADA, BO = (Author(name, "account") for name in ("osei", "ada", "bo"))
NOW = ("2025-05-06", "09:00")
TODAY = dt.date(2025, 5, 6)
REVIEW = dt.date(2025, 5, 20)
FINISHED = {"command": "episode finish", "reason": "transferred"}
PHONE = "+44 7700 900123"
EXAMINED = {"positive": "faber,gaenslen,yeoman,aslr", "negative": "compression"}


@dataclass
class Ward:
    """An open copy.

    Attributes:
        clinic: at work on it.
        keys: episodes and patients, by what is special about them.
        folder: for files of a write's own.
    """

    clinic: Clinic
    keys: dict = field(default_factory=dict)
    folder: Path | None = None

    def __getattr__(self, name):
        try:
            return self.keys[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def ledger(self):
        return self.clinic.ledger


def derived(number):
    """A protocol of the clinic's own, with a later end of the trial."""
    head = f'derives = "si-2026.1"\nid = "north-2026.{number}"\ntitle = "North"\n'
    later = "[[follow_ups]]\nid = 'CON-TRIAL'\noffset = 56\n"
    return derivation.read(head + later, lambda _: load(shipped_text()))


def furnished(ledger):
    """Fill a new ledger; return the keys by what is special about them."""
    clinic = Clinic(ledger)
    for name, role in (("okafor", "coordinator"), ("ada", "admin"), ("bo", "admin")):
        people.add_staff(ledger, RIVERA, Staff(name, role, None))
    spine = teams.TeamChange("osei", ("okafor",), (), None)
    teams.add_team(ledger, RIVERA, "spine", spine)
    keys = {"losable": clinic.injected("2025-01-06")}
    keys["lost"] = clinic.injected("2025-01-06")
    keys["walked"] = clinic.walked()
    keys["fresh"] = clinic.injected("2025-05-01")
    keys |= _ready(clinic)
    for name in ("losable", "lost"):
        sought(clinic, keys[name])
    park(clinic, keys["lost"], parking.lose)
    clinic.record(keys["lost"], "score", nrs="6")
    keys |= _parked(clinic)
    keys |= _handed(clinic)
    keys |= _people(clinic)
    adopt(ledger, RIVERA, derived(1), "osei")
    return keys


def _ready(clinic):
    """Episodes that may move on; one patient's has another one on the other side."""
    ready = clinic.injected("2025-04-22")
    left = clinic.opened(ready.patient, Side.LEFT)
    clinic.inject(left)
    for key in (ready, left):
        clinic.record(key, "diary", readings=("1h=2",))
    clinic.at(*NOW)
    for key in (ready, left):
        clinic.record(key, "score", nrs="7")
    return {"ready": ready, "left": left}


def _parked(clinic):
    """Episodes on hold and finished."""
    held, finished = clinic.opened(), clinic.opened()
    park(clinic, held, lambda asked: parking.hold(asked, "patient-request", REVIEW))
    clinic.record(finished, "score", nrs="7")
    clinic.advance(finished, "closed", **FINISHED)
    return {"held": held, "finished": finished}


def park(clinic, key, decide):
    return change_status(clinic.ledger, RIVERA, key, decide)


def sought(clinic, key):
    """Try to reach a patient, as often as it takes to say that they are lost."""
    for channel in ("phone", "letter", "phone"):
        clinic.contact(key, "no-answer", channel)


def _handed(clinic):
    """Episodes that wait for an answer, and for a team."""
    offered, queued = clinic.opened(), clinic.opened()
    handing.hand_off(clinic.ledger, RIVERA, offered, "osei", "leaving")
    handing.assign(clinic.ledger, RIVERA, [queued], "spine")
    return {"offered": offered, "queued": queued}


def _people(clinic):
    """Patients to be reached, merged, merged already, and to be erased."""
    alone, twin, merged = (clinic.enrolled() for _ in range(3))
    merge(clinic.ledger, RIVERA, merged, twin)
    consent.give(clinic.ledger, RIVERA, alone, "sms", PHONE)
    wished = clinic.enrolled("Ann", "Other")
    done = clinic.opened(wished)
    clinic.record(done, "score", nrs="7")
    clinic.advance(done, "closed", **FINISHED)
    erasing.erase(clinic.ledger, ADA, wished, "unlawful", 10)
    return {"alone": alone, "twin": twin, "merged": merged, "wished": wished}


@contextmanager
def copied(made, folder, postgres):
    """Give the URL of a copy of a ward that nobody is connected to."""
    if postgres is None:
        copy = Path(folder) / "copy.db"
        # A new file each time: who still has the last one open, has nothing of this one.
        for name in ("copy.db", "copy.db-wal", "copy.db-shm"):
            (Path(folder) / name).unlink(missing_ok=True)
        shutil.copy(made, copy)
        yield f"sqlite:///{copy}"
    else:
        with postgres.fresh(template=made) as url:
            yield url


@contextmanager
def opened(url, keys, folder):
    """Give the ward of a copy, at work."""
    with closing(open_ledger(url)) as ledger:
        ledger.use_clock(clock_at(*NOW))
        clinic = Clinic.__new__(Clinic)
        clinic.ledger = ledger
        yield Ward(clinic, keys, folder)


@contextmanager
def original(folder, postgres):
    """Make the ward; give what it is copied from, and the keys in it."""
    if postgres is None:
        file = Path(folder) / "ward.db"
        keys = _made(f"sqlite:///{file}")
        yield file, keys
    else:
        with postgres.fresh() as url:
            keys = _made(url)
            yield url.partition("?")[0].rpartition("/")[2], keys


def _made(url):
    with closing(new_ledger(url)) as ledger:
        return furnished(ledger)
