"""A clinic, its settings, a channel that keeps what it was given, and a wall clock."""

import datetime as dt

import apscheduler.schedulers.base
import pytest
from sqlalchemy import select

from sitrack.record import tables
from sitrack.record.ledger import reading
from sitrack.reminders.round import run_round
from sitrack.settings import load
from tests.clinic import Clinic, settings_of
from tests.reminders.gateway import Gateway, serving


class Memory:
    """A channel that keeps what it was given, or does something else on the way."""

    longest_send = 30.0

    def __init__(self, on_send=lambda message: None, name="file"):
        self.sent = []
        self.name = name
        self._on_send = on_send

    def send(self, message):
        self._on_send(message)
        self.sent.append(message)
        return message.key

    def close(self):
        """There is nothing to let go of."""


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


@pytest.fixture
def settings(tmp_path):
    return settings_of(tmp_path)


@pytest.fixture
def configured(tmp_path):
    """Settings from these values alone, not from whoever runs the tests."""
    nothing = tmp_path / "config.toml"
    nothing.touch()
    return lambda **flags: load(
        {name.replace("__", "."): value for name, value in flags.items()},
        {},
        str(nothing),
    )


@pytest.fixture
def gateway():
    with serving(Gateway()) as gateway:
        yield gateway


def round_of(clinic, settings, channel, **options):
    """Run a round and return its report."""
    return run_round(clinic.ledger, settings, channel, **options)


def outbox(ledger, **wanted):
    """The rows of the outbox, by id."""
    table = tables.reminder
    query = select(table).order_by(table.c.id).filter_by(**wanted)
    with reading(ledger) as connection:
        return connection.execute(query).all()


def events(ledger):
    """The delivery lines as (row, attempt, event, detail), in the order of rows."""
    table = tables.delivery
    query = select(table).order_by(table.c.reminder, table.c.attempt, table.c.event)
    with reading(ledger) as connection:
        return [
            (row.reminder, row.attempt, row.event, row.detail)
            for row in connection.execute(query)
        ]


class WallClock:
    """A clock on the wall that somebody may set."""

    def __init__(self):
        self.off_by = 0.0

    def __call__(self):
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.off_by)


@pytest.fixture
def wall(monkeypatch):
    """One wall clock for the watch and for the scheduler underneath it."""
    clock = WallClock()

    class Datetime(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return clock().astimezone(tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Datetime)
    return clock
