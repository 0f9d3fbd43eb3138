"""Attacks on the file itself, and on what stands beside it; two auditors compare."""

import random
import shutil
import sqlite3
from contextlib import closing

import pytest

from sitrack.errors import SitrackError
from sitrack.record.ledger import open_ledger
from tests.conftest import clock_at
from tests.sealing import found, sealed, witnessed

from .burglar import Burglar
from .house import NOW, house
from .proven import contents


@pytest.fixture
def kept(tmp_path):
    """A sealed house whose file is whole by itself, and closed."""
    made = house(tmp_path, is_sealed=True)
    made.ledger.close()
    made.file = tmp_path / "house.db"
    with closing(sqlite3.connect(made.file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for more in ("-wal", "-shm"):
        (tmp_path / f"house.db{more}").unlink(missing_ok=True)
    return made


def looked_at(house, file):
    """What is found with everything that is held; `refused` where it cannot be opened."""
    try:
        ledger = open_ledger(f"sqlite:///{file}")
    except SitrackError:
        return "refused"
    try:
        ledger.use_clock(clock_at(*NOW))
        brought = {}
        for each in house.held.values():
            brought |= each
        return [code for code, *_ in found(ledger, **brought)]
    except SitrackError:
        return "refused"
    finally:
        ledger.close()


def pages(file):
    data = file.read_bytes()
    size = int.from_bytes(data[16:18])
    return [data[start : start + size] for start in range(0, len(data), size)]


def test_pages_that_changed_places_are_found(kept, tmp_path):
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    rng = random.Random(seed)
    whole, before = pages(kept.file), contents(kept.file)
    copy = tmp_path / "swapped.db"
    for _ in range(30):
        here, there = rng.sample(range(len(whole)), 2)
        swapped = list(whole)
        swapped[here], swapped[there] = swapped[there], swapped[here]
        copy.write_bytes(b"".join(swapped))
        copy.chmod(0o600)
        assert looked_at(kept, copy) != [] or contents(copy) == before, (here, there)
        for more in ("-wal", "-shm"):
            (tmp_path / f"swapped.db{more}").unlink(missing_ok=True)


def test_a_file_that_was_cut_short_is_found(kept, tmp_path):
    whole = kept.file.read_bytes()
    copy = tmp_path / "short.db"
    for part in (0.3, 0.6, 0.9):
        copy.write_bytes(whole[: int(len(whole) * part)])
        copy.chmod(0o600)
        assert looked_at(kept, copy) != []
        for more in ("-wal", "-shm"):
            (tmp_path / f"short.db{more}").unlink(missing_ok=True)


def test_a_file_without_its_log_is_what_it_was_before(tmp_path):
    """What stood in the write-ahead log alone is gone: the witness and receipts know."""
    made = house(tmp_path, is_sealed=True)
    with closing(sqlite3.connect(tmp_path / "house.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        made.ledger.use_clock(clock_at("2025-01-30", "11:00"))
        from tests.clinic import Clinic

        clinic = Clinic.__new__(Clinic)
        clinic.ledger = made.ledger
        clinic.record(made.one, "note", text="Is in the log alone.")
        sealed(made.ledger)
        after = witnessed(made.ledger)
        copy = tmp_path / "without.db"
        shutil.copy(tmp_path / "house.db", copy)
    made.ledger.close()
    made.held["A"] = {"seen": [after]}
    assert "WITNESS" in looked_at(made, copy)


def test_the_log_of_an_older_file_changes_nothing_unseen(kept, tmp_path):
    """A stale log beside a newer file is either left alone by SQLite, or found."""
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE staff SET email = 'x@clinic.example'")
        connection.commit()
        stale = (tmp_path / "old.db-wal").read_bytes()
    (tmp_path / "house.db-wal").write_bytes(stale)
    before = contents(kept.file)
    found_now = looked_at(kept, kept.file)
    assert found_now != [] or contents(kept.file) == before


def test_two_auditors_who_were_shown_different_histories_find_out(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    shown = [house(tmp_path / name, is_sealed=True) for name in ("one", "two")]
    with Burglar(shown[1]) as burglar:
        burglar.edit(burglar.one, 4, performer="somebody")
        burglar.chain_anew(burglar.one)
        burglar.seal_anew("clinic")
    seen = [witnessed(each.ledger) for each in shown]
    keys = shown[0].held["K"]["keys"]
    for each, own in zip(shown, seen, strict=True):
        assert found(each.ledger, keys=keys, seen=[own]) == []
        codes = {code for code, *_ in found(each.ledger, keys=keys, seen=seen)}
        assert codes == {"WITNESS"}
        each.ledger.close()
