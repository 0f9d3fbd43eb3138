"""Verify while others write, and while somebody seals: it never raises a false alarm."""

import threading
import time

import pytest

from sitrack.errors import SitrackError
from sitrack.record.journal import open_ledger
from tests.clinic import Clinic
from tests.sealing import found, register, sealed

SECONDS = 6
WRITERS = 3


@pytest.fixture
def busy(ledger):
    """A sealed record, and a clinic for each writer."""
    clinic = Clinic(ledger)
    clinic.trusted = register(ledger)
    people = [clinic.enrolled("Jo", f"Number{n}") for n in range(WRITERS)]
    clinic.episodes = [clinic.opened(patient) for patient in people]
    sealed(ledger)
    return clinic


def opened(ledger):
    """The same record, through connections of one's own."""
    other = open_ledger(ledger.url.render_as_string(hide_password=False))
    other.use_clock(ledger.clock)
    return other


def test_no_false_alarm_while_others_write_and_seal(busy):
    stop = threading.Event()
    wrote, sealings, faults, broken = [], [], [], []

    def guarded(act):
        own = opened(busy.ledger)
        try:
            while not stop.is_set():
                act(own)
        except SitrackError as error:
            broken.append(error)
        finally:
            own.close()

    def write(own, key):
        clinic = Clinic.__new__(Clinic)
        clinic.ledger = own
        clinic.record(key, "note", text="More.")
        wrote.append(key)

    def seal(own):
        sealings.append(sealed(own))
        time.sleep(0.05)

    acts = [lambda own, key=key: write(own, key) for key in busy.episodes]
    threads = [threading.Thread(target=guarded, args=(act,)) for act in [*acts, seal]]
    for each in threads:
        each.start()
    until, looked = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        faults += found(busy.ledger, keys=[busy.trusted])
        looked += 1
    stop.set()
    for each in threads:
        each.join()
    assert broken == []
    assert faults == []
    assert looked > 1
    assert len(wrote) > WRITERS
    assert sum(done is not None for done in sealings) > 1
    assert found(busy.ledger, keys=[busy.trusted]) == []
