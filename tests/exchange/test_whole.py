"""A record leaves as a folder and comes back, on either database, with the same hashes."""

import json
import subprocess
import sys

import pytest

from sitrack.errors import BadInput, VerificationFailed, WrittenFirst
from sitrack.exchange import whole
from sitrack.record.copying import heads
from sitrack.record.ledger import open_ledger, reading
from tests.clinic import Clinic, everything
from tests.exchange.clinic_abroad import lived
from tests.sealing import register, sealed


def left(ledger, folder):
    with reading(ledger) as connection:
        return whole.write_whole(connection, ledger, folder), heads(connection)


def back(folder, url):
    done = whole.bring_back(folder, url, lambda _: None)
    return done, open_ledger(url)


def test_a_record_goes_through_folders_to_the_other_database_and_back(
    ledger, postgres, tmp_path
):
    """Whichever it was made on."""
    lives = lived(ledger, tmp_path)
    register(ledger)
    sealed(ledger)
    lives.live(10)
    before = everything(ledger)
    manifest, first = left(ledger, tmp_path / "one")
    with postgres.fresh() as server:
        urls = [server, f"sqlite:///{tmp_path / 'other.db'}"]
        other, own = urls[::-1] if ledger.on_postgres else urls
        there, middle = back(tmp_path / "one", other)
        again, second = left(middle, tmp_path / "two")
        here, last = back(tmp_path / "two", own)
        assert middle.on_postgres is not ledger.on_postgres
        assert first == there == second == here
        assert (first.entries, first.streams) == (manifest.entries, manifest.streams)
        assert everything(middle) == everything(last) == before
        for name, digest in manifest.files.items():
            assert again.files[name] == digest, name
        middle.close()
        last.close()


@pytest.fixture
def folder(ledger, tmp_path):
    Clinic(ledger).walked()
    left(ledger, tmp_path / "out")
    return tmp_path / "out"


def test_the_verifier_that_travels_along_takes_it(folder):
    words = [sys.executable, "-I", str(folder / "verify.py")]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", ["entries.ndjson", "tables.ndjson", "verify.py"])
def test_a_file_that_was_changed_is_not_taken_in(folder, tmp_path, name):
    with (folder / name).open("a") as file:
        file.write("\n")
    target = tmp_path / "back.db"
    with pytest.raises(VerificationFailed, match=name):
        back(folder, f"sqlite:///{target}")
    (folder / name).unlink()
    with pytest.raises(VerificationFailed, match="gone"):
        back(folder, f"sqlite:///{target}")
    assert not target.exists()


def forged(folder, change):
    """A folder whose manifest vouches for what was changed."""
    import hashlib

    path = folder / "entries.ndjson"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


FORGERIES = {
    "a score": lambda rows: _of(rows, "score").update(
        body=_of(rows, "score")["body"].replace('"7"', '"2"')
    ),
    "a stage": lambda rows: _of(rows, "move").update(stage_to="rfa"),
    "an entry that is gone": lambda rows: rows.remove(_of(rows, "move")),
    "two in another order": lambda rows: rows.insert(0, rows.pop(3)),
}


def _of(rows, kind):
    return next(row for row in rows if row["kind"] == kind)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_nor_is_one_that_the_manifest_vouches_for(folder, tmp_path, forgery):
    forged(folder, FORGERIES[forgery])
    target = tmp_path / "back.db"
    with pytest.raises((VerificationFailed, WrittenFirst)):
        back(folder, f"sqlite:///{target}")
    assert not target.exists()


def test_a_part_of_a_record_is_none(ledger, tmp_path):
    from sitrack.exchange.entries import write_entries

    Clinic(ledger).walked()
    with reading(ledger) as connection:
        write_entries(connection, ledger, tmp_path / "heads", contents=False)
        write_entries(connection, ledger, tmp_path / "all")
    (tmp_path / "empty").mkdir()
    for name in ("heads", "all", "empty", "nowhere"):
        with pytest.raises(BadInput):
            back(tmp_path / name, f"sqlite:///{tmp_path / 'back.db'}")


def test_a_name_in_the_manifest_leads_nowhere_else(folder, tmp_path):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../secret"] = "0"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput, match="outside"):
        back(folder, f"sqlite:///{tmp_path / 'back.db'}")
