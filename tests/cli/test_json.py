"""Every answer as programs read it: one object, its schema and its day first."""

import json

import click
import pytest

from sitrack.cli.root import root

from .golden import same_as_kept

READS = {
    "worklist": ["worklist"],
    "views": ["view", "list"],
    "view": ["view", "show", "calls"],
    "show": ["show", "P00021-L"],
    "timeline": ["show", "P00013-R", "--timeline"],
    "patient": ["patient", "show", "P00021"],
    "patients": ["patient", "find", "--from", "-"],
    "why": ["why", "P00013-R", "rfa"],
    "history": ["history", "P00021-L"],
    "due": ["due", "P00013-R"],
    "episodes": ["episode", "list"],
    "census": ["report", "census"],
    "time-in-stage": ["report", "time-in-stage"],
    "funnel": ["report", "funnel", "side:right"],
    "trend": ["report", "trend", "--months", "2"],
    "reach": ["report", "reach", "--since", "2025-01-01"],
    "staff": ["staff", "list"],
    "doctor": ["doctor"],
    "teams": ["team", "list"],
    "absences": ["absence", "list"],
    "reminder-plan": ["reminder", "plan", "--until", "+7d"],
    "reminder-run": ["reminder", "run"],
    "reminder-status": ["reminder", "status"],
    "reminders": ["reminder", "list"],
    "reminders-dead": ["reminder", "dead"],
    "reminder-ledger": ["reminder", "ledger", "P00021-L"],
    "protocols": ["pathway", "list"],
    "pathway": ["pathway", "show"],
    "pathway-check": ["pathway", "check"],
    "verify": ["audit", "verify"],
    "trail": ["audit", "trail", "P00021-L"],
    "who-saw": ["audit", "who-saw", "P00021-L"],
    "variances": ["audit", "variances"],
    "sample": ["audit", "sample", "2", "--seed", "7"],
}
"""The command of every schema that is a list."""

NO_ROWS = {
    *("verify", "variances", "reminders", "reminders-dead", "reminder-ledger"),
    *("teams", "absences"),
}
"""Lists that are empty in this clinic: all is well, and no round was done yet."""

FACTS = {"db-status": ["db", "status"]}
"""Schemas that are no list."""

WRITES = {
    "written": ["record", "score", "P00013-R", "--nrs", "6"],
    "session": ["record", "score", "P00021", "--both", "left.nrs=3", "right.nrs=6"],
    "amended": [
        *("entry", "correct", "P00013-R", "6", "--set", "positive=faber"),
        *("--set", "negative=aslr", "--reason", "wrong-patient", "--yes"),
    ],
    "view-saved": ["view", "save", "late", "overdue:14d+", "--shared"],
    "exported": ["packet", "P00013-R", "rfa", "--policy", "bcbs-al", "-n"],
    "view-deleted": ["view", "delete", "calls"],
    "enrolled": ["patient", "add", "--from", "-"],
    "imported": ["import", "-"],
    "import-check": ["import", "-", "--check"],
    "patient-edited": ["patient", "edit", "P00013", "--payer", "bcbs-al"],
    "staff-added": ["staff", "add", "okafor", "--role", "clinician"],
    "contact-consent": [
        "patient",
        "consent",
        "P00013",
        "--channel",
        "sms",
        "--from",
        "-",
    ],
    "stop": ["patient", "consent", "--stop", "--channel", "sms", "--from", "-"],
    "all-written": ["episode", "assign", "P00021-L", "P00021-R", "--to", "osei"],
    "team": ["team", "add", "spine", "--lead", "rivera", "--join", "osei"],
    "absence": ["absence", "add", "osei", "--until", "+7d", "--cover", "rivera"],
    "role-changed": ["staff", "role", "osei", "auditor"],
    "staff-retired": ["staff", "retire", "osei"],
}
IMPORTED = """{"id":"1","kind":"patient","patient":"a","given":"Jo","family":"Stone"}
{"id":"2","kind":"episode","patient":"a","side":"left","on":"2025-03-03"}
{"id":"3","kind":"score","patient":"a","side":"left","on":"2025-03-04","nrs":7}
"""
STDIN = {
    "imported": IMPORTED,
    "import-check": IMPORTED,
    "patients": '{"family": "bra"}',
    "enrolled": '{"given": "Jo", "family": "Stone"}',
    "contact-consent": "+44 20 7946 0018",
    "stop": "+44 20 7946 0018",
}
ELSEWHERE = {
    *(("advance",), ("contact",), ("snooze",)),  # schema `written`, as all that follow
    # Schema `left`, which is kept with the tests of exports.
    *(("export", form) for form in ("fhir", "xes", "ocel", "ics", "csv")),
    *(("episode", verb) for verb in ("open", "finish", "reopen")),
    *(("episode", verb) for verb in ("hold", "resume", "lost", "return")),
    *(("episode", verb) for verb in ("claim", "handoff", "accept", "decline")),
    *(("bulk", verb) for verb in ("advance", "contact", "snooze", "assign", "hold")),
    *(("team", "edit"), ("absence", "end")),  # kept with their tests
    ("next",),  # schema `show`
    *(("undo",), ("entry", "retract"), ("entry", "transfer")),  # schema `amended`
    ("audit", "by"),  # schema `trail`
    # Kept with their tests.
    *(("db", verb) for verb in ("backup", "rebuild", "grant")),
    *(("patient", verb) for verb in ("export", "erase", "merge", "unmerge")),
    *(("audit", "export"), ("export", "entries")),
    ("config", "show"),
    ("reminder", "watch"),  # never ends by itself
    ("reminder", "retry"),  # test_looking: here nothing was given up
    *(("pathway", verb) for verb in ("diff", "adopt", "migrate")),  # test_pathway
    *(("audit", verb) for verb in ("seal", "witness")),  # kept by test_sealing
    ("audit", "reconcile"),  # test_reconcile: SQLite has no server
    *(("audit", "key", verb) for verb in ("make", "rotate", "show")),
}


def leaves(command=root, path=()):
    """Every command that is no group, with the words that name it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from leaves(command.get_command(context, name), (*path, name))


def test_every_command_that_answers_in_json_is_kept():
    speaks = {
        path[:1] if path[0] == "record" else path
        for path, command in leaves()
        if any("--json" in option.opts for option in command.params)
    }
    typed = [*READS.values(), *FACTS.values(), *WRITES.values()]
    kept = {tuple(words[: len(path)]) for words in typed for path in speaks} & speaks
    assert kept | ELSEWHERE == speaks


@pytest.mark.parametrize("schema", [*READS, *FACTS])
def test_an_answer_begins_with_its_schema_and_its_day(desk, schema):
    words = (READS | FACTS)[schema]
    done = desk.type(*words, "--json", stdin=STDIN.get(schema, ""))
    assert done.code == 0, done.err
    assert done.out.count("\n") == 1
    assert list(done.json)[:2] == ["schema", "as_of"]
    assert done.json["schema"] == f"sitrack.{schema}/1"
    assert ("rows" in done.json) == (schema in READS)
    same_as_kept(f"{schema}.json", shortened(done.json))


def test_a_second_verdict_stands_in_an_object_of_its_own(desk):
    words = ("why", "P00013-R", "rfa", "--policy", "bcbs-al")
    alone = desk.answer(*words[:3])
    answer = desk.answer(*words)
    second = answer.pop("policy")
    assert alone.pop("policy") is None
    assert answer == alone
    assert {row["policy"] for row in second["rows"]} == {"bcbs-al"}
    same_as_kept("why-policy.json", second)


def test_in_a_pipe_its_findings_follow_and_name_their_policy(desk):
    words = ("why", "P00013-R", "rfa", "--policy", "bcbs-al", "--format", "tsv")
    head, *rows = desk.type(*words).out.splitlines()
    assert head.endswith("\tpolicy")
    ours = [row for row in rows if not row.endswith("\tbcbs-al")]
    assert len(rows) == 2 * len(ours) == 8


def shortened(answer):
    """An answer without most of the protocol, whose numbers a clinic may change."""
    if answer["schema"] == "sitrack.pathway/1":
        numbers = answer["numbers"][:3]
        settings = answer["settings"][:3]
        more = {"numbers": numbers, "settings": settings}
        return answer | {"rows": answer["rows"][:3]} | more
    if answer["schema"] == "sitrack.pathway-check/1":
        return answer | {"not_judged_yet": []}
    return answer


@pytest.mark.parametrize("schema", [name for name in READS if name != "pathway-check"])
def test_its_rows_go_out_one_by_one_on_request(desk, tmp_path, schema):
    stdin = STDIN.get(schema, "")
    whole = desk.copied_to(tmp_path / "home").type(
        *READS[schema], "--json", stdin=stdin
    )
    done = desk.type(*READS[schema], "--format", "ndjson", stdin=stdin)
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert len(rows) > 0 or schema in NO_ROWS
    assert rows == whole.json["rows"]


@pytest.mark.parametrize("schema", WRITES)
def test_a_write_answers_with_what_it_wrote(desk, schema):
    written = desk.written(*WRITES[schema], stdin=STDIN.get(schema, ""))
    assert list(written)[:2] == ["schema", "as_of"]
    assert written["schema"] == f"sitrack.{schema}/1"
    same_as_kept(f"{schema}.json", written)


def test_a_refusal_is_one_object_and_the_last_thing_on_stderr(desk):
    done = desk.type("advance", "P00013-R", "rfa", "--as", "rivera", "--json")
    assert (done.code, done.out) == (10, "")
    assert set(done.error) == {"code", "type", "message", "hint", "findings"}
    [finding] = done.error["findings"]
    assert finding["code"] == "CONSENT_MISSING"
    same_as_kept("error.json", {"error": done.error})


@pytest.mark.parametrize(
    "words", [["--json"], ["--format", "json"], ["--format=json"], ["--format=ndjson"]]
)
def test_an_error_is_json_wherever_json_was_asked_for(desk, words):
    done = desk.type("worklist", "--nonsense", *words)
    assert (done.code, done.error["code"]) == (2, 2)
    assert done.error["type"] == "bad-input"
