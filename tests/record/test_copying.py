"""A ledger copies into another database and back, with the same hashes."""

import random
import sqlite3
from contextlib import closing

import pytest

from sitrack.errors import Unavailable, VerificationFailed
from sitrack.record import copying
from sitrack.record.ledger import open_ledger, reading
from tests.clinic import Clinic, codes_of, driver, everything
from tests.conftest import new_ledger
from tests.exchange.clinic_abroad import lived
from tests.record.lives import Lives
from tests.sealing import register, sealed


def copied(ledger, url):
    done = copying.copy(ledger, url, lambda _: None)
    return done, open_ledger(url)


def test_a_ledger_goes_to_the_other_database_and_back_with_the_same_hashes(
    sqlite_ledger, postgresql_url, tmp_path
):
    seed = random.randrange(10**9)
    lives = lived(sqlite_ledger, tmp_path, seed=seed)
    # Some of it is under a seal, some of it is not yet.
    register(sqlite_ledger)
    sealed(sqlite_ledger)
    lives.live(5)
    before = everything(sqlite_ledger)
    there, server = copied(sqlite_ledger, postgresql_url)
    back, again = copied(server, f"sqlite:///{tmp_path / 'again.db'}")
    assert there == back
    assert everything(server) == everything(again) == before
    # At one moment, the next seal is overdue in all three alike, or in none.
    for each in (server, again):
        each.use_clock(sqlite_ledger.clock)
    assert codes_of(server) == codes_of(again) == codes_of(sqlite_ledger)
    assert codes_of(server) <= {"SEAL_MISSING"}
    server.close()
    again.close()


def test_a_copy_is_one_that_goes_on(ledger, tmp_path, postgres):
    """It is written to like any other: numbers go on behind those that were copied."""
    lives = lived(ledger, tmp_path, acts=20, seed=2)
    with postgres.fresh() as url:
        _, server = copied(ledger, url)
        server.use_clock(ledger.clock)
        lives.clinic.ledger = server
        lives.live(20)
        with driver(server) as run:
            run(
                "INSERT INTO contact_point (patient, channel, address, consent, since)"
                f" VALUES ('{lives.keys[0].patient}', 'email', 'a@b.example', 'given',"
                " '2025-01-06')"
            )
        assert codes_of(server) == set()
        server.close()


def test_a_record_that_does_not_hold_is_not_copied(sqlite_ledger, tmp_path):
    Clinic(sqlite_ledger).walked()
    with driver(sqlite_ledger) as run:
        run.without_triggers()
        run("UPDATE payload SET body = replace(body, '\"7\"', '\"2\"')")
    target = tmp_path / "copy.db"
    with pytest.raises(VerificationFailed, match="not copied"):
        copying.copy(sqlite_ledger, f"sqlite:///{target}", lambda _: None)
    assert not target.exists()


def test_a_copy_never_takes_the_place_of_anything(ledger, tmp_path):
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    with pytest.raises(Unavailable, match="already"):
        copying.copy(ledger, f"sqlite:///{taken}", lambda _: None)
    assert taken.read_text() == "mine"
    other = new_ledger(f"sqlite:///{tmp_path / 'other.db'}")
    url = other.url.render_as_string(hide_password=False)
    before = everything(other)
    with pytest.raises(Unavailable, match="already"):
        copying.copy(ledger, url, lambda _: None)
    assert everything(other) == before
    other.close()


def test_a_copy_is_of_one_moment_while_others_write(sqlite_ledger, tmp_path):
    lives = Lives(sqlite_ledger, random.Random(3), patients=2)
    lives.live(20)
    entries = copying_heads(sqlite_ledger)
    written = []

    def meanwhile(_done):
        if not written:
            lives.live(5)
            written.append(copying_heads(sqlite_ledger))

    target = f"sqlite:///{tmp_path / 'copy.db'}"
    done = copying.copy(sqlite_ledger, target, meanwhile)
    assert done == entries
    assert written[0] != entries


def copying_heads(ledger):
    with reading(ledger) as connection:
        return copying.heads(connection)


def test_nothing_travels_that_no_row_holds_any_more(sqlite_ledger, tmp_path):
    Clinic(sqlite_ledger).walked()
    with closing(sqlite3.connect(sqlite_ledger.url.database)) as run:
        run.execute("PRAGMA secure_delete = OFF")
        run.execute("CREATE TABLE scrap (words TEXT)")
        run.execute("INSERT INTO scrap VALUES ('xylotheque of Zebedeus')")
        run.execute("DROP TABLE scrap")
        run.commit()
        run.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    target = tmp_path / "copy.db"
    copying.copy(sqlite_ledger, f"sqlite:///{target}", lambda _: None)
    assert b"Zebedeus" not in target.read_bytes()
