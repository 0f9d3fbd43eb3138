"""The page about exports tells of every one, and promises no more than it holds."""

import re

from sitrack.record.roles import COMMANDS
from tests.cli.test_export import FORMS, HIDING
from tests.cli.test_json import leaves
from tests.docs.readme import ROOT
from tests.exchange.test_fhir_audit import CODES

PAGE = (ROOT / "docs/reference/exports.md").read_text(encoding="utf-8")


def test_every_export_has_a_row():
    there = {" ".join(path) for path, _ in leaves() if path[0] == "export"}
    assert set(re.findall(r"^\| `(export \w+)` \|", PAGE, re.MULTILINE)) == there


def test_the_same_bytes_are_promised_where_a_test_finds_them():
    """What stands there is what tests/cli/test_export.py tries."""
    [promise] = re.findall(r"^For the same record, .*$", PAGE, re.MULTILINE)
    always, _, kept = promise.partition(";")
    assert set(re.findall(r"`export (\w+)`", always)) == set(FORMS) - set(HIDING)
    assert set(re.findall(r"`export (\w+)`", kept)) == set(HIDING)
    assert "with `--identified`, or with the same `--secret-file`" in kept


def test_the_codes_of_an_audit_event_are_those_of_the_table():
    """What stands there is what tests/exchange/test_fhir_audit.py compares with."""
    rows = re.findall(r"^\| [^|]+ \| DCM (\d+) \| ([A-Z, ]+) \|", PAGE, re.MULTILINE)
    told = {code: set(actions.split(", ")) for code, actions in rows}
    expected: dict[str, set[str]] = {}
    for code, actions in CODES.values():
        expected.setdefault(code, set()).update(actions)
    assert told == expected


def test_it_says_who_may_take_the_log_of_reads_away():
    [line] = re.findall(r"^\*\*Who read.*$", PAGE, re.MULTILINE)
    for who in sorted(COMMANDS["export fhir"].roles & COMMANDS["audit who-saw"].roles):
        assert who in line
    assert "`--who-saw`" in line
