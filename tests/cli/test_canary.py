"""The canary patient: what is known of her by name goes to none of the places it must not.

`test_privacy.py` reads what commands say. Here it is what they leave behind: messages, the
outbox, the numbers for a scraper, files and their names, the commands of others, what a
shell completes, and a server's own log.
"""

import datetime as dt
import json
import os
import sys
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import select

from sitrack.errors import SitrackError
from sitrack.record import tables
from sitrack.record.ledger import open_ledger, reading
from tests.reminders.gateway import Gateway, said, serving
from tests.reminders.post_office import Authority, PostOffice, listening
from tests.stories.notation import Story

from .test_completion import completed
from .test_privacy import (
    FAMILY,
    KEY,
    NOTE,
    PERSON,
    PHONE,
    SECRETS,
    WHO,
    canary,  # noqa: F401 - a fixture
    every_word,
)

MAIL = "zebedeus@canary.example"
PLAIN_PHONE = "+447700900461"
TOKENS = (*SECRETS, NOTE)
STAFF_WAYS = ("file", "maildir", "email", "webhook")


def told(text, but=()):
    """Which of the tokens stand in a text, beside those that may."""
    for each in but:
        text = text.replace(each, "")
    return [token for token in (*TOKENS, MAIL) if token.lower() in text.lower()]


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


# --- messages


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def outside(tmp_path, authority, monkeypatch):
    """A mail server, a gateway, a file and a maildir, all set up for rounds."""
    office, gateway = PostOffice(), Gateway()
    (tmp_path / "secret").write_text("0123456789abcdef0123456789abcdef\n")
    (tmp_path / "secret").chmod(0o600)
    with listening(office, tls_context=authority.context()), serving(gateway):
        for name, value in {
            "CLINIC_ADDRESS": "desk@clinic.example",
            "REMINDERS_FILE": tmp_path / "sent.jsonl",
            "REMINDERS_MAILDIR": tmp_path / "mail",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": office.port,
            "SMTP_SENDER": "reminders@clinic.example",
            "SMTP_CA_FILE": authority.ca_file,
            "WEBHOOK_URL": f"http://127.0.0.1:{gateway.port}/in",
            "WEBHOOK_SECRET_FILE": tmp_path / "secret",
        }.items():
            monkeypatch.setenv(f"SITRACK_{name}", str(value))
        yield office, gateway


@pytest.fixture
def reached(canary):  # noqa: F811
    """The canary after an injection, who lets herself be written to and called."""
    words = ("--guidance", "ct", "--contrast", "in-joint", "--nrs", "8", "--text", "-")
    note = f"The patient keeps a {NOTE}, says {FAMILY}."
    canary.written("record", "injection", canary.key, *words, stdin=note)
    for channel, address in (("sms", PHONE), ("email", MAIL)):
        more = ("--channel", channel, "--from", "-")
        canary.written("patient", "consent", KEY, *more, stdin=address)
    canary.day += dt.timedelta(days=1)
    return canary


@pytest.mark.parametrize("to_patients", ["email", "webhook"])
@pytest.mark.parametrize("to_staff", STAFF_WAYS)
def test_a_message_holds_keys_and_days_and_an_address_where_it_goes_to_alone(
    reached, outside, tmp_path, monkeypatch, to_staff, to_patients
):
    office, gateway = outside
    monkeypatch.setenv("SITRACK_REMINDERS_CHANNEL", to_staff)
    monkeypatch.setenv("SITRACK_REMINDERS_PATIENT_CHANNEL", to_patients)
    done = reached.type("reminder", "run")
    assert (done.code, told(done.out + done.err)) == (0, [])
    own = {"email": MAIL, "webhook": PLAIN_PHONE}[to_patients]
    to_her = 0
    for sender, recipients, mail in office.mails:
        about = f"{sender} {recipients} {mail}"
        to_her += recipients == [MAIL]
        assert told(about, but=[MAIL] if recipients == [MAIL] else []) == []
    for first, headers, body in gateway.requests:
        about = f"{first} {headers} {body.decode()}"
        hers = json.loads(body)["to"] == PLAIN_PHONE
        to_her += hers
        assert told(about, but=[PLAIN_PHONE] if hers else []) == []
    assert to_her == 1, own
    kept = [tmp_path / "sent.jsonl", *files_below(tmp_path / "mail")]
    kept = [path for path in kept if path.exists()]
    assert bool(kept) is (to_staff in {"file", "maildir"})
    for path in kept:
        raw = path.read_bytes()
        text = raw.decode() + str(message_from_bytes(raw)) + str(path)
        assert reached.key in text
        assert told(text) == []
    assert told(everything_about_sending(reached.url)) == []


def everything_about_sending(url):
    """All that the outbox, its messages and its lines of delivery hold."""
    ledger = open_ledger(url)
    with reading(ledger) as connection:
        found = [
            str(row)
            for table in (tables.reminder, tables.message, tables.delivery)
            for row in connection.execute(select(table))
        ]
    ledger.close()
    assert found
    return "\n".join(found)


@pytest.mark.parametrize("answer", [said(500), said(400, body=PLAIN_PHONE.encode())])
def test_nor_does_what_is_said_and_kept_of_a_message_that_did_not_go(
    reached, outside, monkeypatch, answer
):
    _, gateway = outside
    gateway.answers = [answer]
    monkeypatch.setenv("SITRACK_REMINDERS_CHANNEL", "webhook")
    monkeypatch.setenv("SITRACK_REMINDERS_PATIENT_CHANNEL", "webhook")
    done = reached.type("reminder", "run")
    assert done.code in {0, 15}
    assert gateway.requests
    after = [
        *(["reminder", each] for each in ("status", "list", "dead")),
        ["reminder", "ledger", reached.key],
        ["reminder", "status", "--openmetrics"],
        ["worklist", "--all"],
    ]
    said_then = [reached.type(*words) for words in after]
    assert told("".join(each.out + each.err for each in (done, *said_then))) == []
    assert told(everything_about_sending(reached.url)) == []


def test_a_scraper_is_given_numbers_alone(reached):
    done = reached.type("reminder", "status", "--openmetrics")
    assert done.code == 0
    assert done.out.endswith("# EOF\n")
    assert told(done.out) == []
    assert reached.key not in done.out


# --- files, and what others are told


class Touched:
    """What the program asks of the system while somebody looks.

    Attributes:
        names: the files that it opens, makes, renames or takes away.
        written: those of them that it writes to by itself.
        commands: the commands of other programs.
    """

    def __init__(self):
        self.names, self.written, self.commands = set(), set(), []

    def heard(self, event, values):
        if event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}:
            self.commands.append(repr(values))
        elif event == "open" and isinstance(values[0], str | bytes):
            self._opened(*values)
        elif event.partition(".")[0] in {"os", "shutil", "tempfile", "sqlite3"}:
            self.names |= {str(each) for each in values if isinstance(each, str)}

    def _opened(self, path, mode, flags):
        name = path.decode() if isinstance(path, bytes) else path
        self.names.add(name)
        if any(letter in (mode or "") for letter in "wax+") or flags & 3:
            self.written.add(name)


_LOOKING = []
"""Whoever looks now; a hook of the interpreter cannot be taken out again."""


def _hear(event, values):
    for each in _LOOKING:
        each.heard(event, values)


@contextmanager
def looking():
    if not hasattr(sys, "_sitrack_hears"):
        sys.addaudithook(_hear)
        sys._sitrack_hears = True
    touched = Touched()
    _LOOKING.append(touched)
    try:
        yield touched
    finally:
        _LOOKING.remove(touched)


def test_no_file_no_name_of_one_and_no_other_program_is_told(
    canary,  # noqa: F811
    tmp_path,
    home,
    monkeypatch,
):
    """Nor is anything put aside in a temporary file, or in a cache."""
    monkeypatch.setenv("SITRACK_REMINDERS_CHANNEL", "file")
    monkeypatch.setenv("SITRACK_REMINDERS_FILE", str(tmp_path / "sent.jsonl"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "aside").mkdir()
    for name in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path / "aside"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "aside"))
    with looking() as touched:
        for _ in every_word(canary):
            pass
        for words in (
            ["db", "backup", *WHO],
            ["patient", "export", KEY, *WHO],
            ["packet", canary.key, "rfa", *WHO],
            ["export", "csv", "--as", "osei"],
            ["export", "entries", "--as", "osei"],
            ["audit", "export", "--contents", "--as", "osei"],
        ):
            done = canary.type(*words)
            assert done.code == 0, (words, done.err)
    # click asks bash for its version before it prints the script for it.
    assert all("BASH_VERSION" in each for each in touched.commands)
    assert told("\n".join([*touched.commands, *touched.names])) == []
    assert canary.url.removeprefix("sqlite:///") in touched.names
    asked_for = ("desk.db", "sent.jsonl", "sitrack-", f"{KEY}.json", canary.key)
    mine = [
        name for name in touched.written if str(tmp_path) in str(Path(name).resolve())
    ]
    strange = [n for n in mine if not Path(n).name.startswith(asked_for)]
    inside = [n for n in strange if not Path(n).parent.name.startswith("sitrack-")]
    known = {"seal.pem", "witness.pem", "config.toml"}
    assert {Path(name).name for name in inside} <= known
    assert list((tmp_path / "aside").iterdir()) == []
    left = [str(path) for path in tmp_path.rglob("*")]
    assert told("\n".join(left)) == []
    assert [path for path in files_below(home) if told(path.read_text("latin-1"))] == []


def test_what_others_may_read_is_nothing(canary, tmp_path, monkeypatch):  # noqa: F811
    """Every file that is made is its owner's alone, whatever the mask of the account."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SITRACK_REMINDERS_FILE", str(tmp_path / "sent.jsonl"))
    before = set(tmp_path.rglob("*"))
    mask = os.umask(0)
    try:
        for words in (
            ["reminder", "run", "--channel", "file"],
            ["db", "backup", *WHO],
            ["patient", "export", KEY, *WHO],
            ["packet", canary.key, "rfa", *WHO],
            *(["export", form, "--as", "osei"] for form in ("fhir", "xes", "ocel")),
            *(["export", form, "--as", "osei"] for form in ("ics", "csv", "entries")),
            ["audit", "export", "--contents", "--format", "html", "--as", "osei"],
        ):
            done = canary.type(*words)
            assert done.code == 0, (words, done.err)
        fresh = canary.url.replace("desk.db", "new/fresh.db")
        assert canary.run("db", "init", "-d", fresh).code == 0
    finally:
        os.umask(mask)
    made = set(tmp_path.rglob("*")) - before
    files = [path for path in made if path.is_file()]
    assert len(files) > 12
    assert [str(path) for path in files if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(
    "line", ["sitrack show P", "sitrack worklist owner:", "sitrack patient find Qui"]
)
def test_a_shell_is_offered_no_name_and_nothing_is_kept(canary, home, line):  # noqa: F811
    offered, err = completed(canary.url, line)
    assert told(" ".join(offered) + err) == []
    assert files_below(home) == []


# --- a server


def test_the_log_of_a_server_is_not_told(postgres, tmp_path):
    """Not even where a number is taken, or a damaged record is looked at."""
    with postgres.fresh() as url:
        story = Story(url, tmp_path, "left", "2025-01-06")
        person = json.dumps(PERSON)
        key = story.written("patient", "add", "--from", "-", stdin=person)["patient"]
        opened = story.written("episode", "open", key, "--side", "left")["episode"]
        note = f"The patient keeps a {NOTE}, says {FAMILY}."
        story.written("record", "note", opened, "--text", "-", stdin=note)
        for words in (["show", key, "--no-mask"], ["history", opened]):
            assert story.type(*words).code == 0
        again = story.type("patient", "add", "--from", "-", *WHO, stdin=person)
        assert again.code == 2
        other = json.dumps({"given": "A", "family": "B"})
        story.written("patient", "add", "--from", "-", stdin=other)
        ledger = open_ledger(url)
        with pytest.raises(SitrackError), reading(ledger) as connection:
            connection.exec_driver_sql("SELECT nothing FROM nowhere")
        with reading(ledger) as connection:
            query = "SHOW data_directory"
            folder = Path(connection.exec_driver_sql(query).scalar_one())
        ledger.close()
        log = (folder / "log").read_text()
    assert "nowhere" in log  # it is this server's, and it tells what fails
    assert told(log) == []
