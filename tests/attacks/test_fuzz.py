"""Whatever stands in the database, verify says what it finds, and never falls over."""

import random
import sqlite3
from contextlib import closing

from sitrack.cli import run as typed_in
from sitrack.errors import SitrackError
from sitrack.record.ledger import open_ledger
from sitrack.record.tables import metadata
from tests.cli.keyboard import typed
from tests.conftest import clock_at
from tests.sealing import found

from .burglar import Burglar
from .house import NOW, house

TEXTS = (
    *("", " ", "\x00", "\ufffd", "{", "[]", "null", "-1", "2025-02-30", "9" * 400),
    *("episode/", "episode/P0", "patient/", "office", "2025-01-30T99:99:99.000000Z"),
    *('{"streams": 7}', '{"episode": []}', '{"key": "a+b+c", "after": "x"}'),
    *("0001-01-01T00:00:00+14:00", "\u0661", "a" * 70_000, '{"a": ' * 2_000),
)
NUMBERS = (0, -1, 1, 2**31, 2**62, -(2**63))
BLOBS = (b"", b"\x00", b"\xff" * 32, b"x" * 31, b"y" * 33)


def of_type(rng, kind):
    """A value that the column takes, and nobody would expect."""
    pools = {"TEXT": TEXTS, "INTEGER": NUMBERS, "BLOB": BLOBS}
    return rng.choice(pools[kind])


def columns(connection):
    """Every column there is: (table, name, type)."""
    return [
        (table.name, name, kind)
        for table in metadata.sorted_tables
        for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table.name})")
    ]


def spoiled(burglar, rng):
    """Put an odd value somewhere; several at a time, as they come."""
    with closing(sqlite3.connect(burglar.ledger.url.database)) as connection:
        places = columns(connection)
    for _ in range(rng.randint(1, 4)):
        table, name, kind = rng.choice(places)
        value = of_type(rng, kind)
        one = f"rowid = (SELECT rowid FROM {table} ORDER BY random() LIMIT 1)"
        where = rng.choice(["1 = 1", one])
        change = f"UPDATE OR IGNORE {table} SET {name} = ? WHERE {where}"
        burglar.sql("PRAGMA ignore_check_constraints = ON")
        try:
            burglar.sql(change, value)
        except (sqlite3.Error, OverflowError):
            continue


def test_odd_values_are_findings_and_never_a_crash(tmp_path):
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    rng = random.Random(seed)
    for turn in range(60):
        folder = tmp_path / str(turn)
        folder.mkdir()
        made = house(folder, is_sealed=True)
        try:
            with Burglar(made) as burglar:
                spoiled(burglar, rng)
            made.found("R")
        finally:
            made.ledger.close()


def test_bytes_of_nonsense_are_findings_and_never_a_crash(tmp_path):
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    rng = random.Random(seed)
    made = house(tmp_path, is_sealed=True)
    made.ledger.close()
    file = tmp_path / "house.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    copy = tmp_path / "spoiled.db"
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 5)):
            start = rng.randrange(100, len(data))
            length = rng.randint(1, 300)
            data[start : start + length] = rng.randbytes(length)
        copy.write_bytes(data[: len(whole)])
        copy.chmod(0o600)
        for more in ("-wal", "-shm"):
            (tmp_path / f"spoiled.db{more}").unlink(missing_ok=True)
        try:
            ledger = open_ledger(f"sqlite:///{copy}")
        except SitrackError:
            continue
        ledger.use_clock(clock_at(*NOW))
        try:
            found(ledger, **made.held["K"])
        finally:
            ledger.close()
        done = typed("audit", "verify", "-d", f"sqlite:///{copy}", "--json")
        assert done.code in {0, 13, 14}, done.err


def test_the_command_leaves_with_its_codes_and_no_traceback(tmp_path):
    assert (
        typed_in(["audit", "verify", "-d", f"sqlite:///{tmp_path / 'none.db'}"]) == 14
    )
