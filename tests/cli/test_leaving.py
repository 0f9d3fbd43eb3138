"""What a person may ask of those who keep a record: a copy of it, and its end."""

import json
import stat

import pytest

from .golden import same_as_kept
from .test_privacy import BORN, FAMILY, GIVEN, MRN, NOTE, PERSON

KEY = "P00037"


@pytest.fixture
def known(desk):
    """A patient known by tokens that occur nowhere else, whose care is over."""
    desk.written("patient", "add", "--from", "-", stdin=json.dumps(PERSON))
    desk.written("episode", "open", KEY, "--side", "left")
    words = ("record", "note", f"{KEY}-L", "--text", "-")
    desk.written(*words, stdin=f"Keeps a {NOTE}.")
    desk.written("episode", "finish", f"{KEY}-L", "--disposition", "declined")
    for name in ("ada", "bo"):
        who = "rivera" if name == "ada" else "ada"
        desk.answer("staff", "add", name, "--role", "admin", "--as", who)
    return desk


def erase(desk, who, *more):
    words = ("patient", "erase", KEY, "--legal-basis", "unlawful", "--as", who)
    return desk.type(*words, *more)


def test_a_patient_gets_all_that_is_on_record(known, tmp_path):
    place = tmp_path / "mine.json"
    words = ("patient", "export", KEY, "--out", place, "--as", "rivera")
    said = known.answer(*words)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    whole = json.loads(place.read_text())
    assert (whole["given"], whole["family"], whole["born"]) == (GIVEN, FAMILY, BORN)
    assert whole["record_number"] == MRN
    [episode] = whole["episodes"]
    assert NOTE in json.dumps(episode["entries"])
    other = {"P00013", "P00021", "King", "Brandt"}
    assert [word for word in other if word in place.read_text()] == []
    [row] = known.answer("audit", "trail", KEY, "--kind", "exports")["rows"]
    assert (row["stream"], said["patient"]) == (f"patient/{KEY}", KEY)
    done = known.type(*words)
    assert (done.code, done.out) == (2, "")
    same_as_kept("person-left.json", said | {"path": "PATH"})


def test_what_would_leave_is_told_as_json_too_and_leaves_nothing(known, tmp_path):
    place = tmp_path / "mine.json"
    words = ("patient", "export", KEY, "--out", place, "--as", "rivera", "-n")
    said = known.answer(*words)
    assert (said["patient"], said["dry_run"]) == (KEY, True)
    assert (said["path"], said["receipt"], place.exists()) == (None, None, False)
    assert known.answer("audit", "trail", KEY, "--kind", "exports")["rows"] == []


def test_two_people_erase_a_patient_and_nothing_is_left(known, tmp_path):
    assert erase(known, "rivera").code == 16
    asked = erase(known, "ada")
    assert (asked.code, asked.out.splitlines()[0]) == (
        *(0, f"{KEY}: erasure asked for by ada"),
    )
    assert erase(known, "ada").code == 16
    dry = erase(known, "bo", "-n")
    assert "would be erased" in dry.out
    done = erase(known, "bo", "--json")
    assert done.code == 0, done.err
    same_as_kept("erased.json", done.json)
    left = b"".join(file.read_bytes() for file in tmp_path.glob("desk.db*"))
    tokens = (GIVEN, FAMILY, BORN, MRN, NOTE)
    assert [token for token in tokens if token.encode() in left] == []
    assert known.answer("audit", "verify")["rows"] == []


def test_what_was_erased_is_shown_as_such_everywhere(known):
    erase(known, "ada")
    erase(known, "bo")
    assert f"{KEY}  -" in known.screen("show", KEY)
    done = known.type("show", f"{KEY}-L")
    assert (done.code, done.out) == (11, "")
    assert "erased by law" in done.err
    assert "(erased)" in known.screen("history", f"{KEY}-L")
    for words in (["worklist"], ["episode", "list"], ["report", "census"]):
        assert known.type(*words).code == 0
        assert known.type(*words, "--as-of", "2025-04-06").code == 0
    for form in ("fhir", "csv"):
        assert known.type("export", form, "-n", "--as", "ada").code == 16
        assert known.type("export", form, "-n", "--as", "osei").code == 0
    assert known.type("patient", "export", KEY, "-n", "--as", "rivera").code == 0
    assert known.type("db", "rebuild", "-n", "--as", "ada").code == 0


def test_a_record_that_has_to_be_kept_is_kept_and_the_refusal_is_logged(known):
    words = ("patient", "erase", KEY, "--legal-basis", "retention-over")
    done = known.type(*words, "--as", "ada")
    assert (done.code, done.out) == (10, "")
    assert "it has to be kept until 2035-04-07" in done.err
    rows = known.answer("audit", "who-saw", KEY)["rows"]
    refused = [row for row in rows if row["outcome"] == "not-eligible"]
    assert [(row["who"], row["command"]) for row in refused] == [
        ("ada", "patient erase")
    ]
