"""Each role has its commands, on both databases; the rest is refused, and logged."""

import json
from contextlib import closing, nullcontext

import pytest

from sitrack.errors import NotPermitted
from sitrack.record.journal import load_stream
from sitrack.record.ledger import open_ledger, reading
from sitrack.record.roles import COMMANDS as MATRIX
from sitrack.record.roles import ROLES, refuse
from tests.stories.notation import Story

from .test_access import NOBODYS, READS, log_of
from .test_help import COMMANDS

KEY = "P00013-R"
PERSON = json.dumps({"given": "Ana", "family": "Brandt"})
WRITES = {
    "record": ["record", "score", KEY, "--nrs", "3"],
    "contact": ["contact", KEY, "no-answer"],
    "snooze": ["snooze", KEY, "+3d"],
    "advance": ["advance", KEY, "re-evaluation"],
    "undo": ["undo"],
    "packet": ["packet", KEY, "rfa"],
    "import": ["import", "-"],
    "view save": ["view", "save", "calls", "waits:patient"],
    "view delete": ["view", "delete", "calls"],
    "patient add": ["patient", "add", "--from", "-"],
    "patient edit": ["patient", "edit", "P00013", "--payer", "medicare"],
    "patient consent": [
        *("patient", "consent", "P00013", "--channel", "sms", "--from", "-"),
    ],
    "patient merge": ["patient", "merge", "P00013", "P00013"],
    "patient unmerge": ["patient", "unmerge", "P00013"],
    "patient erase": ["patient", "erase", "P00013", "--legal-basis", "objection"],
    "db rebuild": ["db", "rebuild"],
    "reminder retry": ["reminder", "retry", "--all"],
    "episode open": ["episode", "open", "P00013", "--side", "left"],
    "episode finish": ["episode", "finish", KEY, "--disposition", "declined"],
    "episode reopen": ["episode", "reopen", KEY, "--reason", "new-pain-report"],
    "episode hold": [
        *("episode", "hold", KEY, "--reason", "pregnancy", "--review", "+30d"),
    ],
    "episode resume": ["episode", "resume", KEY],
    "bulk advance": ["bulk", "side:right", "advance", "re-evaluation"],
    "bulk contact": ["bulk", "side:right", "contact", "no-answer"],
    "bulk snooze": ["bulk", "side:right", "snooze", "+3d"],
    "bulk assign": ["bulk", "side:right", "assign", "--to", "osei"],
    "bulk hold": [
        *("bulk", "side:right", "hold", "--reason", "pregnancy"),
        *("--review", "+30d"),
    ],
    "episode assign": ["episode", "assign", KEY, "--to", "osei"],
    "episode claim": ["episode", "claim", KEY],
    "episode accept": ["episode", "accept", KEY],
    "episode decline": ["episode", "decline", KEY, "--reason", "workload"],
    "team add": ["team", "add", "spine", "--lead", "rivera"],
    "team edit": ["team", "edit", "spine", "--join", "osei"],
    "absence add": ["absence", "add", "osei", "--until", "+3d"],
    "absence end": ["absence", "end", "osei"],
    "episode lost": ["episode", "lost", KEY],
    "episode return": ["episode", "return", KEY],
    "entry correct": [
        *("entry", "correct", KEY, "1", "--set", "nrs=7", "--reason", "typing-error"),
    ],
    "entry retract": ["entry", "retract", KEY, "1", "--reason", "duplicate"],
    "entry transfer": [
        *("entry", "transfer", KEY, "1", "--to", "P00013-L", "--reason", "wrong-side"),
    ],
    "staff add": ["staff", "add", "okafor", "--role", "clinician", "--no-input"],
    "staff role": ["staff", "role", "osei", "coordinator"],
    "staff retire": ["staff", "retire", "osei"],
    "db grant": ["db", "grant"],
    "pathway migrate": [
        "pathway",
        "migrate",
        "si-2026.1",
        "--all",
        "--clinician",
        "osei",
    ],
}
ROUND = {"reminder run": ["reminder", "run"]}
GUARDED = {
    "snooze": ["snooze", KEY, "+3d"],
    "episode handoff": [
        *("episode", "handoff", KEY, "--to", "osei", "--reason", "workload"),
    ],
    "export csv": ["export", "csv", "--out", "taken-away"],
    **{f"export {form}": ["export", form] for form in ("fhir", "xes", "ocel", "ics")},
    "export entries": ["export", "entries", "--out", "taken-away"],
    "audit export": ["audit", "export", "--out", "taken-away"],
    "patient export": ["patient", "export", "P00013", "--out", "taken-away"],
    "db backup": ["db", "backup", "--out", "taken-away"],
}
"""Tried by those alone who may not: what they do has tests of its own."""
READ = {name: words for name, (words, _) in READS.items()}
TRIED = {**READ, **ROUND, **WRITES, **GUARDED}
ELSEWHERE = {
    "reminder watch",  # never ends by itself
    *("pathway adopt", "patient consent", "audit witness"),  # read a file first
    "audit reconcile",  # likewise
    *("audit key make", "audit key rotate", "audit seal"),  # ask for a passphrase
}
"""Commands whose rule is asked below, without typing them."""


@pytest.fixture
def clinic(ledger_url, tmp_path, home):
    """A clinic with somebody of every role, an admin among them."""
    story = Story(ledger_url, tmp_path, "right", "2025-01-06")
    for role in ("auditor", "scheduler", "admin"):
        story.written("staff", "add", f"the-{role}", "--role", role)
    return story


def who(role):
    return {"coordinator": "rivera", "clinician": "osei"}.get(role, f"the-{role}")


def command_of(words):
    if words[0] == "bulk":
        return f"bulk {words[2]}"
    names = (" ".join(words[:count]) for count in (3, 2, 1))
    return next(name for name in names if name in MATRIX)


def test_every_command_is_tried():
    tried = {command_of(words) for words in TRIED.values()} | ELSEWHERE
    owned = {" ".join(path) for path in COMMANDS - NOBODYS if path[0] != "record"}
    assert owned - tried == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_its_commands_and_no_others(clinic, role):
    refused = set()
    for words in TRIED.values():
        name = command_of(words)
        if name in GUARDED and role in MATRIX[name].roles:
            continue
        rehearsed = ["-n"] if name in WRITES else []
        done = clinic.type(*words, *rehearsed, "--as", who(role), stdin=PERSON)
        if done.code == 16:
            assert done.out == ""
            assert f"{name if name != 'record' else 'record score'} is for" in done.err
            refused.add(name)
    names = {command_of(words) for words in TRIED.values()}
    assert refused == {name for name in names if role not in MATRIX[name].roles}


@pytest.mark.parametrize("command", sorted(ELSEWHERE))
def test_the_rule_of_a_command_that_wants_more_first_is_the_matrix(command):
    for role in ROLES:
        allowed = role in MATRIX[command].roles
        with nullcontext() if allowed else pytest.raises(NotPermitted):
            refuse("somebody", role, command, ROLES)


@pytest.mark.parametrize("role", ["auditor", "scheduler", "admin"])
def test_who_may_not_write_writes_nothing(clinic, role):
    before = clinic.everything()
    for name in ("record", "advance", "episode open", "contact", "undo"):
        more = ["--yes"] if name == "undo" else []
        done = clinic.type(*WRITES[name], *more, "--as", who(role), "--json")
        assert (done.code, done.out) == (16, ""), name
        assert done.error["type"] == "not-permitted"
    assert clinic.everything() == before
    log = log_of(clinic.url, who(role))
    assert {(entry.kind, entry.payload["outcome"]) for entry in log} == {
        ("refused", "not-permitted")
    }
    assert len(log) == 5


def test_the_first_people_may_add_others_until_one_is_an_admin(clinic):
    done = clinic.type(*WRITES["staff add"], "--as", "rivera")
    assert done.code == 16
    assert "staff add is for an admin, and rivera is a coordinator" in done.err
    assert clinic.type(*WRITES["staff add"], "--as", "the-admin").code == 0


def test_breaking_the_glass_opens_a_read_for_once(clinic):
    words = ("show", KEY, "--as", "the-scheduler")
    assert clinic.type(*words).code == 16
    done = clinic.type(*words, "--break-glass", "emergency", "--json")
    assert (done.code, done.json["given"]) == (0, "Mary")
    last = log_of(clinic.url, "the-scheduler")[-1]
    assert (last.kind, last.payload["break_glass"]) == ("read", "emergency")
    assert clinic.type(*words).code == 16
    assert clinic.answer("audit", "verify")["holds"] is True


def test_a_reason_to_break_it_is_one_of_ours(clinic):
    done = clinic.type("show", KEY, "--break-glass", "curiosity")
    assert (done.code, done.out) == (2, "")
    assert "emergency" in done.err


def test_an_auditor_sees_names_for_a_reason_only(clinic):
    words = ("show", KEY, "--as", "the-auditor", "--json")
    assert "given" not in clinic.type(*words).json
    done = clinic.type(*words, "--no-mask")
    assert (done.code, done.out) == (16, "")
    assert done.error["hint"] == "give the reason: --break-glass CODE"
    assert clinic.type(*words, "--break-glass", "safety").json["given"] == "Mary"


def test_a_role_that_was_changed_holds_at_once_and_is_on_record(clinic):
    words = ("staff", "role", "rivera", "auditor", "--as", "the-admin", "--json")
    changed = clinic.type(*words).json
    assert (changed["role"], changed["was"]) == ("auditor", "coordinator")
    done = clinic.type(*WRITES["contact"], "--as", "rivera")
    assert (done.code, done.out) == (16, "")
    with closing(open_ledger(clinic.url)) as ledger, reading(ledger) as connection:
        *_, entry = load_stream(connection, "office")
    assert (entry.kind, entry.provenance.recorder) == ("role-changed", "the-admin")
    assert clinic.answer("audit", "verify")["holds"] is True


def test_an_admin_is_no_admin_of_their_own(clinic):
    words = ("staff", "role", "the-admin", "clinician")
    done = clinic.type(*words, "--as", "the-admin", "--json")
    assert (done.code, done.error["code"]) == (16, 16)
    promoted = ("staff", "role", "osei", "admin", "--as", "the-admin")
    assert clinic.type(*promoted).code == 0
    assert clinic.type(*words, "--as", "osei").code == 0


def test_nobody_is_given_a_role_that_is_theirs_or_that_there_is_not(clinic):
    as_admin = ("--as", "the-admin")
    assert clinic.type("staff", "role", "osei", "clinician", *as_admin).code == 2
    assert clinic.type("staff", "role", "osei", "doctor", *as_admin).code == 2
    assert clinic.type("staff", "role", "kim", "admin", *as_admin).code == 11


def test_who_is_retired_does_nothing_more_and_keeps_their_name_on_what_they_did(clinic):
    clinic.written("record", "score", KEY, "--nrs", "3")
    done = clinic.type("staff", "retire", "rivera", "--as", "the-admin")
    assert (done.code, done.err.count("error")) == (0, 0)
    for words in (["contact", KEY, "no-answer"], ["show", KEY], ["worklist"]):
        done = clinic.type(*words, "--as", "rivera", "--json")
        assert (done.code, done.out) == (16, ""), words
        assert "rivera is retired since 2025-01-06" in done.error["message"]
    by = ("--as", "osei")
    history = clinic.answer("history", KEY, *by)
    assert {row["recorder"] for row in history["rows"]} == {"rivera"}
    # What they did may still be written down, by somebody else.
    late = ("record", "score", KEY, "--nrs", "4", "--performer", "rivera")
    assert clinic.type(*late, *by).code == 0
    assert clinic.answer("audit", "verify")["holds"] is True


def test_the_id_of_who_is_retired_is_never_given_again(clinic):
    as_admin = ("--as", "the-admin", "--json")
    assert clinic.type("staff", "retire", "osei", *as_admin).code == 0
    again = clinic.type("staff", "add", "osei", "--role", "clinician", *as_admin)
    assert (again.code, again.out) == (2, "")
    assert "one person's for ever" in again.error["message"]
    assert clinic.type("staff", "role", "osei", "auditor", *as_admin).code == 16
    assert clinic.type("staff", "retire", "osei", *as_admin).code == 16
    [row] = [
        row for row in clinic.answer("staff", "list")["rows"] if row["staff"] == "osei"
    ]
    assert (row["role"], row["retired"]) == ("clinician", "2025-01-06")


def test_an_admin_is_retired_by_another_admin_alone(clinic):
    words = ("staff", "retire", "the-admin")
    assert clinic.type(*words, "--as", "osei").code == 16
    assert clinic.type(*words, "--as", "the-admin").code == 16
    promoted = ("staff", "role", "osei", "admin", "--as", "the-admin")
    assert clinic.type(*promoted).code == 0
    assert clinic.type(*words, "--as", "osei").code == 0
    assert clinic.type("staff", "retire", "nobody", "--as", "osei").code == 11


def test_a_signature_is_that_of_a_clinician_who_is_still_there(clinic):
    assert clinic.type("staff", "retire", "osei", "--as", "the-admin").code == 0
    words = ("advance", KEY, "re-evaluation", "--variance", "clinical-judgement")
    done = clinic.type(*words, "--clinician", "osei", "--as", "rivera", "--json")
    assert (done.code, done.out) == (16, "")
