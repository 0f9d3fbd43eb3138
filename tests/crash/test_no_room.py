"""A full disk, and a disk that cannot be written: one sentence, and nothing by halves.

The disk is made full for this process alone, by the greatest size that it may give to a
file: every write beyond that fails in the middle of whatever SQLite is doing. Root may
write anywhere, and so puts its rights down for a while.
"""

import os
import resource
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from sitrack.record.receipts import read_receipts
from tests.cli.keyboard import contents, typed
from tests.clinic import Clinic
from tests.conftest import clock_at, new_ledger
from tests.sealing import found

NOBODY = 65534
PAGE = 4096
NOTE = ("record", "note", "P00013-R", "--as", "rivera", "--text", "-")
WORDS = "She asks for letters in large print. " * 100


@pytest.fixture
def house(monkeypatch):
    """A folder of its own, outside of what only root may enter, with one episode."""
    folder = Path(tempfile.mkdtemp(prefix="sitrack-room-"))
    file = folder / "ledger.db"
    ledger = new_ledger(f"sqlite:///{file}")
    Clinic(ledger).opened()
    ledger.use_clock(clock_at("2025-01-07"))
    ledger.close()  # so that its log is empty
    monkeypatch.setenv("HOME", str(folder))
    yield folder, file, ledger
    ledger.close()
    folder.chmod(0o700)
    shutil.rmtree(folder)


def noted(file):
    """Write a note of several pages, as a command."""
    when = ("-d", f"sqlite:///{file}", "--now", "2025-01-07T09:00")
    return typed(*NOTE, *when, stdin=WORDS)


@contextmanager
def room(size):
    """No file of this process grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def without_root():
    """Be somebody who may not write where the owner may not."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def refused(done, *sentences):
    """It left with 14, in one sentence out of those."""
    assert (done.code, done.out) == (14, "")
    first, *_, last = done.told.splitlines()
    assert first.removeprefix("error: ") in sentences
    assert last.startswith("hint: ")
    assert "Traceback" not in done.err


FULL = ("the disk is full; nothing was changed", "the disk failed; nothing was changed")


def test_a_disk_that_fills_up_anywhere_in_a_write_keeps_all_of_it_or_nothing(house):
    _, file, ledger = house
    printed, refusals = [], 0
    for size in range(0, 80 * PAGE, 3 * PAGE // 4):
        before = contents(file)
        with room(size):
            done = noted(file)
        if done.code:
            refused(done, *FULL)
            assert contents(file) == before
            refusals += 1
        else:
            printed += read_receipts(done.out)
    assert refusals > 20
    assert len(printed) > 3
    assert noted(file).code == 0, "there is room again"
    assert found(ledger, receipts=printed) == []


def test_a_folder_that_cannot_be_written_refuses_a_write(house):
    folder, file, ledger = house
    assert noted(file).code == 0  # also loads what root alone may read
    before = contents(file)
    for more in ("-wal", "-shm"):
        Path(f"{file}{more}").unlink(missing_ok=True)
    if not os.geteuid():
        os.chown(file, NOBODY, NOBODY)
        os.chown(folder, NOBODY, NOBODY)
    folder.chmod(0o500)
    with without_root():
        refused(noted(file), "the database cannot be written; nothing was changed")
    folder.chmod(0o700)
    assert contents(file) == before
    assert found(ledger) == []


def test_a_file_that_cannot_be_written_refuses_a_write(house):
    _, file, ledger = house
    before = contents(file)
    file.chmod(0o400)
    refused(noted(file), f"{file} is read-only")
    file.chmod(0o600)
    assert contents(file) == before
    assert found(ledger) == []
