"""Typed under a login of one's own, a command does what the role may, and no more."""

import copy
import json
from contextlib import closing

import pytest
from sqlalchemy import make_url

from sitrack.record import grants, upgrade
from sitrack.record.connection import read_url
from sitrack.record.journal import load_stream
from sitrack.record.ledger import KNOWN_SCHEMAS, open_ledger, reading
from sitrack.record.roles import COMMANDS as MATRIX
from sitrack.record.roles import ROLES
from tests.clinic import driver
from tests.logins import drop_logins
from tests.stories.notation import Story

from .golden import same_as_kept
from .test_access import log_of
from .test_roles import KEY, PERSON, TRIED, WRITES, command_of, who

NOT_HERE = {"db backup", "audit witness", "db grant", "patient erase"}
"""Tried below, or alone: they make a file, or want the owner or two people."""
TYPED = {
    name: words
    for name, words in TRIED.items()
    if command_of(words) not in NOT_HERE and "export" not in command_of(words)
}


@pytest.fixture
def clinic(postgresql_url, tmp_path, home):
    """A clinic with somebody of every role, each with a login; typed as its owner."""
    story = Story(postgresql_url, tmp_path, "right", "2025-01-06")
    for role in ("auditor", "scheduler", "admin"):
        story.written("staff", "add", f"the-{role}", "--role", role)
    story.answer("db", "grant", "--as", "the-admin")
    yield story
    with closing(open_ledger(postgresql_url)) as ledger, driver(ledger) as run:
        drop_logins(run, grants.owner_of(ledger.ledger_id))


def as_login(story, name):
    """The same clinic, typed under somebody's login."""
    mine = copy.copy(story)
    mine.url = (
        make_url(story.url).set(username=name).render_as_string(hide_password=False)
    )
    return mine


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_its_commands_under_its_login_and_no_others(clinic, role):
    mine = as_login(clinic, who(role))
    went = set()
    for name, words in TYPED.items():
        rehearsed = ["-n"] if command_of(words) in WRITES else []
        done = mine.type(*words, *rehearsed, stdin=PERSON)
        went.add(done.code)
        allowed = role in MATRIX[command_of(words)].roles
        assert done.code in {0, 2, 10, 11, 12, 16}, (name, done.err)
        assert (" is for a" in done.err) == (not allowed), (name, done.err)
        # What is not eligible, or somebody else's, is no matter of the server's.
        assert "does not let this login" not in done.err, (name, done.err)
    assert 0 in went
    assert clinic.answer("audit", "verify")["holds"] is True


def test_a_day_of_care_is_written_under_the_logins_of_those_who_gave_it(clinic):
    rivera = as_login(clinic, "rivera")
    words = ("--guidance", "fluoroscopy", "--contrast", "in-joint", "--nrs", "8")
    assert rivera.type("record", "injection", KEY, *words).code == 0
    assert rivera.type("record", "score", KEY, "--nrs", "3").code == 0
    assert rivera.type("contact", KEY, "no-answer").code == 0
    assert rivera.type("patient", "add", "--from", "-", stdin=PERSON).code == 0
    assert rivera.type("undo", "--yes").code == 10
    osei = as_login(clinic, "osei")
    assert osei.type("record", "score", KEY, "--nrs", "4", "--as", "osei").code == 0
    rounds = as_login(clinic, "the-scheduler")
    assert rounds.type("reminder", "run").code == 0
    with closing(open_ledger(clinic.url)) as ledger, reading(ledger) as connection:
        entries = load_stream(connection, f"episode/{KEY}")
    by = [entry.provenance.recorder for entry in entries]
    assert by == ["rivera", "rivera", "rivera", "rivera", "osei"]
    assert clinic.answer("audit", "verify")["holds"] is True


def test_who_sees_no_name_is_told_whose_it_is_to_enrol_before_anybody_is_looked_for(
    clinic,
):
    rounds = as_login(clinic, "the-scheduler")
    done = rounds.type("patient", "add", "--from", "-", stdin=PERSON)
    assert (done.code, done.out) == (16, "")
    assert "patient add is for a coordinator or a clinician" in done.err


def test_a_coordinator_writes_down_what_a_clinician_attested_and_both_are_told(clinic):
    rivera = as_login(clinic, "rivera")
    words = ("record", "attestation", KEY, "--about", "source")
    assert rivera.type(*words).code == 16
    assert rivera.type(*words, "--performer", "osei").code == 0
    row = rivera.answer("history", KEY)["rows"][-1]
    assert (row["kind"], row["performer"]) == ("attestation", "osei")
    assert row["recorder"] == "rivera"
    trail = ("audit", "trail", "--kind", "attestation", "--by", "osei")
    [row] = as_login(clinic, "the-auditor").answer(*trail)["rows"]
    assert (row["performer"], row["recorder"]) == ("osei", "rivera")


def test_who_wrote_it_down_by_their_login_does_not_attest_it(clinic):
    """The server stamps who writes, and so a name that is given changes nothing."""
    clinic.answer(
        *("staff", "add", "silva", "--role", "clinician", "--as", "the-admin")
    )
    clinic.answer("db", "grant", "--as", "the-admin")
    osei, silva = as_login(clinic, "osei"), as_login(clinic, "silva")
    entry = osei.answer("record", "score", KEY, "--nrs", "3")["entry"]
    score = entry.partition("#")[2]
    words = ("record", "attestation", KEY, "--about", "source", "--for", score)
    for more in ((), ("--as", "osei"), ("--performer", "osei")):
        done = osei.type(*words, *more)
        assert (done.code, done.out) == (16, ""), done.err
        assert f"osei wrote #{score} down" in done.err
    assert silva.type(*words).code == 0
    assert clinic.answer("audit", "verify")["holds"] is True


def test_who_looks_is_logged_by_their_login(clinic):
    assert as_login(clinic, "rivera").type("show", KEY).code == 0
    last = log_of(clinic.url, "rivera")[-1]
    assert (last.provenance.recorder, last.payload["keys"]) == ("rivera", [KEY])


@pytest.mark.parametrize(
    "words", [["show", KEY], ["contact", KEY, "no-answer"]], ids=["read", "write"]
)
def test_another_name_is_refused(clinic, words):
    done = as_login(clinic, "rivera").type(*words, "--as", "osei", "--json")
    assert (done.code, done.out, done.error["code"]) == (16, "", 16)
    assert "the login of rivera" in done.error["message"]


def test_breaking_the_glass_does_not_break_the_server(clinic):
    """The scheduler may look past their role; the server shows them no name."""
    words = ("show", KEY, "--break-glass", "emergency", "--json")
    done = as_login(clinic, "the-scheduler").type(*words)
    assert (done.code, done.out) == (16, "")
    assert "does not let this login" in done.error["message"]


def test_a_login_that_sees_not_everything_verifies_nothing(clinic):
    done = as_login(clinic, "the-scheduler").type("audit", "verify", "--json")
    assert (done.code, done.out) == (16, "")
    assert as_login(clinic, "the-auditor").answer("audit", "verify")["holds"] is True


def test_two_admins_erase_under_their_own_logins(clinic):
    clinic.answer("staff", "add", "okafor", "--role", "admin", "--as", "the-admin")
    clinic.answer("db", "grant", "--as", "the-admin")
    clinic.answer(
        *("episode", "finish", KEY, "--disposition", "declined", "--as", "rivera")
    )
    words = ("patient", "erase", "P00013", "--legal-basis", "unlawful", "--json")
    asked, done = (
        as_login(clinic, name).type(*words) for name in ("the-admin", "okafor")
    )
    assert (asked.code, done.code) == (0, 0), done.err
    assert done.json["erased"] > 0
    assert clinic.answer("audit", "verify")["holds"] is True


def test_granting_answers_with_every_login(clinic):
    clinic.answer("staff", "retire", "the-auditor", "--as", "the-admin")
    words = ("db", "grant", "--as", "the-admin")
    answer = clinic.answer(*words)
    assert answer["owner"].startswith("sitrack_")
    same_as_kept("granted.json", answer | {"owner": "sitrack_1a2b3c4d_owner"})
    assert "nobody may do more or less than before" in clinic.type(*words).out
    with closing(open_ledger(clinic.url)) as ledger, driver(ledger) as run:
        run('DROP ROLE "the-auditor"')


def test_who_is_retired_may_do_nothing_before_the_next_grant_either(clinic):
    clinic.answer("staff", "retire", "rivera", "--as", "the-admin")
    done = as_login(clinic, "rivera").type("worklist", "--json")
    assert (done.code, done.out) == (16, "")
    assert json.loads(done.err.splitlines()[-1])["error"]["type"] == "not-permitted"


def test_after_an_upgrade_it_says_to_grant_again(clinic):
    with upgrade._migrating(read_url(clinic.url)) as connection:
        upgrade.run_migrations(connection, KNOWN_SCHEMAS[-2])
    done = clinic.type("db", "upgrade")
    assert done.code == 0, done.err
    assert "Next: sitrack db grant" in done.out
    assert clinic.answer("audit", "verify")["holds"] is True
    assert as_login(clinic, "rivera").type("show", KEY).code == 0


def test_a_file_is_taken_in_and_two_are_merged_under_a_login(clinic):
    rivera = as_login(clinic, "rivera")
    file = rivera.type("import", "--template").out
    told = ("import", "-", "--no-reminders", "--json")
    clinic.day = rivera.day = rivera.day.replace(month=9)
    done = rivera.type(*told, stdin=file)
    assert (done.code, done.json["patients"]) == (0, 1), done.err
    assert done.json["reminders_suppressed"] > 0
    assert rivera.type(*told, stdin=file).json["known_before"] == 6
    merged = ("patient", "merge", "P00021", "P00013")
    assert rivera.type(*merged).code == 10  # both have an open right side
    finish = ("episode", "finish", "P00021-R", "--disposition", "opened-in-error")
    assert rivera.type(*finish).code == 0
    assert rivera.type(*merged).code == 0
    assert rivera.answer("show", "P00021")["patient"] == "P00013"
    assert rivera.type("patient", "unmerge", "P00021").code == 0
    found = clinic.type("audit", "verify", "--json").json
    assert (found["holds"], found["rows"]) == (True, [])
