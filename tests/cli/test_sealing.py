"""Sealing at the desk: a key, seals, a witness, and what an auditor brings along."""

import datetime as dt
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from sitrack.record.notes import PublicKey, read_key

from .golden import same_as_kept
from .keyboard import Terminal, tamper

PASSPHRASE = "correct horse battery"


@pytest.fixture
def house(desk, tmp_path_factory, monkeypatch):
    """A desk whose settings name where keys and passphrases are: not by the database."""
    home = tmp_path_factory.mktemp("keys")
    for who in ("seal", "witness"):
        file = home / f"{who}.passphrase"
        file.write_text(f"{PASSPHRASE}\n")
        file.chmod(0o600)
        monkeypatch.setenv(f"SITRACK_{who.upper()}_PASSPHRASE_FILE", str(file))
    monkeypatch.setenv("SITRACK_SEAL_KEY_FILE", str(home / "seal.pem"))
    monkeypatch.setenv("SITRACK_WITNESS_FOLDER", str(home / "witness"))
    desk.home = home
    return desk


@pytest.fixture
def sealed(house):
    """A house with a key, of which the auditor was handed the public half; one seal."""
    house.written("audit", "key", "make")
    house.keys = house.home / "clinic.keys"
    house.answer("audit", "key", "show", "--out", house.keys)
    house.written("audit", "seal")
    return house


@pytest.fixture
def watched(sealed):
    """The same, with a witness that has looked once; and where it keeps the head."""
    sealed.answer("audit", "key", "make", "--witness", "osei")
    done = sealed.answer("audit", "witness", "--key", sealed.keys)
    sealed.kept = done["rows"][0]["file"]
    return sealed


def score(desk):
    """Write one entry; return its receipt."""
    done = desk.written("record", "score", "P00013-R", "--nrs", "6")
    return f"{done['entry']} {done['receipt']}"


def verify(desk, *words):
    """The exit code of verify, and its answer."""
    done = desk.type("audit", "verify", "--json", *words)
    return done.code, json.loads(done.out)


def codes(answer):
    return {row["code"] for row in answer["rows"]}


# --- keys


def test_a_key_is_made_once_encrypted_and_its_public_half_written_down(house):
    done = house.type("audit", "key", "make", "--as", "rivera")
    assert (done.code, done.err) == (0, "synthetic ledger: invented patients only\n")
    lines = done.out.splitlines()
    assert lines[0].startswith("made key ")
    assert lines[2].startswith("recorded office#")
    file = house.home / "seal.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "ENCRYPTED" in file.read_text()
    [row] = house.answer("audit", "key", "show")["rows"]
    assert (row["after"], row["until"], row["signed_by_old"]) == (0, None, False)


def test_a_second_key_is_refused_and_nothing_is_left_of_it(sealed):
    other = sealed.home / "other.pem"
    done = sealed.type("audit", "key", "make", "--out", other, "--as", "rivera")
    assert done.code == 16
    assert "has a key already" in done.err
    assert not other.exists()


def test_unless_the_first_was_lost(sealed):
    other = sealed.home / "other.pem"
    sealed.written("audit", "key", "make", "--out", other, "--lost")
    first, second = sealed.answer("audit", "key", "show")["rows"]
    assert first["until"] == second["after"] > 0
    assert not second["signed_by_old"]


def test_a_key_beside_the_database_is_refused(house):
    inside = house.file.parent / "seal.pem"
    done = house.type("audit", "key", "make", "--out", inside, "--as", "rivera")
    assert done.code == 16
    assert not inside.exists()


def test_a_dry_run_makes_no_file_and_no_entry(house):
    done = house.type("audit", "key", "make", "--dry-run", "--as", "rivera")
    assert done.code == 0
    assert not (house.home / "seal.pem").exists()
    assert house.answer("audit", "key", "show")["rows"] == []


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(
    "words",
    [("seal",), ("seal", "--dry-run"), ("key", "rotate"), ("key", "show")],
    ids=" ".join,
)
def test_without_a_key_it_is_said_that_there_is_none(house, monkeypatch, words, asked):
    """Whether the passphrase stands in a file or would be asked for."""
    if asked:
        monkeypatch.delenv("SITRACK_SEAL_PASSPHRASE_FILE")
    out = house.home / "out"
    where = () if words[0] == "seal" else ("--out", out)
    done = house.type("audit", *words, *where, "--as", "rivera")
    said = "error: this record has no key yet\nhint: sitrack audit key make"
    named = f"{said} -d {house.url}\n"
    assert (done.code, done.err.endswith(named)) == (11, True), done.err
    assert not out.exists()


def test_a_key_file_that_is_not_there_names_the_settings(sealed):
    (sealed.home / "seal.pem").unlink()
    done = sealed.type("audit", "seal", "--as", "rivera")
    assert done.code == 14
    assert "settings name: sitrack config show -d " in done.err


def test_a_passphrase_is_never_an_argument(house, monkeypatch):
    monkeypatch.delenv("SITRACK_SEAL_PASSPHRASE_FILE")
    done = house.type("audit", "key", "make", "--as", "rivera")
    assert done.code == 2
    assert "seal.passphrase_file" in done.err
    assert house.type("audit", "key", "make", "--passphrase", "x").code == 2


def test_a_passphrase_file_that_others_may_read_is_refused(house):
    (house.home / "seal.passphrase").chmod(0o644)
    done = house.type("audit", "key", "make", "--as", "rivera")
    assert done.code == 14
    assert "chmod 600" in done.err


def test_a_wrong_passphrase_is_refused(sealed):
    (sealed.home / "seal.passphrase").write_text("incorrect horse")
    score(sealed)
    done = sealed.type("audit", "seal", "--as", "rivera")
    assert done.code == 16
    assert "incorrect" not in done.err


def test_rotation_the_old_key_signs_the_new_one(sealed, monkeypatch):
    new = sealed.home / "next.pem"
    made = sealed.written("audit", "key", "rotate", "--out", new)
    score(sealed)
    refused = sealed.type("audit", "seal", "--as", "rivera")
    assert refused.code == 16
    monkeypatch.setenv("SITRACK_SEAL_KEY_FILE", str(new))
    sealed.written("audit", "seal")
    rows = sealed.answer("audit", "key", "show")["rows"]
    assert [row["signed_by_old"] for row in rows] == [False, True]
    assert rows[1]["key"] == made["key"]
    # The auditor still holds the file of before.
    code, answer = verify(sealed, "--key", sealed.keys)
    assert (code, answer["seals"]) == (0, 2)


# --- seals and what verify says of them


def test_everything_is_sealed_at_once_and_verify_says_so(sealed):
    code, answer = verify(sealed, "--key", sealed.keys)
    assert code == 0
    assert answer["signatures_checked"]
    with closing(sqlite3.connect(sealed.file)) as connection:
        [(lines,)] = connection.execute("SELECT count(*) FROM delivery")
    assert answer["leaves"] == answer["entries"] + lines > 20
    again = sealed.type("audit", "seal", "--as", "rivera", "--format", "table")
    assert again.code == 2  # a write has no --format
    again = sealed.written("audit", "seal")
    assert again["rows"] == []


def test_a_key_can_be_typed_itself(sealed):
    [row] = sealed.answer("audit", "key", "show")["rows"]
    assert verify(sealed, "--key", row["key"])[0] == 0


def test_another_clinics_key_signed_nothing_here(sealed):
    [row] = sealed.answer("audit", "key", "show")["rows"]
    name, _, _ = row["key"].partition("+")
    other = sealed.answer("audit", "key", "make", "--witness", "other")["key"]
    forged = str(PublicKey(name, read_key(other).raw))
    code, answer = verify(sealed, "--key", forged)
    assert (code, codes(answer)) == (13, {"SEAL_SIGNATURE"})


def test_what_the_settings_say_of_keys_is_not_believed(sealed, tmp_path):
    """Whoever owns the database may own the settings beside it."""
    config = tmp_path / "config.toml"
    config.write_text('[seal]\npublic_key = "anything"\n')
    done = sealed.type("audit", "verify", "--config", config)
    assert done.code == 14
    assert "unknown key seal.public_key" in done.err


def test_without_a_key_verify_says_that_it_looked_at_no_signature(sealed):
    told = sealed.screen("audit", "verify")
    assert "signatures not: no --key" in told
    told = sealed.screen("audit", "verify", "--key", sealed.keys)
    assert "signatures checked" in told


# --- rounds


def test_a_round_seals_when_it_is_time_and_key_and_passphrase_are_at_hand(sealed):
    sealed.answer("reminder", "run")  # nothing is new for an hour
    assert verify(sealed)[1]["seals"] == 1
    score(sealed)
    sealed.day += dt.timedelta(days=1)
    done = sealed.type("reminder", "run")
    assert "not sealed" not in done.err
    assert verify(sealed, "--key", sealed.keys)[1]["seals"] == 2


def test_a_round_without_a_passphrase_file_does_not_seal(sealed, monkeypatch):
    monkeypatch.delenv("SITRACK_SEAL_PASSPHRASE_FILE")
    score(sealed)
    sealed.day += dt.timedelta(days=1)
    assert sealed.type("reminder", "run").code == 0
    assert verify(sealed)[1]["seals"] == 1


def test_a_round_that_cannot_seal_says_so_and_sends_all_the_same(sealed):
    (sealed.home / "seal.passphrase").write_text("incorrect horse")
    score(sealed)
    sealed.day += dt.timedelta(days=1)
    done = sealed.type("reminder", "run")
    assert done.code == 0
    assert "warning: not sealed: the passphrase is not that of the key" in done.err


# --- the witness


def test_a_witness_sees_the_log_grow(watched):
    score(watched)
    watched.written("audit", "seal")
    done = watched.answer("audit", "witness", "--key", watched.keys)
    [row] = done["rows"]
    assert row["size"] > row["before"]
    assert verify(watched, "--key", watched.keys, "--witness", watched.kept)[0] == 0


def test_that_a_witness_looked_is_written_down(watched):
    with closing(sqlite3.connect(watched.file)) as connection:
        query = "SELECT body FROM payload WHERE stream LIKE 'access/%'"
        bodies = [json.loads(body) for (body,) in connection.execute(query)]
    assert "audit witness" in {body["command"] for body in bodies}


def test_a_witness_needs_the_public_key_from_elsewhere(watched):
    done = watched.type("audit", "witness")
    assert done.code == 2
    assert "--key" in done.err


def test_without_a_key_of_its_own_there_is_no_witness(sealed):
    done = sealed.type("audit", "witness", "--key", sealed.keys)
    assert done.code == 11
    assert "--witness YOUR-NAME" in done.err


def test_a_log_that_was_made_anew_is_not_co_signed(watched, tmp_path):
    """An older copy of the database is put in its place, and goes on from there."""
    (tmp_path / "old").mkdir()
    old = watched.copied_to(tmp_path / "old")
    score(watched)
    watched.written("audit", "seal")
    watched.answer("audit", "witness", "--key", watched.keys)
    before = Path(watched.kept).read_text()
    for nrs in ("5", "4"):
        old.written("record", "score", "P00013-R", "--nrs", nrs)
    old.written("audit", "seal")
    done = old.type("audit", "witness", "--key", watched.keys)
    assert done.code == 13
    assert "another root" in done.err
    assert Path(watched.kept).read_text() == before
    code, answer = verify(old, "--key", watched.keys, "--witness", watched.kept)
    assert (code, codes(answer)) == (13, {"WITNESS"})


def test_what_a_witness_keeps_is_for_its_owner_alone(watched):
    for file in (Path(watched.kept), watched.home / "witness" / "witness.pem"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


# --- receipts


def test_a_receipt_is_taken_as_it_was_printed(sealed):
    done = sealed.type("record", "score", "P00013-R", "--nrs", "6", "--as", "rivera")
    [line] = [line for line in done.out.splitlines() if line.startswith("recorded ")]
    for given in (line, line.removeprefix("recorded ")):
        assert verify(sealed, "--receipt", given)[0] == 0
    wrong = line[:-4] + ("0000" if line[-4:] != "0000" else "1111")
    code, answer = verify(sealed, "--receipt", wrong)
    assert (code, codes(answer)) == (13, {"RECEIPT"})


def test_receipts_are_taken_from_a_file_as_text_or_as_json(sealed, tmp_path):
    words = ("record", "score", "P00013-R", "--nrs", "6", "--as", "rivera")
    file = tmp_path / "receipts"
    file.write_text(sealed.type(*words).out + sealed.type(*words).out)
    assert verify(sealed, "--receipt", file)[0] == 0
    file.write_text(sealed.type(*words, "--json").out)
    assert verify(sealed, "--receipt", file)[0] == 0
    file.write_text(file.read_text().replace('"receipt": "', '"receipt": "00000000'))
    assert codes(verify(sealed, "--receipt", file)[1]) == {"RECEIPT"}
    file.write_text("nothing of the kind")
    for each in (file, tmp_path / "none"):
        assert sealed.type("audit", "verify", "--receipt", each).code == 2


@pytest.mark.parametrize("text", ["", "P00013-R", "P00013-R#x 0000", "#3 4f1c 9ab2"])
def test_what_is_no_receipt_is_refused(sealed, text):
    done = sealed.type("audit", "verify", "--receipt", text)
    assert done.code == 2


# --- screens and twins


def test_screens(sealed):
    same_as_kept("key-show.txt", sealed.screen("audit", "key", "show"))
    score(sealed)
    done = sealed.type("audit", "seal", "--as", "rivera")
    same_as_kept("audit-seal.txt", done.out)
    sealed.answer("audit", "key", "make", "--witness", "osei")
    told = sealed.screen("audit", "witness", "--key", sealed.keys)
    same_as_kept("audit-witness.txt", told.replace(str(sealed.home), "HOME"))
    told = sealed.screen("audit", "verify", "--key", sealed.keys)
    same_as_kept("audit-verify-sealed.txt", told)


def test_a_damaged_record_says_how_far_each_stream_holds(sealed):
    tamper(sealed.file)
    done = sealed.type("audit", "verify", "--format", "table", "--key", sealed.keys)
    assert done.code == 13
    same_as_kept("audit-verify-sealed-damaged.txt", done.out + done.err)


def test_twins(house):
    def kept(name, answer):
        text = json.dumps(answer).replace(str(house.home), "HOME")
        same_as_kept(f"{name}.json", json.loads(text))

    kept("key-made", house.written("audit", "key", "make"))
    kept("keys", house.answer("audit", "key", "show", "--out", house.home / "k"))
    kept("sealed", house.written("audit", "seal"))
    made = house.answer("audit", "key", "make", "--witness", "osei")
    kept("witness-made", made | {"as_of": "NOW"})
    kept("witnessed", house.answer("audit", "witness", "--key", house.home / "k"))


def test_at_a_terminal_a_new_passphrase_is_asked_for_twice_and_not_shown(house):
    when = ("-d", house.url, "--now", f"{house.day}T09:00", "--as", "rivera")
    env = {"SITRACK_SEAL_KEY_FILE": str(house.home / "seal.pem")}
    with Terminal("audit", "key", "make", *when, env=env) as terminal:
        terminal.wait_for("New passphrase of the key that seals: ")
        terminal.type(PASSPHRASE)
        terminal.wait_for("Repeat for confirmation: ")
        terminal.type(PASSPHRASE)
        code, text = terminal.end()
    assert code == 0
    assert "made key" in text
    assert "horse" not in text
    with Terminal("audit", "seal", *when, env=env) as terminal:
        terminal.wait_for("Passphrase of the key that seals: ").type(PASSPHRASE)
        code, text = terminal.end()
    assert (code, "sealed " in text) == (0, True)
