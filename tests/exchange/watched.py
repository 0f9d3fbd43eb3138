"""A lived clinic that somebody looks at, with every kind of act that is told of them."""

import datetime as dt
import itertools

from sitrack.coordination import people
from sitrack.coordination.exports import note_export
from sitrack.journey.patient import patient_stream
from sitrack.record import access, acts
from sitrack.record.access import Reader, Sight
from sitrack.record.ledger import reading
from sitrack.record.staff import Staff
from tests.clinic import RIVERA
from tests.exchange.clinic_abroad import lived

OSEI = Reader("osei", "clinician", "front-desk")
SOMEBODY = Reader("account:kiosk", None, "kiosk")
NOBODYS_KEY = "P99990-R"
"""The key of an episode that there is not."""


def watched(ledger, tmp_path, acts=20, seed=1):
    """Both episodes of a patient, and another's, seen and refused; and the rest."""
    lives = lived(ledger, tmp_path, acts=acts, seed=seed)
    ledger.use_clock(_ticking(ledger.clock()))
    people.add_staff(ledger, RIVERA, Staff("mensah", "auditor", None))
    one, two = episodes_of(ledger)[:2]
    patient = one.partition("-")[0]
    for reader, sight in (
        (OSEI, Sight("show", "json", [one])),
        (OSEI, Sight("worklist", "table", [one, two])),
        (SOMEBODY, Sight("patient show", "table", [patient])),
        (OSEI, Sight("why", "table", [one], outcome="not-eligible")),
        (OSEI, Sight("patient erase", "table", [one], outcome="not-permitted")),
        (OSEI, Sight("audit trail", "table", outcome="not-permitted")),
        (OSEI, Sight("show", "table", [NOBODYS_KEY])),
        (OSEI, Sight("show", "table", [NOBODYS_KEY], outcome="not-permitted")),
        (Reader("mensah", "auditor", "office"), Sight("show", "table", [two])),
    ):
        access.note(ledger, reader, sight)
    access.admit(ledger, OSEI, "audit trail", "safety")
    access.note(ledger, OSEI, Sight("show", "table", [two], glass="safety"))
    said = {"what": "person", "named": True, "digest": "ab" * 32}
    note_export(ledger, RIVERA, said, stream=patient_stream(patient))
    note_export(ledger, RIVERA, {"what": "csv", "named": True, "digest": "cd" * 32})
    people.change_role(ledger, RIVERA, "mensah", "coordinator")
    people.retire_staff(ledger, RIVERA, "mensah")
    return lives


def _ticking(first):
    """A clock by which nothing happens at the same moment as another thing."""
    seconds = itertools.count(1)
    return lambda: first + dt.timedelta(seconds=next(seconds))


def episodes_of(ledger):
    """Two episodes of different patients, and then all others."""
    with reading(ledger) as connection:
        rows = connection.exec_driver_sql("SELECT key FROM episode ORDER BY key")
        keys = list(rows.scalars())
    first = {key.partition("-")[0]: key for key in reversed(keys)}
    some = [first[each] for each in sorted(first)]
    return [*some, *(key for key in keys if key not in some)]


def acts_of(ledger, as_known=None):
    """All that people did around the care."""
    with reading(ledger) as connection:
        return list(acts.acts(connection, as_known))
