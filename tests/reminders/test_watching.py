"""A process that keeps watch says in the record what happened around its rounds."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sitrack.errors import Unavailable
from sitrack.record import clock_steps, periods, pulse
from sitrack.record.journal import load_stream
from sitrack.record.ledger import open_ledger, reading
from sitrack.reminders import watching
from sitrack.reminders.schedule import watch as keep_watch
from sitrack.reminders.watching import Watch, note_round
from tests.clinic import Clinic, codes_of, everything, settings_of
from tests.conftest import new_ledger
from tests.crash.servers import room_for_servers

from .conftest import Memory, outbox, round_of
from .gateway import HOST, Gateway, said, serving

ROOT = Path(__file__).parents[2]


def office(ledger):
    """What the `office` stream says, as (kind, seconds)."""
    with reading(ledger) as connection:
        entries = load_stream(connection, "office")
    return [
        (entry.kind, entry.payload.get("seconds"))
        for entry in entries
        if entry.kind in {clock_steps.CLOCK_STEPPED, watching.DATABASE_AWAY}
    ]


@pytest.fixture
def heard():
    return []


@pytest.fixture
def watch(ledger, heard):
    return Watch(ledger, "account", heard.append)


def test_a_clock_that_was_set_is_written_down_after_the_next_round(
    ledger, watch, heard
):
    ledger.injected = False
    watch.clock_was_set(-3600.4)
    watch.clock_was_set(315_360_000.0)
    assert office(ledger) == []
    watch.round_done()
    watch.round_done()
    assert office(ledger) == [("clock-stepped", -3600), ("clock-stepped", 315_360_000)]
    assert heard[0] == "warning: the clock moved by -3600 s"
    assert codes_of(ledger) == set()


@pytest.mark.parametrize("step", [-3600.0, 315_360_000.0], ids=["back", "forward"])
def test_rounds_go_on_under_a_clock_that_is_set_and_say_so(
    ledger, watch, wall, settings, step
):
    clinic = Clinic(ledger)
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    channel, rounds = Memory(), []

    def one_round(_stopping):
        rounds.append(round_of(clinic, settings, channel).count("sent"))
        ledger.injected = False  # a clock that was handed in does not step
        watch.round_done()
        ledger.injected = True
        if len(rounds) == 1:
            wall.off_by = step
        elif len(rounds) == 4:
            signal.raise_signal(signal.SIGTERM)

    keep_watch(
        one_round,
        interval_seconds=0.02,
        on_clock_step=watch.clock_was_set,
        on_error=lambda error: watch.round_failed(error, 0.02),
        clock=wall,
    )
    assert rounds == [1, 0, 0, 0]
    [(kind, seconds)] = office(ledger)
    assert (kind, seconds) == ("clock-stepped", pytest.approx(step, abs=1))
    ledger.injected = False
    assert codes_of(ledger) == set()


YEARS = 315_360_000.0


@pytest.fixture
def by_the_wall(sqlite_ledger, wall, heard):
    """A watch over a ledger whose time is that of the clock on the wall."""
    sqlite_ledger.use_clock(wall)
    sqlite_ledger.injected = False
    return Watch(sqlite_ledger, "account", heard.append)


def test_by_a_clock_that_is_years_ahead_nothing_is_sent_or_written(
    by_the_wall, wall, heard, tmp_path
):
    ledger = by_the_wall.ledger
    clinic = Clinic(ledger)
    clinic.inject(clinic.opened())  # its first reminder is due tomorrow
    told = {name.lower(): value for name, value in ALWAYS.items()}
    flags = {
        name.removeprefix("sitrack_").replace("_", ".", 1): value
        for name, value in told.items()
    }
    settings, channel = settings_of(tmp_path, **flags), Memory()
    believed, kept = [], []

    def one_round(_stopping):
        believed.append(by_the_wall.believes_clock())
        if believed[-1]:
            round_of(clinic, settings, channel)
            by_the_wall.round_done()
        else:
            kept.append(everything(ledger))
        if len(believed) == 2:
            wall.off_by = YEARS
        elif len(believed) == 5:
            wall.off_by = 0.0
        elif len(believed) == 7:
            signal.raise_signal(signal.SIGTERM)

    keep_watch(
        one_round,
        interval_seconds=0.02,
        on_clock_step=by_the_wall.clock_was_set,
        on_error=lambda error: by_the_wall.round_failed(error, 0.02),
        clock=wall,
    )
    assert believed == [True, True, False, False, False, True, True]
    assert channel.sent == []
    assert kept[0] == kept[1] == kept[2]
    assert office(ledger) == [
        ("clock-stepped", pytest.approx(YEARS, abs=1)),
        ("clock-stepped", pytest.approx(-YEARS, abs=1)),
    ]
    assert sum("nothing is sent" in line for line in heard) == 1
    assert codes_of(ledger) == set()


def test_a_clock_that_was_wrong_before_is_believed_once_it_is_set(by_the_wall, wall):
    """A machine that starts in 1970, and is told the time a little later."""
    note_round(by_the_wall.ledger)
    wall.off_by = -5 * YEARS
    later = Watch(by_the_wall.ledger, "account", lambda _: None)
    wall.off_by = 0.0
    later.clock_was_set(5 * YEARS)
    assert later.believes_clock()


def test_an_hour_is_believed_and_a_server_has_a_clock_of_its_own(ledger, watch, at):
    ledger.injected = False
    note_round(ledger)
    watch.clock_was_set(3600.0)
    assert watch.believes_clock()
    at("2035-01-04", "09:00")
    ledger.injected = False
    watch.clock_was_set(YEARS)
    assert watch.believes_clock() == ledger.on_postgres


def test_a_database_that_was_away_is_written_down_once_it_is_back(
    ledger, watch, monkeypatch
):
    elapsed = [100.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: elapsed[0])
    for _ in range(12):
        watch.round_failed(Unavailable("the database server cannot be reached"), 5)
        elapsed[0] += 5
    watch.round_done()
    watch.round_done()
    assert office(ledger) == [("database-away", 60)]


def test_a_moments_absence_and_a_fault_of_ours_are_no_entry(ledger, watch, monkeypatch):
    elapsed = [100.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: elapsed[0])
    watch.round_failed(Unavailable("busy"), 5)
    elapsed[0] += 4
    watch.round_done()
    watch.round_failed(RuntimeError("Mary King"), 5)
    elapsed[0] += 60
    watch.round_done()
    assert office(ledger) == []


def test_what_went_wrong_is_told_without_what_it_said(watch, heard):
    watch.round_failed(RuntimeError("Mary King"), 5)
    assert heard == ["warning: a round failed; trying again in 5 s"]


def test_that_rounds_go_on_is_noted_once_a_minute(ledger, watch, monkeypatch):
    elapsed, noted = [100.0], []
    monkeypatch.setattr(watching.time, "monotonic", lambda: elapsed[0])
    monkeypatch.setattr(watching, "note_round", noted.append)
    for _ in range(25):
        watch.round_done()
        elapsed[0] += 5
    assert noted == [ledger] * 3


def test_the_last_round_is_kept_by_the_hour(ledger, at):
    for day, time_ in (("2025-01-07", "09:00"), ("2025-01-07", "09:59")):
        at(day, time_)
        note_round(ledger)
    with reading(ledger) as connection:
        found = periods.last_finished(connection, pulse.ROUND)
    assert found == dt.datetime(2025, 1, 7, 9, 59, tzinfo=dt.UTC)


# --- the real process


ALWAYS = {
    "SITRACK_REMINDERS_FROM_TIME": "00:00",
    "SITRACK_REMINDERS_UNTIL_TIME": "00:00",
    "SITRACK_REMINDERS_DAYS": "mon,tue,wed,thu,fri,sat,sun",
    "SITRACK_REMINDERS_DIGEST": "false",
    "SITRACK_CLINIC_ADDRESS": "desk@clinic.example",
}


def watcher(url, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "sitrack", "reminder", "watch", "--every", "1"],
        env={**os.environ, **ALWAYS, **environment, "SITRACK_DATABASE_URL": url},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_stop_while_a_message_is_sent_finishes_it_and_gives_back_the_rest(
    ledger_url, tmp_path
):
    ledger = new_ledger(ledger_url)
    clinic = Clinic(ledger)
    for _ in range(3):
        clinic.injected("2025-01-06")
    key = tmp_path / "key"
    key.write_text("0123456789abcdef\n")
    config = tmp_path / "config.toml"
    config.touch()
    begun, stop = threading.Event(), threading.Event()

    def slowly(line):
        begun.set()
        stop.wait(30)
        line.sendall(said(200))

    gateway = Gateway()
    gateway.answers = [slowly]
    with serving(gateway):
        told = {
            "SITRACK_CONFIG": str(config),
            "SITRACK_REMINDERS_CHANNEL": "webhook",
            "SITRACK_WEBHOOK_URL": f"http://{HOST}:{gateway.port}/",
            "SITRACK_WEBHOOK_SECRET_FILE": str(key),
        }
        with watcher(ledger_url, **told) as process:
            assert begun.wait(60)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None  # it does not drop what is in hand
            stop.set()
            _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    rows = outbox(ledger)
    ledger.close()
    done = [row for row in rows if row.status == "done"]
    assert len(done) == len(gateway.requests) == 1
    held = [row for row in rows if row.leased_until is not None]
    assert held == []
    assert json.loads(gateway.requests[0][2])["subject"].split()[1] == done[0].episode


def test_what_cannot_be_sealed_is_said_once_and_stops_no_round(sqlite_url, tmp_path):
    ledger = new_ledger(sqlite_url)
    clinic = Clinic(ledger)
    ledger.close()
    for name, text in (("config.toml", ""), ("seal.pem", "no key"), ("words", "x")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    sink = tmp_path / "sink.jsonl"
    told = {
        "SITRACK_CONFIG": str(tmp_path / "config.toml"),
        "SITRACK_REMINDERS_CHANNEL": "file",
        "SITRACK_REMINDERS_FILE": str(sink),
        "SITRACK_SEAL_KEY_FILE": str(tmp_path / "seal.pem"),
        "SITRACK_SEAL_PASSPHRASE_FILE": str(tmp_path / "words"),
    }
    with watcher(sqlite_url, **told) as process:
        assert "watching" in "".join(process.stderr.readline() for _ in range(2))
        assert "not sealed" in process.stderr.readline()
        time.sleep(2.5)  # two more rounds, that fail to seal as well
        clinic.injected("2025-01-06")
        ends = time.monotonic() + 60
        while not sink.exists():
            assert process.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    clinic.ledger.close()
    assert process.returncode == 0, err
    assert "not sealed" not in err


def test_a_server_that_is_away_for_a_while_is_waited_for_and_said_so(tmp_path):
    sink, config = tmp_path / "sink.jsonl", tmp_path / "config.toml"
    config.touch()
    with room_for_servers() as new:
        server = new("one").create()
        url = server.url()
        ledger = new_ledger(url)
        clinic = Clinic(ledger)
        ledger.close()
        told = {
            "SITRACK_CONFIG": str(config),
            "SITRACK_REMINDERS_CHANNEL": "file",
            "SITRACK_REMINDERS_FILE": str(sink),
        }
        with watcher(url, **told) as process:
            assert "watching" in "".join(process.stderr.readline() for _ in range(2))
            time.sleep(2)
            server.stop("immediate")
            time.sleep(8)
            server.start()
            clinic.injected("2025-01-06")
            ends = time.monotonic() + 60
            while not (sink.exists() and sink.read_text()):
                assert process.poll() is None
                assert time.monotonic() < ends
                time.sleep(0.2)
            time.sleep(2)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        again = open_ledger(url)
        [(kind, seconds)] = office(again)
        assert (kind, seconds > 5) == ("database-away", True)
        again.close()
        clinic.ledger.close()
