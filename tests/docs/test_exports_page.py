"""The page about exports tells of every one, and promises no more than it holds."""

import re

from tests.cli.test_export import FORMS, HIDING
from tests.cli.test_json import leaves
from tests.docs.readme import ROOT

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


def test_it_says_that_fhir_tells_of_no_read_and_what_does():
    code = "".join(
        path.read_text("utf-8") for path in (ROOT / "sitrack/exchange").rglob("*.py")
    )
    assert "AuditEvent" not in code
    [line] = re.findall(r"^There is no AuditEvent.*$", PAGE, re.MULTILINE)
    there = {" ".join(path) for path, _ in leaves()}
    told = re.findall(r"`(audit [a-z-]+)`", line)
    assert "audit trail" in told
    assert set(told) <= there
