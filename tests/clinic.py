"""A small clinic that works through the library, and a driver that goes around it."""

import sqlite3
from contextlib import closing, contextmanager

from sqlalchemy import make_url

from sitrack import settings
from sitrack.coordination import people
from sitrack.coordination.contact import Attempt, log_contact
from sitrack.coordination.episodes import Step, advance, open_episode
from sitrack.coordination.evidence import (
    EvidenceRequest,
    record_evidence,
    record_on_both,
)
from sitrack.coordination.people import Author
from sitrack.pathway.stages import Side
from sitrack.record import verify
from sitrack.record.ledger import reading
from sitrack.record.registry import Person
from sitrack.record.staff import Staff

from .conftest import clock_at

RIVERA = Author("rivera", "account")
NOT_VALUES = ("about", "readings", "occurred", "performer", "text")


class Clinic:
    """One coordinator, Rivera, one clinician, Osei, and whoever walks in."""

    def __init__(self, ledger, email="rivera@clinic.example"):
        self.ledger = ledger
        people.add_staff(ledger, RIVERA, Staff("rivera", "coordinator", email))
        people.add_staff(ledger, RIVERA, Staff("osei", "clinician", None))

    def at(self, day, time="09:00"):
        zone = self.ledger.zone.key
        self.ledger.use_clock(clock_at(day, time, zone))

    def enrolled(self, given="Mary", family="King", born=None, mrn=None):
        person = Person(given, family, born, mrn)
        return people.enrol(self.ledger, RIVERA, person)[0].key

    def opened(self, patient=None, side=Side.RIGHT, **options):
        patient = patient or self.enrolled()
        written = open_episode(self.ledger, RIVERA, patient, side, **options)
        return written.episode.key

    def record(self, key, kind, *, expect_version=None, dry_run=False, **values):
        more = {name: values.pop(name) for name in NOT_VALUES if name in values}
        request = EvidenceRequest(kind, values, **more)
        return record_evidence(
            self.ledger,
            RIVERA,
            key,
            request,
            expect_version=expect_version,
            dry_run=dry_run,
        )

    def both(self, patient, kind, *, left=None, right=None, **shared):
        """One session on both sides: what they share, and what is of one side."""
        versions, dry_run = shared.pop("versions", None), shared.pop("dry_run", False)
        requests = {}
        for side, own in ((Side.LEFT, left), (Side.RIGHT, right)):
            values = {**shared, **(own or {})}
            more = {name: values.pop(name) for name in NOT_VALUES if name in values}
            requests[side] = EvidenceRequest(kind, values, **more)
        return record_on_both(
            self.ledger,
            RIVERA,
            patient,
            requests,
            expect_versions=versions,
            dry_run=dry_run,
        )

    def advance(self, key, target, *, expect_version=None, **step):
        return advance(
            self.ledger,
            RIVERA,
            key,
            Step(target, **step),
            expect_version=expect_version,
        )

    def contact(self, key, outcome, channel="phone", **more):
        attempt = Attempt(outcome, channel, **more)
        return log_contact(self.ledger, RIVERA, key, attempt)[0]

    def injected(self, day="2025-01-06", side=Side.RIGHT):
        """An episode whose injection was done on that day; its diary is missing."""
        self.at(day)
        key = self.opened(side=side)
        self.inject(key)
        return key

    def inject(self, key):
        return self.record(
            key, "injection", guidance="fluoroscopy", contrast="in-joint", nrs="8"
        )

    def walked(self):
        """An episode that went from the injection to conservative care, in January."""
        key = self.injected("2025-01-06")
        self.record(key, "diary", readings=("1h=2",))
        self.at("2025-01-20")
        self.record(key, "score", nrs="7")
        self.advance(key, "re-evaluation")
        self.at("2025-01-30")
        tests = {"positive": "faber,gaenslen,yeoman,aslr", "negative": "compression"}
        self.record(key, "exam", **tests)
        screens = {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"}
        self.record(key, "screen", **screens)
        self.advance(key, "conservative-care")
        return key


def settings_of(tmp_path, **flags):
    """The settings of a run, from flags alone."""
    nothing = tmp_path / "nothing.toml"
    nothing.touch()
    told = {"clinic.address": "desk@clinic.example", **flags}
    return settings.load(told, {}, str(nothing))


def faults_of(ledger):
    """What `verify` finds, as (code, stream, seq)."""
    with reading(ledger) as connection:
        report = verify.verify(connection, ledger, lambda _: None)
    return [(fault.code, fault.stream, fault.seq) for fault in report.faults]


def codes_of(ledger):
    """The codes that `verify` finds."""
    return {code for code, _, _ in faults_of(ledger)}


class Driver:
    """A connection of the bare driver, committing each statement."""

    def __init__(self, connection, *, on_postgres):
        self.connection = connection
        self.on_postgres = on_postgres
        self.dropped = []

    def __call__(self, statement, *values):
        """Run one statement, `?` for each value, and return its rows."""
        if self.on_postgres:
            statement = statement.replace("?", "%s")
        cursor = self.connection.execute(statement, *([values] if values else []))
        return cursor.fetchall() if cursor.description else []

    def without_triggers(self):
        """Drop every guard, as somebody who owns the database can, until the end."""
        if self.on_postgres:
            for name, table, made in self(_POSTGRES_TRIGGERS):
                self(f"DROP TRIGGER {name} ON {table}")
                always = f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
                self.dropped += [made, always]
            self("SET session_replication_role = replica")
        else:
            for name, made in self(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            ):
                self(f"DROP TRIGGER {name}")
                self.dropped.append(made)
        return self

    def put_back(self):
        """Make every trigger again that was dropped, so that none is missed."""
        for statement in self.dropped:
            self(statement)
        self.dropped.clear()


_POSTGRES_TRIGGERS = """
SELECT tgname, tgrelid::regclass, pg_get_triggerdef(oid)
FROM pg_trigger WHERE NOT tgisinternal
"""


@contextmanager
def driver(ledger):
    """The database of a ledger through the bare driver; dropped triggers come back."""
    url = make_url(str(ledger.url.render_as_string(hide_password=False)))
    if ledger.on_postgres:
        import psycopg

        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            run = Driver(connection, on_postgres=True)
            yield run
            run.put_back()
    else:
        with closing(sqlite3.connect(url.database, isolation_level=None)) as connection:
            run = Driver(connection, on_postgres=False)
            yield run
            run.put_back()


def everything(ledger):
    """Every row of every table, to show that nothing was changed."""
    from sqlalchemy import select

    from sitrack.record.tables import metadata

    with reading(ledger) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
        }
