"""Every screen as a coordinator sees it, in 80 columns without colour."""

import json

import pytest

from .golden import normal, same_as_kept
from .keyboard import tamper, typed

SCREENS = {
    "worklist": ["worklist"],
    "worklist-filtered": ["worklist", "stage:injection", "not", "owner:none"],
    "worklist-lapsed": ["worklist", "--lapsed"],
    "next": ["next", "side:right"],
    "view-list": ["view", "list"],
    "view-show": ["view", "show", "@calls"],
    "show": ["show", "P00021-L"],
    "show-timeline": ["show", "P00013-R", "--timeline"],
    "show-timeline-earlier": [
        *("show", "P00013-R", "--timeline"),
        *("--as-of", "2025-01-25"),
    ],
    "show-earlier": ["show", "P00013-R", "--as-of", "2025-01-25"],
    "show-patient": ["patient", "show", "P00021"],
    "show-patient-in-full": ["patient", "show", "P00013", "--no-mask"],
    "why-no": ["why", "P00013-R", "rfa"],
    "why-not-yet": ["why", "P00021-L", "relief"],
    "why-every-way": ["why", "P00021-R"],
    "why-policy": ["why", "P00013-R", "rfa", "--policy", "bcbs-al"],
    "why-policy-met": ["why", "P00013-R", "rfa", "--policy", "strict"],
    "why-policy-no-way": ["why", "P00013-R", "relief", "--policy", "bcbs-al"],
    "why-policy-every-way": ["why", "P00021-R", "--policy", "medicare-lcd-2023"],
    "history": ["history", "P00013-R"],
    "history-known": ["history", "P00013-R", "--as-known", "2025-04-04"],
    "history-reverse": ["history", "P00021-L", "--reverse"],
    "due": ["due", "P00013-R"],
    "due-explain": ["due", "P00013-R", "--explain"],
    "episode-list": ["episode", "list"],
    "worklist-earlier": ["worklist", "--as-of", "2025-03-03"],
    "worklist-known": ["worklist", "--as-of", "2025-03-03", "--as-known", "2025-03-03"],
    "worklist-ahead": ["worklist", "--as-of", "+14d"],
    "show-patient-earlier": ["show", "P00021", "--as-of", "2025-03-03"],
    "report-census": ["report", "census"],
    "report-census-earlier": ["report", "census", "--as-of", "2025-03-03"],
    "report-census-filtered": ["report", "census", "side:right"],
    "report-time-in-stage": ["report", "time-in-stage"],
    "report-funnel": ["report", "funnel", "--since", "2025-01-01"],
    "report-trend": ["report", "trend", "--months", "4"],
    "report-reach": ["report", "reach", "--since", "2025-01-01"],
    "report-reach-weeks": ["report", "reach", "--by", "week"],
    "staff-list": ["staff", "list"],
    "reminder-plan": ["reminder", "plan", "--until", "+14d"],
    "reminder-run": ["reminder", "run"],
    "pathway-list": ["pathway", "list"],
    "audit-verify": ["audit", "verify"],
    "audit-trail": ["audit", "trail", "P00021-L", "--sort", "kind"],
    "audit-by": ["audit", "by", "rivera", "--since", "2025-04-05"],
    "audit-who-saw": ["audit", "who-saw", "P00021-L"],
    "audit-variances": ["audit", "variances"],
    "audit-sample": ["audit", "sample", "2", "--seed", "7"],
}
PLAIN = {
    "pathway-draw": ["pathway", "draw"],
    "pathway-draw-mermaid": ["pathway", "draw", "--format", "mermaid"],
    "db-status": ["db", "status"],
}
CORRECT = ["entry", "correct", "P00013-R", "6", "--reason", "wrong-patient"]
TESTS = ["--set", "positive=faber", "--set", "negative=aslr,gaenslen"]
DUPLICATE = ["--reason", "duplicate", "--yes"]
ERRORS = {
    "error-refused": ["advance", "P00013-R", "rfa", "--as", "rivera"],
    "error-no-way": ["advance", "P00013-R", "relief", "--as", "rivera"],
    "error-side": [
        *("record", "exam", "P00013-R", "--side", "left"),
        *("--positive", "faber", "--as", "rivera"),
    ],
    "error-wrong-digit": ["show", "P00014"],
    "error-ambiguous": ["why", "P00021"],
    "error-stage": ["why", "P00013-R", "blokc"],
    "error-policy": ["why", "P00013-R", "rfa", "--policy", "medicare"],
    "error-one-side": [
        *("record", "injection", "P00021", "--both"),
        *("--guidance", "ct", "left.nrs=7", "--as", "rivera"),
    ],
    "error-amend-unseen": [*CORRECT, *TESTS, "--as", "rivera"],
    "error-amend-field": [*CORRECT, "--set", "nsr=3", "--yes", "--as", "rivera"],
    "error-amend-move": [
        *("entry", "retract", "P00013-R", "8", *DUPLICATE, "--as", "rivera"),
    ],
    "error-amend-opening": [
        *("entry", "retract", "P00013-R", "1", *DUPLICATE, "--as", "rivera"),
    ],
    "error-filter-field": ["worklist", "stgae:rfa"],
    "error-filter-word": ["worklist", "stage:blokc"],
    "error-view": ["worklist", "@monday"],
    "error-nobody": ["record", "score", "P00013-R", "--nrs", "3"],
    "error-stranger": ["record", "score", "P00013-R", "--nrs", "3", "--as", "smith"],
}
WRITES = {
    "record-score": ["record", "score", "P00013-R", "--nrs", "6.5", "--pgic", "4"],
    "record-dry-run": ["record", "score", "P00013-R", "--nrs", "6", "--dry-run"],
    "record-warned": ["record", "therapy", "P00013-R", "--type", "stretching-only"],
    "record-long-ago": [
        *("record", "score", "P00021-L", "--nrs", "7", "--on", "1900-01-01"),
    ],
    "record-both": ["record", "score", "P00021", "--both", "left.nrs=3", "right.nrs=6"],
    "record-both-dry-run": [
        *("record", "therapy", "P00021", "--both", "-n"),
        *("--type", "passive", "--on", "2025-04-01"),
    ],
    "view-save": ["view", "save", "late", "owner:me or owner:none", "overdue:14d+"],
    "view-delete": ["view", "delete", "calls"],
    "entry-retract": ["entry", "retract", "P00013-R", "17", *DUPLICATE],
    "entry-transfer": [
        *("entry", "transfer", "P00021-L", "2", "--to", "P00021-R"),
        *("--reason", "wrong-side", "--yes"),
    ],
    "undo-dry-run": ["undo", "P00013-R#14", "--dry-run"],
    "undo": ["undo", "P00013-R#14", "--yes"],
    "episode-open": ["episode", "open", "P00013", "--side", "left"],
    "staff-add": ["staff", "add", "okafor", "--role", "clinician"],
    "staff-retire": ["staff", "retire", "osei"],
    "patient-edit": ["patient", "edit", "P00013", "--payer", "medicare-lcd-2023"],
}


def kept(name, text):
    same_as_kept(f"{name}.txt", text)
    lines = [line for line in normal(text).splitlines() if not _is_an_error(line)]
    assert max(map(len, lines), default=0) <= 80


def _is_an_error(line):
    """Errors are whole in a pipe, and broken at the edge of a terminal only."""
    return line.startswith(("error: ", "  NOT_ALLOWED"))


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_the_one_that_was_read_over(desk, name):
    kept(name, desk.screen(*SCREENS[name]))


@pytest.mark.parametrize("name", PLAIN)
def test_so_is_one_that_has_no_other_form(desk, name):
    kept(name, desk.type(*PLAIN[name]).out)


def test_the_protocol_is_shown_whole_and_not_cut_at_the_edge(desk):
    screen = desk.screen("pathway", "show")
    two_moves = screen.split("\n\n")[:3]
    kept("pathway-show", "\n\n".join(two_moves) + "\n")
    assert max(map(len, screen.splitlines())) <= 80
    for row in desk.answer("pathway", "show")["rows"]:
        assert row["requirement"] in screen


def test_the_shipped_protocol_is_sound(desk):
    checked = desk.type("pathway", "check")
    assert (checked.code, checked.told) == (0, "")
    first, counted, *_, last = checked.out.splitlines()
    assert first.startswith("si-2026.1  ")
    assert counted.startswith("10 stages, ")
    assert last == "sound"


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_says_what_is_wrong_and_what_to_do(desk, name):
    done = desk.type(*ERRORS[name])
    assert (done.code >= 2, done.out) == (True, "")
    assert done.told.startswith("error: ")
    assert "\nhint: " in done.told
    kept(name, done.told)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_ends_with_what_changed_a_receipt_and_what_is_next(desk, name):
    done = desk.type(*WRITES[name], "--as", "rivera")
    assert done.code == 0
    kept(name, done.out)


def test_a_payer_that_does_not_cover_an_rfa_is_shown_where_it_matters(desk):
    desk.written("patient", "edit", "P00013", "--payer", "medicare-lcd-2023")
    kept("patient-show-payer", desk.screen("patient", "show", "P00013"))
    kept("why-payer", desk.screen("why", "P00013-R", "rfa"))


def test_a_move_that_is_possible_is_told_so_and_made(desk):
    desk.written("record", "consent", "P00013-R", "--procedure", "rfa")
    kept("why-yes", desk.screen("why", "P00013-R", "rfa"))
    moved = desk.type("advance", "P00013-R", "rfa", "--as", "rivera")
    kept("advance", moved.out)


def test_a_correction_that_takes_the_ground_from_a_move_is_seen_everywhere(desk):
    rehearsed = desk.type(*CORRECT, *TESTS, "--as", "rivera", "-n")
    kept("entry-correct-dry-run", rehearsed.out)
    done = desk.type(*CORRECT, *TESTS, "--as", "rivera", "--yes")
    kept("entry-correct", done.out)
    kept("history-corrected", desk.screen("history", "P00013-R"))
    kept("show-alert", desk.screen("show", "P00013-R"))
    kept("why-alert", desk.screen("why", "P00013-R", "rfa"))
    kept("why-alert-every-way", desk.screen("why", "P00013-R"))
    kept("worklist-alert", desk.screen("worklist"))


def test_a_worklist_of_nobody_says_so(desk, monkeypatch):
    monkeypatch.setenv("SITRACK_AS", "osei")
    kept("worklist-nobody", desk.screen("worklist", "--mine"))


def test_what_is_found_of_a_patient_is_shown_masked_or_in_full(desk):
    known = json.dumps({"family": "bra"})
    kept("patient-find", desk.screen("patient", "find", "--from", "-", stdin=known))
    in_full = ("patient", "find", "--from", "-", "--no-mask")
    kept("patient-find-in-full", desk.screen(*in_full, stdin=known))


def test_a_long_name_in_a_trail_leaves_its_number(desk):
    name = "a-reader-of-a-long-name"
    desk.written("staff", "add", name, "--role", "coordinator")
    for _ in range(2):
        desk.answer("show", "P00013-R", "--as", name)
    lines = desk.screen("audit", "by", name).splitlines()
    entries = [line.split()[2] for line in lines if " access/" in line]
    assert entries == ["access/a-reader-o…#1", "access/a-reader-o…#2"]


def test_a_damaged_record_is_named_by_its_keys(desk):
    tamper(desk.file)
    done = desk.type("audit", "verify", "--format", "table")
    assert done.code == 13
    kept("audit-verify-damaged", done.out + done.told)


def test_a_patient_is_enrolled_by_initials(desk):
    person = json.dumps({"given": "Jo", "family": "Stone", "mrn": "A-1"})
    words = ("patient", "add", "--from", "-", "--as", "rivera")
    kept("patient-add", desk.type(*words, stdin=person).out)
    kept(
        "patient-add-dry-run",
        desk.type(*words, "-n", stdin='{"given": "Al", "family": "Ek"}').out,
    )


def test_a_new_ledger_says_where_it_is_and_what_comes_first(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    kept("db-init", typed("db", "init", "-d", url, "--zone", "Europe/London").out)
    kept("staff-list-empty", typed("staff", "list", "-d", url, "--format", "table").out)
    kept(
        "episode-list-empty",
        typed("episode", "list", "-d", url, "--format", "table").out,
    )
