"""Leaving with everything: what is made, for whom, and that it is written down first."""

import datetime as dt
import hashlib
import json
import stat

import pytest

from .golden import same_as_kept
from .test_privacy import BORN, FAMILY, GIVEN, MRN, NOTE, PERSON

FORMS = ("fhir", "xes", "ocel", "ics", "csv")
HIDING = ("fhir", "xes", "ocel")
KEYS = ("P00013", "P00021")
WHO = ("--as", "osei")
"""A clinician: a coordinator may not take everything away."""


def content(path):
    """All that an export holds, whether it is a file or a folder."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return b"".join(file.read_bytes() for file in files)


@pytest.fixture
def leaves(desk, tmp_path):
    """Export in some form; return what was said, and the place."""

    def act(form, *more):
        place = tmp_path / f"{form}-{len(list(tmp_path.iterdir()))}"
        said = desk.answer("export", form, "--out", place, *more, *WHO)
        return said, place

    return act


@pytest.mark.parametrize("form", FORMS)
def test_an_export_is_written_down_with_its_digest(desk, leaves, form):
    said, place = leaves(form)
    assert (said["what"], said["episodes"]) == (form, 3)
    assert said["digest"] == hashlib.sha256(content(place)).hexdigest()
    rows = desk.answer("audit", "trail", "--kind", "exports")["rows"]
    [entry] = [row for row in rows if row["stream"] == "office"]
    assert entry["recorder"] == "osei"
    assert said["receipt"].startswith(f"office#{entry['seq']} ")


@pytest.mark.parametrize("form", FORMS)
def test_what_leaves_is_for_its_owner_alone(leaves, form):
    _, place = leaves(form)
    files = list(place.iterdir()) if place.is_dir() else [place]
    modes = {stat.S_IMODE(file.stat().st_mode) for file in files}
    assert modes == {0o600}
    if place.is_dir():
        assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("form", FORMS)
def test_the_same_record_leaves_as_the_same_bytes(leaves, tmp_path, form):
    same = ("--secret-file", tmp_path / "kept.key") if form in HIDING else ()
    one, two = (leaves(form, *same) for _ in range(2))
    assert content(one[1]) == content(two[1])
    assert one[0]["digest"] == two[0]["digest"]


@pytest.mark.parametrize("form", HIDING)
def test_without_a_kept_secret_only_what_is_identified_is_the_same_again(leaves, form):
    one, two = (leaves(form, "--identified")[1] for _ in range(2))
    assert content(one) == content(two)
    one, two = (leaves(form)[1] for _ in range(2))
    assert content(one) != content(two)


@pytest.mark.parametrize("form", HIDING)
def test_nobody_is_named_unless_it_is_asked_for(leaves, form):
    said, place = leaves(form)
    assert said["named"] is False
    assert [key for key in (*KEYS, "rivera") if key in content(place).decode()] == []
    said, place = leaves(form, "--identified")
    assert said["named"] is True
    assert all(key in content(place).decode() for key in KEYS)


def events_in(place):
    """What a bundle tells of who read and what left."""
    found = (entry["resource"] for entry in json.loads(place.read_text())["entry"])
    return [each for each in found if each["resourceType"] == "AuditEvent"]


def test_who_read_is_told_in_fhir_where_it_is_asked_for(desk, leaves):
    assert desk.type("show", KEYS[0], *WHO).code == 0
    assert events_in(leaves("fhir", "--identified")[1]) == []
    said, place = leaves("fhir", "--identified", "--who-saw")
    assert said["who_saw"] is True
    last = events_in(place)
    words = [each["code"] for event in last for each in event["subtype"]]
    assert "show" in words
    # The export before this one left, and says so; this one cannot tell of itself.
    assert words.count("fhir") == 1
    words = [
        each["code"]
        for event in events_in(leaves("fhir", "--identified", "--who-saw")[1])
        for each in event["subtype"]
    ]
    assert words.count("fhir") == 2


def test_who_read_until_a_moment_leaves_as_the_same_bytes(desk, leaves, tmp_path):
    moment = desk.answer("show", KEYS[0], *WHO)["as_of"]
    secret = ("--secret-file", tmp_path / "kept.key")
    words = ("--who-saw", "--as-known", moment, *secret)
    desk.day += dt.timedelta(days=1)
    one = leaves("fhir", *words)[1]
    assert desk.type("show", KEYS[0], *WHO).code == 0
    assert content(one) == content(leaves("fhir", *words)[1])


def test_who_read_leaves_with_those_who_may_examine_it(desk, tmp_path):
    desk.written("staff", "add", "okafor", "--role", "admin", "--no-input")
    desk.answer("staff", "add", "mensah", "--role", "auditor", "--as", "okafor")
    words = ("export", "fhir", "--who-saw", "--out", tmp_path / "x")
    for more in ((), ("-n",)):
        done = desk.type(*words, *more, *WHO)
        assert (done.code, done.out) == (16, "")
        assert "audit who-saw is for an auditor or an admin" in done.err
    assert not (tmp_path / "x").exists()
    assert desk.type(*words, "--as", "mensah").code == 0
    refused = desk.answer("audit", "by", "osei", "--as", "mensah")["rows"]
    assert [row["kind"] for row in refused].count("refused") == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_rehearsal_makes_nothing(desk, tmp_path, form):
    place = tmp_path / "nothing"
    before = desk.answer("db", "status")["entries"]
    done = desk.type("export", form, "--out", place, "-n", *WHO)
    assert done.code == 0
    assert done.out.startswith("would export 3 episodes")
    assert not place.exists()
    # That somebody rehearsed it was logged, and nothing else was written.
    assert desk.answer("db", "status")["entries"] <= before + 1


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_overwritten_or_followed(desk, tmp_path, form):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for place in (taken, link, "/dev/null", tmp_path / "none" / "deeper"):
        done = desk.type("export", form, "--out", place, *WHO)
        assert (done.code, done.out) == (2, ""), place
    assert taken.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()
    # Nothing left, and so nothing says that it did.
    assert desk.type("audit", "trail", "--kind", "exported").code == 2


@pytest.mark.parametrize("who", ["smith", "rivera"])
def test_who_may_not_leaves_with_nothing(desk, tmp_path, who):
    place = tmp_path / "gone"
    done = desk.type("export", "csv", "--out", place, "--as", who)
    assert (done.code, done.out) == (16, "")
    assert not place.exists()


def test_a_secret_that_others_may_read_is_refused(desk, tmp_path):
    key = tmp_path / "open.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    words = ("export", "xes", "--out", tmp_path / "x", "--secret-file", key)
    done = desk.type(*words, *WHO)
    assert (done.code, done.out) == (2, "")
    assert "others on this machine" in done.err
    key.chmod(0o600)
    key.write_text("not a secret")
    assert desk.type(*words, *WHO).code == 2
    assert not (tmp_path / "x").exists()


def test_a_name_leaves_with_the_keys_or_not_at_all(desk, tmp_path):
    words = ("export", "fhir", "--no-mask", *WHO, "--out", tmp_path / "x")
    assert desk.type(*words).code == 2
    assert desk.type(*words, "--identified").code == 0
    assert "King" in (tmp_path / "x").read_text()


@pytest.mark.parametrize("form", FORMS)
def test_what_is_known_of_somebody_stays_in(desk, tmp_path, form):
    desk.written("patient", "add", "--from", "-", stdin=json.dumps(PERSON))
    opened = desk.written("episode", "open", "P00037", "--side", "left")
    place = tmp_path / "out"
    desk.answer("export", form, "--out", place, *WHO)
    text = content(place).decode()
    assert [w for w in (GIVEN, FAMILY, BORN, MRN, NOTE) if w in text] == []
    assert (opened["episode"] in text) is (form not in HIDING)


def test_the_answer_of_an_export_is_kept(desk):
    said = desk.answer("export", "ics", "-n", *WHO)
    assert list(said)[:2] == ["schema", "as_of"]
    same_as_kept("left.json", said)
