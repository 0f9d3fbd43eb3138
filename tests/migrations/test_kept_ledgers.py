"""A ledger that each schema's own version wrote, kept for ever: it still opens and holds.

`ledgers/` holds a SQLite file for each schema there was, made by a version that wrote it
(`keep_ledger.py`) and never touched since: a walk to conservative care, a hold, an injection
on the other side, a round of reminders, and what that version could amend, erase and seal.
0002 was taken down from 0003: no version of its own ever wrote it.
"""

import datetime as dt
import gzip
import sqlite3
from contextlib import closing

import pytest

from sitrack.coordination import questions
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.coordination.questions import When
from sitrack.journey.patient import read_episode_key
from sitrack.record import copying, upgrade
from sitrack.record.ledger import KNOWN_SCHEMAS, SCHEMA, open_ledger
from sitrack.record.worklist import who_waits
from tests.clinic import RIVERA, codes_of, driver
from tests.conftest import clock_at
from tests.migrations.keep_ledger import LEDGERS, keep

KEPT = sorted(path.name.partition(".")[0] for path in LEDGERS.glob("*.db.gz"))
NOT_BUT_A_SEAL = {"SEAL_MISSING"}
"""What is overdue in a file that nobody has sealed since."""


@pytest.fixture(params=KEPT)
def kept(request, tmp_path):
    """The file of one schema, in a place of its own."""
    file = tmp_path / "kept.db"
    file.write_bytes(gzip.decompress((LEDGERS / f"{request.param}.db.gz").read_bytes()))
    file.chmod(0o600)
    return file, request.param


def entries_of(file):
    """Every header, content and hash, as the bare driver reads them."""
    with closing(sqlite3.connect(file)) as run:
        query = "SELECT * FROM entry ORDER BY stream, seq"
        bodies = "SELECT stream, seq, salt, body FROM payload ORDER BY 1, 2"
        return run.execute(query).fetchall(), run.execute(bodies).fetchall()


def opened(file):
    ledger = open_ledger(f"sqlite:///{file}")
    ledger.use_clock(clock_at("2025-03-03"))
    return ledger


def test_every_schema_before_this_one_has_a_ledger():
    missing = sorted({*KNOWN_SCHEMAS[:-1]} - {*KEPT})
    assert missing == [], "its own version writes it: -m tests.migrations.keep_ledger"
    assert {*KEPT} <= {*KNOWN_SCHEMAS}


def test_the_command_writes_one_of_this_schema_and_never_over_another(tmp_path):
    made = tmp_path / "made.db.gz"
    keep(made)
    before = made.read_bytes()
    with pytest.raises(FileExistsError):
        keep(made)
    assert made.read_bytes() == before
    file = tmp_path / "made.db"
    file.write_bytes(gzip.decompress(before))
    file.chmod(0o600)
    assert upgrade.revision_of(f"sqlite:///{file}") == SCHEMA


def test_it_is_brought_up_with_every_entry_as_it_was(kept):
    file, schema = kept
    before = entries_of(file)
    assert upgrade.upgrade(f"sqlite:///{file}") == (schema, SCHEMA)
    assert entries_of(file) == before
    ledger = opened(file)
    assert codes_of(ledger) <= NOT_BUT_A_SEAL
    ledger.close()


def test_it_answers_every_question_and_goes_on(kept):
    file, _ = kept
    upgrade.upgrade(f"sqlite:///{file}")
    ledger = opened(file)
    found = who_waits(ledger)
    assert len(found.rows) + sum(found.hidden.values()) == 2
    day, standing = questions.all_standings(ledger, None, When(dt.date(2025, 2, 1)))
    assert [row.stage for row in standing] == ["conservative-care"]
    assert questions.census(ledger, When(day))[1] == {"conservative-care": 1}
    left = [
        row for row in questions.all_standings(ledger, None)[1] if row.side == "left"
    ]
    key = read_episode_key(left[0].episode)
    record_evidence(ledger, RIVERA, key, EvidenceRequest("score", {"nrs": "3"}))
    assert codes_of(ledger) <= NOT_BUT_A_SEAL
    ledger.close()


def test_its_guards_are_those_of_this_version(kept):
    file, _ = kept
    upgrade.upgrade(f"sqlite:///{file}")
    ledger = opened(file)
    with driver(ledger) as run:
        for statement in (
            "UPDATE entry SET kind = 'move'",
            "DELETE FROM entry",
            "UPDATE payload SET body = '{}'",
            "DELETE FROM payload",
            "INSERT OR REPLACE INTO entry SELECT * FROM entry",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                run(statement)
    ledger.close()


def test_it_goes_to_a_server_with_the_same_hashes(kept, postgresql_url):
    file, _ = kept
    upgrade.upgrade(f"sqlite:///{file}")
    ledger = opened(file)
    done = copying.copy(ledger, postgresql_url, lambda _: None)
    server = open_ledger(postgresql_url)
    server.use_clock(ledger.clock)
    assert codes_of(server) <= NOT_BUT_A_SEAL
    assert done.entries == len(entries_of(file)[0])
    server.close()
    ledger.close()
