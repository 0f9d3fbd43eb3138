"""A canary: what is known of one patient is driven through every command, and stays in."""

import json
import sys
from pathlib import Path

import pytest

from .keyboard import tamper, typed
from .test_help import COMMANDS
from .test_json import leaves

GIVEN, FAMILY, BORN, MRN, NOTE = (
    "Quillon",
    "Zebedeus",
    "1951-07-23",
    "MRN77CANARY",
    "xylotheque",
)
PERSON = {"given": GIVEN, "family": FAMILY, "born": BORN, "mrn": MRN}
PHONE = "+44 7700 900461"
SECRETS = (
    *(GIVEN, FAMILY, BORN, "23.07.1951", "19510723", MRN),
    *(PHONE, "+447700900461", "7700900461", "900461"),
)
KEY = "P00037"
WHO = ("--as", "rivera")

DRIVEN = {
    **{
        ("record", kind): words
        for kind, words in {
            "injection": ["--guidance", "ct", "--contrast", "in-joint", "--nrs", "8"],
            "diary": ["--reading", "1h=2"],
            "score": ["--nrs", "7"],
            "exam": ["--positive", "faber,gaenslen,yeoman"],
            "screen": ["--lumbar", "negative"],
            "therapy": ["--type", "passive"],
            "medication": ["--drug", "naproxen"],
            "block": ["--anaesthetic", "lidocaine", "--nrs", "7"],
            "rfa": ["--technique", "cooled", "--guidance", "ct", "--nrs", "7"],
            "consent": ["--procedure", "rfa"],
            "opinion": ["--from", "hip", "--verdict", "unclear"],
            "attestation": ["--about", "source", "--performer", "osei"],
            "note": [],
            "fusion": ["--approach", "lateral"],
            "visit": ["--wound", "well"],
            "imaging": ["--modality", "ct", "--regions", "pelvis"],
            "lab": ["--cotinine", "4"],
            "belt": ["--start", "2025-01-06"],
            "notice": ["--procedure", "rfa"],
            "booking": ["--what", "rfa", "--day", "2025-06-03"],
            "authorisation": ["--what", "rfa", "--status", "requested"],
            "adverse": ["--event", "allergy", "--severity", "mild"],
        }.items()
    },
    ("advance",): ["re-evaluation"],
    ("why",): [],
    ("show",): [],
    ("history",): [],
    ("due",): ["--explain"],
    ("contact",): ["wrong-number"],
    ("snooze",): ["+3d"],
    ("episode", "assign"): ["--to", "osei", "-n"],
    ("episode", "claim"): [],
    ("episode", "handoff"): ["--to", "osei", "--reason", "workload", "-n"],
    ("episode", "accept"): [],
    ("episode", "decline"): ["--reason", "workload"],
    ("episode", "reopen"): ["--reason", "new-pain-report"],
    ("episode", "hold"): ["--reason", "pregnancy", "--review", "+30d", "-n"],
    ("episode", "resume"): [],
    ("episode", "lost"): [],
    ("episode", "return"): [],
    ("entry", "correct"): ["2", "--set", "nrs=7", "--reason", "typing-error", "-n"],
    ("entry", "retract"): ["2", "--reason", "duplicate", "-n"],
    ("entry", "transfer"): ["2", "--to", KEY, "--reason", "wrong-side", "-n"],
    ("episode", "finish"): ["--disposition", "declined", "-n"],
    ("packet",): ["rfa", "-n"],
}
"""Commands about an episode, with what they need beside its key."""
ALONE = [
    ["worklist"],
    ["worklist", "--all", "stage:injection"],
    ["next"],
    ["view", "save", "mine", "owner:me", *WHO],
    ["view", "list"],
    ["view", "show", "mine"],
    ["view", "delete", "mine", "-n", *WHO],
    ["show", KEY],
    ["show", KEY, "--timeline"],
    ["patient", "show", KEY],
    ["patient", "find", "--from", "-"],
    ["patient", "add", "--from", "-", *WHO],
    ["patient", "edit", KEY, "--payer", "bcbs-al", *WHO],
    ["patient", "consent", KEY, "--channel", "sms", "--from", "-", *WHO],
    ["patient", "show", KEY],
    ["episode", "list"],
    ["report", "census"],
    ["report", "time-in-stage", "stage:injection"],
    ["report", "funnel"],
    ["report", "trend"],
    ["report", "reach", "--by", "week"],
    ["episode", "list", KEY],
    ["episode", "open", KEY, "--side", "right", *WHO],
    ["undo", "-n", *WHO],
    ["patient", "merge", KEY, "P00013", "-n", *WHO],
    ["patient", "unmerge", KEY, *WHO],
    ["import", "-", *WHO],
    ["completion", "bash"],
    ["doctor"],
    *(["config", verb] for verb in ("show", "path", "init")),
    ["staff", "list"],
    ["staff", "add", "okafor", "--role", "clinician", *WHO],
    ["staff", "role", "osei", "auditor", "-n", *WHO],
    ["bulk", "owner:me", "advance", "re-evaluation", "-n", *WHO],
    ["bulk", "owner:me", "contact", "no-answer", "-n", *WHO],
    ["bulk", "owner:me", "snooze", "+3d", "-n", *WHO],
    ["bulk", "owner:me", "assign", "--to", "osei", "-n", *WHO],
    ["bulk", "owner:me", "hold", "--reason", "pregnancy", "--review", "+9d", *WHO],
    ["team", "add", "spine", "--lead", "rivera", *WHO],
    ["team", "edit", "spine", "--join", "osei", *WHO],
    ["team", "list"],
    ["absence", "add", "osei", "--until", "+3d", *WHO],
    ["absence", "list"],
    ["absence", "end", "osei", *WHO],
    ["staff", "retire", "osei", "-n", *WHO],
    ["db", "grant", "-n", *WHO],
    ["reminder", "plan", "--until", "+90d"],
    ["reminder", "run"],
    ["reminder", "status"],
    ["reminder", "list"],
    ["reminder", "dead"],
    ["reminder", "ledger", f"{KEY}-L"],
    ["reminder", "retry", "--all", *WHO],
    ["pathway", "list"],
    ["pathway", "show"],
    ["pathway", "check"],
    ["pathway", "draw"],
    ["pathway", "diff", "si-2026.1", "si-2026.1"],
    ["pathway", "adopt", "none.toml", "--clinician", "osei", *WHO],
    ["pathway", "migrate", "si-2026.1", "--all", "--clinician", "osei", *WHO],
    ["audit", "verify"],
    *(["export", form, "-n", "--as", "osei"] for form in ("fhir", "xes", "ocel")),
    *(["export", form, "-n", "--as", "osei"] for form in ("ics", "csv")),
    ["audit", "trail", KEY],
    ["audit", "by", "rivera"],
    ["audit", "who-saw", KEY],
    ["audit", "variances"],
    ["audit", "sample", "5"],
    ["audit", "key", "make", *WHO],
    ["audit", "key", "show"],
    ["audit", "key", "rotate", "--out", "next.pem", "-n", *WHO],
    ["audit", "seal", *WHO],
    ["audit", "witness", "--key", "none.keys"],
    ["patient", "export", KEY, "-n", *WHO],
    ["patient", "erase", KEY, "--legal-basis", "unlawful", "-n", *WHO],
    ["audit", "export", "-n", *WHO],
    ["audit", "reconcile", "none.log"],
    ["export", "entries", "-n", "--as", "osei"],
    ["db", "rebuild", "-n", *WHO],
    ["db", "backup", "-n", *WHO],
    ["db", "restore", "none.db"],
    ["db", "status"],
    ["db", "path"],
    ["db", "upgrade"],
    ["db", "init"],
]
"""Commands that are about more than one episode, or none."""
WRITES = {"record", "advance", "episode", "contact", "entry", "packet", "snooze"}
ONE_WORD = {
    ("completion",),
    ("worklist",),
    ("next",),
    ("show",),
    ("undo",),
    ("doctor",),
    ("import",),
}
NOT_DRIVEN = {("demo",), ("reminder", "watch")}
"""It invents its own patients; it never ends by itself (it is the rounds of `run`)."""


@pytest.fixture
def canary(desk):
    """A desk at which one patient is known by tokens that occur nowhere else."""
    person = json.dumps(PERSON)
    enrolled = desk.written("patient", "add", "--from", "-", stdin=person)
    assert enrolled["patient"] == KEY
    desk.key = desk.written("episode", "open", KEY, "--side", "left")["episode"]
    return desk


def said(desk, *words, stdin=""):
    """All that a command says, in every form that it has."""
    whole = ""
    for more in ([], ["--json"], ["--format", "table"], ["--format", "csv"]):
        done = desk.type(*words, *more, stdin=stdin)
        whole += done.out + done.err
    return whole


def every_word(desk):
    """What each command says of the canary, by its words."""
    note = f"The patient keeps a {NOTE}; {GIVEN} {FAMILY}, born {BORN}, {MRN}."
    for path, words in DRIVEN.items():
        who = WHO if path[0] in WRITES else ()
        text = ["--text", "-"] if path[0] == "record" else []
        yield path, said(desk, *path, desk.key, *words, *text, *who, stdin=note)
    for words in ALONE:
        known = {"add": json.dumps(PERSON), "consent": PHONE}
        stdin = known.get(words[1] if words[1:] else "", json.dumps({"family": FAMILY}))
        yield tuple(words[:2]), said(desk, *words, stdin=stdin)


def test_every_command_is_driven():
    driven = set(DRIVEN) | ONE_WORD
    driven |= {tuple(words[:length]) for words in ALONE for length in (2, 3)}
    driven |= {("bulk", words[2]) for words in ALONE if words[0] == "bulk"}
    assert {path for path in COMMANDS if path not in driven} == NOT_DRIVEN


def test_nothing_of_a_patient_leaves_without_being_asked_for(
    canary, tmp_path, monkeypatch
):
    monkeypatch.setenv("SITRACK_REMINDERS_CHANNEL", "file")
    monkeypatch.setenv("SITRACK_REMINDERS_FILE", str(tmp_path / "sent.jsonl"))
    (tmp_path / "passphrase").write_text("correct horse battery")
    (tmp_path / "passphrase").chmod(0o600)
    monkeypatch.setenv("SITRACK_SEAL_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    for path, text in every_word(canary):
        if path == ("history",):
            assert NOTE in text  # the words of an entry, where they belong
            continue
        assert NOTE not in text, path
        assert [secret for secret in SECRETS if secret in text] == [], path
    canary.day = canary.day.replace(month=8)
    assert canary.type("reminder", "run").code == 0
    sent = (tmp_path / "sent.jsonl").read_text()
    assert canary.key in sent
    assert [secret for secret in (*SECRETS, NOTE) if secret in sent] == []
    names = " ".join(map(str, tmp_path.rglob("*")))
    assert [secret for secret in (*SECRETS, NOTE) if secret in names] == []


def test_nor_does_it_by_any_error(canary):
    bad = [
        {"born": "1951-07-99"},
        {"born": "2951-07-23"},
        {"given": GIVEN + "\x1b"},
        {"family": FAMILY * 20},
        {"mrn": 7},
        {"nickname": FAMILY},
        {},  # the record number is taken
    ]
    for change in bad:
        words = ("patient", "add", "--from", "-", *WHO)
        done = canary.type(*words, stdin=json.dumps(PERSON | change))
        assert (done.code, done.out) == (2, "")
        assert [secret for secret in SECRETS if secret in done.err] == [], change
    for raw in (f'{{"given": "{GIVEN}", ', f"[{GIVEN!r}]", GIVEN):
        done = canary.type("patient", "add", "--from", "-", *WHO, stdin=raw)
        assert done.code == 2
        assert GIVEN not in done.err


def test_nor_from_a_record_that_is_damaged(canary):
    words = ("record", "note", canary.key, *WHO, "--text", "-")
    assert canary.type(*words, stdin=f"{NOTE} {FAMILY}").code == 0
    tamper(canary.file)
    for words in (
        ["audit", "verify"],
        ["audit", "key", "make", *WHO],
        ["audit", "key", "show"],
        ["audit", "key", "rotate", "--out", "next.pem", "-n", *WHO],
        ["audit", "seal", *WHO],
        ["audit", "witness", "--key", "none.keys"],
        ["worklist"],
        ["show", canary.key],
        ["db", "status"],
    ):
        text = said(canary, *words)
        assert [secret for secret in (*SECRETS, NOTE) if secret in text] == [], words


def test_it_is_shown_in_full_to_who_asks_for_it(canary):
    known = json.dumps({"mrn": MRN})
    shown = canary.screen("show", KEY, "--no-mask")
    found = canary.screen("patient", "find", "--from", "-", "--no-mask", stdin=known)
    assert shown.startswith(f"{KEY}  {GIVEN} {FAMILY}, born {BORN}, record {MRN}\n")
    assert f"{GIVEN}             {FAMILY}" in found
    card = canary.screen("show", canary.key, "--no-mask")
    assert card.startswith(f"{canary.key}  {GIVEN} {FAMILY}, born {BORN}, record {MRN}")
    for screen in (canary.screen("show", KEY), canary.screen("worklist")):
        assert "Q.Z." in screen or KEY not in screen


def test_no_option_takes_a_name_a_birth_date_or_a_record_number():
    personal = {
        "given",
        "family",
        "name",
        "born",
        "birth",
        "dob",
        "mrn",
        "phone",
        "email",
    }
    offered = {
        option.lstrip("-")
        for _, command in leaves()
        for param in command.params
        for option in param.opts
    }
    assert offered & personal == set()


def test_a_crash_of_our_own_says_where_and_never_about_whom(canary, monkeypatch):
    """A patient whose stored birth date is no date, as a damaged disk leaves it."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(canary.file, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE patient SET born = ? WHERE key = ?", (f"{FAMILY}-07-23", KEY)
        )
    done = canary.type("show", KEY)
    assert done.out == ""
    assert done.code in {1, 14}
    assert [secret for secret in SECRETS if secret in done.err] == []
    assert "Traceback" not in done.err
    assert str(Path(sys.prefix)) not in done.err
    assert typed("--version").code == 0


@pytest.mark.parametrize("words", [["add", *WHO], ["find"]])
def test_a_name_that_was_typed_as_an_argument_is_not_repeated(canary, words):
    for surplus in ([GIVEN, FAMILY], ["--", GIVEN, FAMILY]):
        done = canary.type("patient", *words, *surplus, "--json")
        assert (done.code, done.out) == (2, "")
        assert done.error["message"] == "names are never typed on the command line"
        assert f"run sitrack patient {words[0]} and answer" in done.error["hint"]
        assert [secret for secret in SECRETS if secret in done.err] == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:hush@localhost/clinic",
        "postgresql://desk@localhost/clinic?password=hush",
        "postgresql://localhost/clinic?user=desk&sslpassword=hush&PassWord=hush",
    ],
)
def test_the_password_of_a_database_is_never_shown(url):
    done = typed("db", "path", "-d", url)
    assert done.code == 0
    assert "***" in done.out
    assert "hush" not in done.out + done.err


@pytest.mark.parametrize("words", [["db", "status"], ["worklist", "-v"]])
def test_nor_where_it_stands_behind_a_file(canary, words):
    canary.url += "?password=hush"
    done = canary.type(*words)
    assert "hush" not in done.out + done.err
