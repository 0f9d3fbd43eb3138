"""A clock that is set back or ahead: entries keep their order, and office knows why."""

import datetime as dt

import pytest

from sitrack.record import clock_steps, journal
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from tests.clinic import Clinic, codes_of

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def real(ledger, monkeypatch):
    """A clinic on a ledger that keeps the machine's time, which the test sets."""
    made = Clinic(ledger)
    ledger.injected = False

    def present(_connection, _ledger):
        return made.now

    made.now = ledger.clock()
    monkeypatch.setattr(journal, "present_instant", present)
    return made


def steps(ledger):
    """What `office` says of steps of the clock."""
    with reading(ledger) as connection:
        office = load_stream(connection, "office")
    return [e for e in office if e.kind == clock_steps.CLOCK_STEPPED]


def test_a_clock_that_goes_on_is_no_step(real):
    real.enrolled("Ann", "One")
    real.now += HOUR
    real.enrolled("Ben", "Two")
    assert steps(real.ledger) == []


def test_a_clock_that_was_set_back_is_written_down_once(real):
    key = real.opened()
    real.now -= HOUR
    real.record(key, "score", nrs="7")
    real.now += dt.timedelta(minutes=10)
    real.record(key, "score", nrs="6")
    [step] = steps(real.ledger)
    assert -3600 <= step.payload["seconds"] <= -3590
    assert dt.datetime.fromisoformat(step.payload["until"]) >= real.now
    assert step.provenance.recorder == "rivera"


def test_what_is_written_meanwhile_keeps_its_order(real):
    key = real.opened()
    real.now -= HOUR
    for _ in range(3):
        real.record(key, "note", text="one")
    with reading(real.ledger) as connection:
        times = [e.recorded for e in load_stream(connection, key.stream)]
    assert times == sorted(set(times))
    assert codes_of(real.ledger) == set()


def test_a_second_step_after_the_first_was_made_up_for_is_another(real):
    key = real.opened()
    for _ in range(2):
        real.now -= HOUR
        real.record(key, "note", text="behind")
        real.now += 3 * HOUR
        real.record(key, "note", text="on time")
    assert len(steps(real.ledger)) == 2


def test_a_step_further_back_is_another(real):
    key = real.opened()
    real.now -= HOUR
    real.record(key, "note", text="behind")
    real.now -= HOUR
    real.record(key, "note", text="further behind")
    assert len(steps(real.ledger)) == 2


def test_five_seconds_are_no_step(real):
    key = real.opened()
    real.now -= dt.timedelta(seconds=4)
    real.record(key, "note", text="adjusted")
    assert steps(real.ledger) == []


def test_a_dry_run_writes_no_step_down(real):
    key = real.opened()
    real.now -= HOUR
    real.record(key, "score", nrs="7", dry_run=True)
    assert steps(real.ledger) == []


def test_it_is_no_part_of_the_command_that_noticed_it(real):
    key = real.opened()
    real.now -= HOUR
    written = real.record(key, "score", nrs="7")
    [step] = steps(real.ledger)
    assert step.batch != written.entry.batch


def test_a_clock_that_was_handed_in_does_not_step(ledger):
    clinic = Clinic(ledger)
    clinic.at("2025-02-01")
    key = clinic.opened()
    clinic.at("2025-01-07")
    clinic.record(key, "note", text="earlier")
    assert steps(ledger) == []


@pytest.mark.parametrize(
    ("seconds", "told"), [(86_400.4, 86400), (-60, -60), (4, None)]
)
def test_what_a_watch_sees_is_written_down(real, seconds, told):
    clock_steps.note_moved(real.ledger, "account", seconds)
    assert [e.payload["seconds"] for e in steps(real.ledger)] == (
        [told] if told else []
    )
