"""`sitrack packet`: a file for the payer, written down before it leaves the house."""

import hashlib
import json
import os
import stat

import pytest

from .full_disk import FULL, needs_a_full_disk
from .golden import GOLDEN, same_as_kept
from .keyboard import contents, typed_outside

KEY = "P00013-R"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder in which the commands are typed."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def packet(desk, *words, **more):
    return desk.type("packet", KEY, *words, "--as", "rivera", **more)


def made(desk, *words):
    done = packet(desk, *words)
    assert done.code == 0, done.err
    return done


def last_entry(desk):
    return desk.answer("history", KEY)["rows"][-1]


# --- what it says


def test_it_says_how_the_checklist_stands_what_is_lacking_and_where_it_went(
    desk, folder
):
    same_as_kept("packet.txt", made(desk, "rfa").out)
    (folder / f"{KEY}-rfa.html").unlink()
    same_as_kept("packet-policy.txt", made(desk, "rfa", "--policy", "bcbs-al").out)


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_each_form_is_the_one_that_was_read_over(desk, folder, form):
    made(desk, "rfa", "--policy", "bcbs-al", "--format", form)
    text = (folder / f"{KEY}-rfa-bcbs-al.{form}").read_text(encoding="utf-8")
    if form == "json":
        same_as_kept("packet.json", json.loads(text))
    else:
        same_as_kept(f"packet.{form}", text)


def test_the_name_of_the_file_is_the_key_and_never_a_persons(desk, folder):
    made(desk, "rfa")
    made(desk, "post-fusion", "--policy", "evicore-cigna", "--format", "md")
    names = {path.name for path in folder.iterdir()}
    assert names == {f"{KEY}-rfa.html", f"{KEY}-post-fusion-evicore-cigna.md"}


def test_the_patient_is_named_in_the_file_and_nowhere_else(desk, folder):
    done = made(desk, "rfa")
    assert "King" in (folder / f"{KEY}-rfa.html").read_text()
    assert "King" not in done.out + done.err
    assert "King" not in json.dumps(last_entry(desk))


def test_only_its_owner_may_read_the_file(desk, folder):
    made(desk, "rfa")
    mode = (folder / f"{KEY}-rfa.html").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


# --- what is written down


def test_each_export_is_an_entry_with_the_hash_of_the_bytes(desk, folder):
    version = desk.stands[1]
    answer = desk.written("packet", KEY, "rfa", "--policy", "bcbs-al")
    content = (folder / answer["file"]).read_bytes()
    assert answer["sha256"] == hashlib.sha256(content).hexdigest()
    assert answer["entry"] == f"{KEY}#{version + 1}"
    entry = last_entry(desk)
    told = dict(entry["payload"])
    assert told.pop("account")
    assert (entry["number"], entry["kind"]) == (version + 1, "exported")
    assert told == {
        "what": "packet",
        "for": "rfa",
        "policy": "bcbs-al",
        "format": "html",
        "as_of": "2025-04-07",
        "digest": answer["sha256"],
    }
    desk.is_verified()


def test_the_same_record_gives_the_same_bytes_however_often_it_left(desk, folder):
    for form in ("html", "md", "json"):
        for name in ("one", "two"):
            made(desk, "rfa", "--format", form, "--out", f"{name}.{form}")
        first, second = (folder / f"{name}.{form}" for name in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()


def test_on_stdout_it_is_the_same_bytes_and_the_messages_are_elsewhere(desk, folder):
    words = ("packet", KEY, "rfa", "--format", "md", "--as", "rivera")
    when = ("-d", desk.url, "--now", f"{desk.day}T09:00")
    done = typed_outside(*words, *when, "--out", "-")
    assert done.code == 0, done.err
    digest = hashlib.sha256(done.out.encode()).hexdigest()
    assert last_entry(desk)["payload"]["digest"] == digest
    assert "recorded" in done.err
    assert list(folder.iterdir()) == []
    quiet = typed_outside(*words, *when, "--out", "-", "-q")
    assert (quiet.out, quiet.err) == (done.out, "")


def test_on_stdout_and_in_json_exclude_each_other(desk, folder):
    before = contents(desk.file)
    done = packet(desk, "rfa", "--out", "-", "--json")
    assert (done.code, done.out) == (2, "")
    assert contents(desk.file) == before


def test_a_rehearsal_says_what_is_lacking_and_keeps_nothing(desk, folder):
    before = contents(desk.file)
    done = packet(desk, "rfa", "--dry-run")
    assert done.code == 0
    assert done.out.endswith("Nothing was kept (dry run).\n")
    assert "missing  5. Drugs" in done.out
    assert packet(desk, "rfa", "--dry-run", "--out", "-").code == 0
    assert contents(desk.file) == before
    assert list(folder.iterdir()) == []


# --- what it is filled from


def test_it_speaks_of_a_day_and_of_what_was_known_then(desk, folder):
    def blocks(*words):
        out = made(desk, "rfa", "--format", "json", "--out", "-", *words).out
        answer = json.loads(out)
        assert answer["as_known"] is None or "--as-known" in words
        [line] = [line for line in answer["rows"] if line["number"] == 7]
        return answer["as_of"], line["parts"][0]["state"]

    assert blocks() == ("2025-04-07", "met")
    assert blocks("--as-of", "2025-03-31") == ("2025-03-31", "missing")
    assert blocks("--as-known", "2025-04-01T12:00") == ("2025-04-07", "missing")


def test_without_a_policy_it_goes_by_that_of_the_patients_payer(desk, folder):
    assert desk.written("packet", KEY, "rfa", "-n")["policy"] is None
    desk.written("patient", "edit", "P00013", "--payer", "bcbs-al")
    assert desk.written("packet", KEY, "rfa", "-n")["policy"] == "bcbs-al"
    other = desk.written("packet", KEY, "rfa", "-n", "--policy", "strict")
    assert other["policy"] == "strict"
    desk.written("patient", "edit", "P00013", "--payer", "aetna")
    assert desk.written("packet", KEY, "rfa", "-n")["policy"] is None


def test_what_somebody_wrote_in_a_note_arrives_as_text(desk, folder):
    hostile = "<script>alert(1)</script>\u202e\x1b[31m " + "long " * 400
    words = ("--topic", "shared-decision", "--text", "-")
    desk.written("record", "note", "P00021-L", *words, stdin=hostile)
    done = desk.type("packet", "P00021-L", "post-fusion", "--as", "rivera")
    assert done.code == 0, done.err
    page = (folder / "P00021-L-post-fusion.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202E\\u001B[31m long" in page
    assert "<script" not in page
    assert f"… ({len(' '.join(hostile.split()))} characters)" in page


# --- what it refuses


def test_it_never_writes_over_a_file(desk, folder):
    (folder / f"{KEY}-rfa.html").write_text("mine")
    before = contents(desk.file)
    done = packet(desk, "rfa")
    assert (done.code, done.out) == (2, "")
    assert "there is a file of that name already" in done.told
    assert (folder / f"{KEY}-rfa.html").read_text() == "mine"
    assert contents(desk.file) == before


def test_it_follows_no_link_that_somebody_laid(desk, folder):
    (folder / f"{KEY}-rfa.html").symlink_to(folder / "elsewhere")
    assert packet(desk, "rfa").code == 2
    assert not (folder / "elsewhere").exists()


def test_a_folder_that_cannot_be_written_leaves_no_entry(desk, folder):
    before = contents(desk.file)
    done = packet(desk, "rfa", "--out", "missing/file.html")
    assert (done.code, done.out) == (2, "")
    assert "the file cannot be made: No such file or directory" in done.told
    assert contents(desk.file) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["P00013-L", "rfa", "--as", "rivera"], 11),
        ([KEY, "rfa"], 16),
        ([KEY, "rfa", "--as", "rivera", "--policy", "medicare"], 2),
        ([KEY, "rfa", "--as", "rivera", "--as-of", "2024-01-01"], 11),
        ([KEY, "relief", "--as", "rivera"], 2),
    ],
)
def test_what_is_refused_leaves_neither_a_file_nor_an_entry(desk, folder, words, code):
    before = contents(desk.file)
    done = desk.type("packet", *words)
    assert (done.code, done.out) == (code, "")
    assert list(folder.iterdir()) == []
    assert contents(desk.file) == before


@needs_a_full_disk
def test_a_file_that_cannot_be_filled_is_not_left_half_done(desk, folder, monkeypatch):
    real = os.fdopen

    def full(number, *args, **options):
        return real(os.open(FULL, os.O_WRONLY), *args, **options | {"closefd": True})

    monkeypatch.setattr(os, "fdopen", full)
    done = packet(desk, "rfa")
    assert done.code == 1
    assert f"sitrack history {KEY}" in done.told
    assert list(folder.iterdir()) == []
    assert last_entry(desk)["kind"] == "exported"


# --- and afterwards


def test_what_left_the_house_is_not_taken_back_but_what_was_done_before(desk, folder):
    desk.written("record", "score", KEY, "--nrs", "6")
    before = desk.answer("history", KEY)["rows"][-1]["number"]
    made(desk, "rfa")
    desk.written("undo", "--yes")
    [*_, last] = desk.answer("history", KEY)["rows"]
    assert last["corrects"] == before
    exported = f"{KEY}#{before + 1}"
    done = desk.type("undo", exported, "--yes", "--as", "rivera")
    assert done.code == 10, done.err


def test_an_export_is_a_line_of_the_history_and_moves_nothing(desk, folder):
    stage, due = desk.state()["stage"], desk.state()["rows"]
    made(desk, "rfa", "--policy", "bcbs-al")
    screen = desk.screen("history", KEY)
    assert "Exported, packet, rfa, bcbs-al, html" in screen
    assert (desk.state()["stage"], desk.state()["rows"]) == (stage, due)


def test_the_kept_page_holds_nothing_of_the_machine(desk):
    assert "DATABASE" not in (GOLDEN / "packet.html").read_text()
