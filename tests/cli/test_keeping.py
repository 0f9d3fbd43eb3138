"""Backing up, bringing back, mending: as it is typed."""

import json
import stat
import subprocess
import sys

import pytest

from .golden import same_as_kept
from .keyboard import contents, tamper, typed


def backed_up(desk, place):
    return desk.written("db", "backup", "--out", place)


def test_a_backup_brings_the_whole_record_back(desk, tmp_path):
    place = tmp_path / "monday.db"
    said = backed_up(desk, place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    url = f"sqlite:///{tmp_path / 'back.db'}"
    now = ("--now", f"{desk.day}T09:00")
    done = typed("db", "restore", place, "-d", url, *now)
    assert done.code == 0, done.err
    assert f"heads {said['heads']}" in done.out
    mine = desk.answer("history", "P00013-R")["rows"]
    desk.url = url
    assert desk.answer("history", "P00013-R")["rows"] == mine
    assert desk.answer("audit", "verify")["rows"] == []
    kinds = [row["kind"] for row in desk.answer("audit", "trail")["rows"]]
    assert {"exported", "restored"} <= set(kinds)


@pytest.mark.parametrize("place", ["taken.db", "none/deeper.db"])
def test_a_backup_takes_the_place_of_nothing(desk, tmp_path, place):
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    before = contents(desk.file)
    done = desk.type("db", "backup", "--out", tmp_path / place, "--as", "rivera")
    assert taken.read_text() == "mine"
    assert (done.code, "with --out" in done.err) == (2, True)
    assert contents(desk.file) == before
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("words", [("audit", "export"), ("export", "entries")])
@pytest.mark.parametrize("place", ["taken", "none/deeper"])
def test_nor_does_a_folder_that_leaves(desk, tmp_path, words, place):
    """A folder made on the way would hide that a drive is not mounted."""
    (tmp_path / "taken").mkdir()
    before = contents(desk.file)
    done = desk.type(*words, "--out", tmp_path / place, "--as", "osei")
    assert (done.code, "with --out" in done.err) == (2, True)
    assert contents(desk.file) == before
    assert not (tmp_path / "none").exists()


def test_nothing_is_restored_over_a_record(desk, tmp_path):
    place = tmp_path / "monday.db"
    backed_up(desk, place)
    done = typed("db", "restore", place, "-d", desk.url)
    assert (done.code, done.out) == (14, "")
    assert "already" in done.err


def test_a_backup_that_is_not_there_is_told_as_such(tmp_path):
    back = tmp_path / "back.db"
    done = typed("db", "restore", tmp_path / "none", "-d", f"sqlite:///{back}")
    assert (done.code, done.out) == (2, "")
    assert f"there is no backup at {tmp_path / 'none'}" in done.err
    assert "db init" not in done.err
    assert not back.exists()


def test_a_backup_that_was_tampered_with_is_not_restored(desk, tmp_path):
    place, back = tmp_path / "monday.db", tmp_path / "back.db"
    backed_up(desk, place)
    tamper(place)
    done = typed("db", "restore", place, "-d", f"sqlite:///{back}")
    assert (done.code, done.out) == (13, "")
    assert not back.exists()


def test_a_damaged_record_is_not_backed_up(desk, tmp_path):
    tamper(desk.file)
    done = desk.type("db", "backup", "--out", tmp_path / "x.db", "--as", "rivera")
    assert (done.code, done.out) == (13, "")
    assert not (tmp_path / "x.db").exists()


def test_a_record_whose_copies_hold_has_nothing_to_mend(desk):
    done = desk.type("db", "rebuild", "--as", "rivera")
    assert (done.code, done.out) == (0, "every copy follows from the entries\n")


def test_the_answers_are_kept(desk, tmp_path):
    said = backed_up(desk, tmp_path / "monday.db")
    same_as_kept("backed-up.json", said | {"path": "PATH"})
    same_as_kept("rebuilt.json", desk.written("db", "rebuild", "-n"))


def test_a_folder_of_entries_brings_the_whole_record_back(desk, tmp_path):
    folder, url = tmp_path / "march", f"sqlite:///{tmp_path / 'back.db'}"
    said = desk.answer("export", "entries", "--out", folder, "--as", "osei")
    assert said["whole"] is said["contents"] is True
    done = typed("db", "restore", folder, "-d", url, "--now", f"{desk.day}T09:00")
    assert done.code == 0, done.err
    mine = desk.answer("history", "P00013-R")["rows"]
    desk.url = url
    assert desk.answer("history", "P00013-R")["rows"] == mine
    assert desk.answer("audit", "verify")["rows"] == []
    # Names come back with everything else.
    assert "King" in desk.screen("show", "P00013", "--no-mask")
    same_as_kept("folder.json", said | {"path": "PATH"})


@pytest.mark.parametrize("kind", ["ndjson", "csv", "html"])
@pytest.mark.parametrize("keys", [(), ("P00013-R",), ("P00021",)])
def test_a_folder_for_auditors_proves_itself_and_names_nobody(
    desk, tmp_path, kind, keys
):
    folder = tmp_path / "out"
    words = ("audit", "export", *keys, "--out", folder, "--format", kind)
    said = desk.answer(*words, "--as", "osei")
    assert (said["whole"], said["contents"]) == (not keys, False)
    rows = [
        row
        for key in keys or (None,)
        for row in desk.answer("audit", "trail", *([key] if key else []))["rows"]
        if not keys or row["stream"].partition("/")[0] in {"episode", "patient"}
    ]
    lines = (folder / "entries.ndjson").read_text().splitlines()
    written = [json.loads(line) for line in lines]
    assert said["entries"] == len(written)
    known = {(row["stream"], row["seq"]): row["hash"] for row in rows}
    for line in written:
        if not line["stream"].startswith("access/"):
            assert known[line["stream"], line["seq"]] == line["hash"]
    names = {"ndjson": set(), "csv": {"entries.csv"}, "html": {"entries.html"}}[kind]
    assert names <= {file.name for file in folder.iterdir()}
    text = "".join(file.read_text() for file in folder.iterdir())
    assert [word for word in ("King", "Brandt", "large print") if word in text] == []
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py"), str(folder)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
