"""Writes that are sent in one journey: all of them happen, in their order, or none."""

import datetime as dt
import re
import time

import pytest
from psycopg import pq
from sqlalchemy import Engine, event, exc, insert, select, text, update

from sitrack.errors import WrittenFirst
from sitrack.record import tables
from sitrack.record.journal import writing
from sitrack.record.ledger import reading
from sitrack.record.pipelining import in_one_journey
from tests.clinic import Clinic, driver

from .test_connection import refusal_of

SPANS = tables.stage_span


@pytest.fixture
def key(ledger):
    return str(Clinic(ledger).injected("2025-01-06"))


def _all_to(connection, stage):
    connection.execute(update(SPANS).values(stage=stage))


def _stages(ledger):
    with reading(ledger) as connection:
        return connection.execute(select(SPANS.c.visit, SPANS.c.stage)).all()


def test_they_happen_in_their_order(ledger, key):
    with writing(ledger) as work, in_one_journey(work.connection):
        _all_to(work.connection, "conservative-care")
        _all_to(work.connection, "nerve-block")
    assert {stage for _, stage in _stages(ledger)} == {"nerve-block"}


def test_what_was_sent_is_seen_behind_the_block(ledger, key):
    with writing(ledger) as work:
        with in_one_journey(work.connection):
            _all_to(work.connection, "nerve-block")
        seen = work.connection.execute(select(SPANS.c.stage)).scalars().all()
    assert set(seen) == {"nerve-block"}


@pytest.mark.parametrize("seconds", [0, 0.2])
def test_where_one_is_refused_none_has_happened(ledger, key, caplog, seconds):
    """In the words that it has without the block, whenever the answer comes.

    The driver says nothing of its own beside them: it would repeat values.
    """
    before = _stages(ledger)
    again = {"episode": key, "visit": before[0].visit, "stage": "rfa"}

    def act():
        with writing(ledger) as work, in_one_journey(work.connection):
            _all_to(work.connection, "nerve-block")
            on = {"entered": dt.date(2025, 1, 6)}
            work.connection.execute(insert(SPANS), again | on)
            time.sleep(seconds)
            _all_to(work.connection, "rfa")

    refusal_of(act, WrittenFirst)
    assert not caplog.records
    assert _stages(ledger) == before
    with writing(ledger) as work:  # and the connection is as good as before
        _all_to(work.connection, "rfa")


def test_where_the_server_goes_away_none_has_happened(postgresql_ledger, caplog):
    ledger = postgresql_ledger
    Clinic(ledger).injected("2025-01-06")
    before = _stages(ledger)

    def act():
        with writing(ledger) as work:
            pid = work.connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with in_one_journey(work.connection):
                _all_to(work.connection, "nerve-block")
                with driver(ledger) as run:
                    run("SELECT pg_terminate_backend(?)", pid)
                time.sleep(0.2)
                _all_to(work.connection, "nerve-block")

    refused = refusal_of(act)
    assert refused.message == "the database server cannot be reached"
    assert not caplog.records
    assert _stages(ledger) == before
    with writing(ledger) as work:
        _all_to(work.connection, "rfa")
    assert {stage for _, stage in _stages(ledger)} == {"rfa"}


def test_an_advance_writes_all_its_copies_in_one_journey(postgresql_ledger):
    clinic, pipelined = Clinic(postgresql_ledger), {}
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="7")

    def keep(connection, _cursor, statement, *_others):
        status = connection.connection.driver_connection.info.pipeline_status
        pipelined[statement] = status != pq.PipelineStatus.OFF

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        clinic.advance(key, "re-evaluation")
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    copies = ("episode", "stage_span", "agenda", "reminder")
    wrote = re.compile(rf"(UPDATE|INSERT INTO|DELETE FROM) ({'|'.join(copies)})\b")
    changes = {text: on for text, on in pipelined.items() if wrote.match(text)}
    assert {wrote.match(text)[2] for text in changes} == set(copies)
    assert all(changes.values()), changes
    assert not all(pipelined.values())


def test_nothing_can_be_asked_in_the_block(postgresql_ledger):
    """It would have to wait for an answer: a fault of ours, and a loud one."""
    with (
        writing(postgresql_ledger) as work,
        in_one_journey(work.connection),
        pytest.raises(exc.ResourceClosedError),
    ):
        work.connection.execute(select(SPANS.c.stage)).all()
