"""A folder of entries proves itself to somebody who has neither sitrack nor database."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from sitrack.errors import BadInput, Unavailable
from sitrack.exchange import entries, standalone
from sitrack.record.journal import writing
from sitrack.record.ledger import reading
from sitrack.record.witness import cosigned, keep
from tests.clinic import Clinic
from tests.record.test_guards import _DELIVERY, _REMINDER
from tests.sealing import auditor, register, rotate, sealed, signer, witnessed


def deliver(ledger, key):
    from sqlalchemy import text

    with writing(ledger) as work:
        row = {"episode": str(key), "at": work.now}
        work.connection.execute(text(_REMINDER[ledger.on_postgres]), row)
        work.connection.execute(text(_DELIVERY))


@pytest.fixture(scope="module")
def record(shared_ledger):
    """A record with two seals and something new; what an auditor holds of it."""
    clinic = Clinic(shared_ledger)
    clinic.trusted = register(shared_ledger)
    clinic.key = clinic.walked()
    sealed(shared_ledger)
    clinic.seen = witnessed(shared_ledger, [clinic.trusted])
    deliver(shared_ledger, clinic.key)
    clinic.other = clinic.opened(clinic.enrolled("Ann", "Other"))
    sealed(shared_ledger)
    clinic.last = clinic.record(clinic.key, "score", nrs="7").entry
    return clinic


@pytest.fixture
def house(record, tmp_path):
    """The same, with a folder to export into, and files of what the auditor holds."""
    record.folder = tmp_path / "export"
    record.head, record.keys = tmp_path / "osei.note", tmp_path / "clinic.keys"
    keep(record.head, record.seen.note)
    record.keys.write_text(f"{record.trusted.line}\n")
    return record


def export(house, folder=None, **options):
    with reading(house.ledger) as connection:
        return entries.write_entries(
            connection, house.ledger, folder or house.folder, **options
        )


def verify(house, *words):
    """Run the verifier that lies in the folder, on its own; (code, what it says)."""
    command = [sys.executable, "-I", str(house.folder / "verify.py"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def brought(house):
    """Everything that an auditor holds."""
    last = house.last
    receipt = f"recorded {house.key}#{last.seq} {last.hash[:4]} {last.hash[4:16]}"
    return ("--key", house.keys, "--witness", house.head, "--receipt", receipt)


PART = {"streams": ["episode/P00013-R", "patient/P00013"]}


# --- what holds


@pytest.mark.parametrize("contents", [True, False])
@pytest.mark.parametrize("part", [False, True])
def test_an_export_proves_itself(house, part, contents):
    since = [house.seen.head.size]
    more = {**PART, "since": since} if part else {}
    told = export(house, contents=contents, **more)
    code, said = verify(house, *brought(house))
    assert (code, said.splitlines()[-1]) == (0, "The entries hold.")
    assert f"{told.entries} entries" in said
    assert "signatures checked" in said
    assert (told.whole, told.contents) == (not part, contents)


def test_a_whole_export_holds_every_entry_and_every_head(house):
    told = export(house)
    lines = (house.folder / "entries.ndjson").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    with reading(house.ledger) as connection:
        from sqlalchemy import text

        query = text("SELECT stream, seq, hash FROM entry")
        there = {
            (stream, seq, bytes(hashed).hex())
            for stream, seq, hashed in connection.execute(query)
        }
    assert {(row["stream"], row["seq"], row["hash"]) for row in rows} == there
    assert told.entries == len(rows) == len(there)
    assert (told.seals, told.deliveries) == (2, 1)


def test_without_contents_nobody_reads_what_was_written(house):
    export(house, contents=False)
    for file in house.folder.iterdir():
        if file.suffix == ".ndjson":
            assert "nrs" not in file.read_text()


def test_no_name_leaves_the_house(house):
    export(house)
    whole = "".join(file.read_text() for file in house.folder.iterdir())
    for word in ("King", "Mary", "Other", "rivera@clinic.example"):
        assert word not in whole


def test_a_part_holds_those_streams_alone(house):
    export(house, **PART)
    assert str(house.other) not in (house.folder / "entries.ndjson").read_text()
    assert not (house.folder / "deliveries.ndjson").exists()


def test_an_export_of_a_record_that_was_never_sealed(ledger, tmp_path):
    clinic = Clinic(ledger)
    clinic.folder = tmp_path / "export"
    clinic.walked()
    export(clinic)
    assert verify(clinic)[0] == 0


def rotated(ledger, folder):
    """A record whose second seal is by another key than its first; the first key."""
    clinic = Clinic(ledger)
    clinic.folder = folder
    old = register(ledger)
    clinic.walked()
    sealed(ledger)
    rotate(ledger)
    sealed(ledger, "next")
    return clinic, old.key


@pytest.mark.parametrize("contents", [True, False])
@pytest.mark.parametrize("part", [False, True])
def test_a_rotated_key_is_followed(ledger, tmp_path, part, contents):
    clinic, old = rotated(ledger, tmp_path / "export")
    export(clinic, contents=contents, **(PART if part else {}))
    code, said = verify(clinic, "--key", old)
    assert (code, said.splitlines()[-1]) == (0, "The entries hold.")
    new = signer(ledger, "next").public
    code, said = verify(clinic, "--key", new)
    early = 0 if part else 1
    assert (code, said.count("SEAL_SIGNATURE")) == (13 if early else 0, early)


@pytest.mark.parametrize("part", [False, True])
def test_a_key_that_the_old_one_did_not_sign_is_not_followed(ledger, tmp_path, part):
    clinic, old = rotated(ledger, tmp_path / "export")
    export(clinic, contents=False, **(PART if part else {}))
    change(clinic, "rotations", lambda rows: rows[0].update(after=1))
    code, said = verify(clinic, "--key", old)
    assert (code, codes(said)) == (13, {"SEAL_SIGNATURE"})


# --- what does not

CHANGES = {
    "entries": {
        "a content": ("PAYLOAD", {"body": "{}"}),
        "a header": ("HASH", {"recorder": "somebody"}),
        "a number": ("SEQ", {"seq": 99}),
        "a link": ("LINK", {"previous": "00" * 32}),
        "a content that is gone": ("PAYLOAD_MISSING", {"body": None}),
    }
}


def change(house, name, act):
    """Change the lines of a file, and cover it up in the manifest."""
    import hashlib

    file = house.folder / f"{name}.ndjson"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    act(rows)
    text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    file.write_text(text)
    manifest = house.folder / "manifest.json"
    told = json.loads(manifest.read_text())
    told["files"][file.name] = hashlib.sha256(text.encode()).hexdigest()
    manifest.write_text(json.dumps(told))


def codes(said):
    return {line.split()[0] for line in said.splitlines() if line.startswith("  ")}


@pytest.mark.parametrize("what", CHANGES["entries"])
@pytest.mark.parametrize("part", [False, True])
def test_a_changed_entry_is_found(house, part, what):
    export(house, **(PART if part else {}))
    code, values = CHANGES["entries"][what]
    change(house, "entries", lambda rows: rows[3].update(values))
    assert (verify(house)[0], code in codes(verify(house)[1])) == (13, True)


def rechained(rows, stream):
    """Give every entry of a stream a hash that fits the one before it."""
    mine = [row for row in rows if row["stream"] == stream]
    ledger = rechained.ledger
    previous = standalone.sha(b"sitrack/genesis/1\n", f"{ledger}{stream}".encode())
    for row in mine:
        header = [ledger, *(row[name] for name in standalone.HEADER)]
        row["previous"] = previous.hex()
        framed = standalone.frame(header)
        previous = standalone.sha(b"sitrack/entry/1\n", previous, framed)
        row["hash"] = previous.hex()


@pytest.mark.parametrize("part", [False, True])
def test_an_entry_that_was_changed_and_chained_anew_is_found_by_the_seal(house, part):
    export(house, **(PART if part else {}))
    rechained.ledger = house.ledger.ledger_id

    def act(rows):
        rows[3]["recorder"] = "somebody"
        rechained(rows, rows[3]["stream"])

    change(house, "entries", act)
    assert codes(verify(house)[1]) == {"SEAL_ROOT"}


def test_an_entry_under_no_seal_is_found_by_its_receipt(house):
    export(house)
    rechained.ledger = house.ledger.ledger_id

    def act(rows):
        [row] = [row for row in rows if row["hash"] == house.last.hash]
        row["recorder"] = "somebody"
        rechained(rows, row["stream"])

    change(house, "entries", act)
    assert verify(house, "--key", house.keys, "--witness", house.head)[0] == 0
    assert codes(verify(house, *brought(house))[1]) == {"RECEIPT"}


def test_a_line_of_delivery_that_was_changed_is_found(house):
    export(house)
    change(house, "deliveries", lambda rows: rows[0].update(event="sent"))
    assert codes(verify(house)[1]) == {"SEAL_ROOT"}


def test_an_entry_that_was_left_out_is_found(house):
    export(house)
    change(house, "entries", lambda rows: rows.pop(next_to_last(rows)))
    assert codes(verify(house)[1]) & {"SEAL_TRUNCATED", "SEQ"}


def next_to_last(rows):
    """The last sealed entry of the other patient's episode."""
    return max(n for n, row in enumerate(rows) if row["stream"].startswith("patient/"))


def test_seals_that_were_left_out_are_found_by_the_witness(house):
    export(house)
    change(house, "seals", lambda rows: rows.clear())
    manifest = house.folder / "manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"size": 0}))
    assert codes(verify(house, *brought(house))[1]) == {"WITNESS"}


def test_another_key_signed_nothing(house):
    export(house)
    other = signer(house.ledger, "thief").public
    assert codes(verify(house, "--key", other)[1]) == {"SEAL_SIGNATURE"}


def test_a_proof_that_was_changed_is_found(house):
    export(house, **PART)

    def act(rows):
        rows[0]["path"][0] = "00" * 32

    change(house, "proofs", act)
    assert codes(verify(house)[1]) == {"SEAL_ROOT"}


def test_a_sealed_entry_without_a_proof_is_found(house):
    export(house, **PART)
    change(house, "proofs", lambda rows: rows.pop())
    assert codes(verify(house)[1]) == {"SEAL_ROOT"}


def test_a_part_says_nothing_of_a_head_without_a_proof_for_it(house):
    export(house, **PART)
    assert codes(verify(house, "--witness", house.head)[1]) == {"WITNESS"}


def test_another_history_is_not_what_the_witness_saw(house, tmp_path):
    export(house)
    note = house.seen.note
    other = note.text.replace("\n", "\n1", 1)
    from sitrack.record.notes import Note

    forged = cosigned(Note(other, ()), auditor(), 1_750_000_000)
    keep(tmp_path / "other.note", forged)
    said = verify(house, "--witness", tmp_path / "other.note")[1]
    assert codes(said) == {"WITNESS"}


def test_a_file_that_is_not_the_one_that_was_written_is_found(house):
    export(house)
    file = house.folder / "keys.txt"
    file.write_text(f"{file.read_text()}# more\n")
    assert codes(verify(house)[1]) == {"INTEGRITY"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stream": 7}\n'])
def test_what_cannot_be_read_is_a_finding_and_no_crash(house, text):
    export(house)
    (house.folder / "entries.ndjson").write_text(text)
    code, said = verify(house)
    assert code == 13
    assert "INTEGRITY" in said or "cannot be read" in said


def test_a_folder_that_holds_nothing_cannot_be_verified(house):
    export(house)
    (house.folder / "manifest.json").unlink()
    assert verify(house)[0] == 14


# --- writing


def test_the_verifier_shares_nothing_with_sitrack():
    tree = ast.parse(Path(standalone.__file__).read_text())
    roots = {
        name.split(".")[0]
        for each in ast.walk(tree)
        for name in (
            [alias.name for alias in each.names]
            if isinstance(each, ast.Import)
            else [each.module or ""]
            if isinstance(each, ast.ImportFrom)
            else []
        )
    }
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


def test_every_file_is_its_owners_alone(house):
    export(house)
    assert {file.stat().st_mode & 0o777 for file in house.folder.iterdir()} == {0o600}


def test_nothing_is_written_over(house):
    house.folder.mkdir()
    with pytest.raises(Unavailable, match="already"):
        export(house)
    assert list(house.folder.iterdir()) == []


def test_a_stream_that_is_not_there_leaves_nothing_behind(house):
    with pytest.raises(BadInput, match="no episode/P99999-R"):
        export(house, streams=["episode/P99999-R"])
    assert not house.folder.exists()


def test_the_same_export_twice_differs_in_its_moment_alone(house):
    export(house)
    export(house, house.folder.parent / "again")
    for file in house.folder.iterdir():
        again = house.folder.parent / "again" / file.name
        assert again.read_bytes() == file.read_bytes() or file.name == "manifest.json"
