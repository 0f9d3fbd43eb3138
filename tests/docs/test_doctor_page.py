"""The page about `doctor` names every check that there is, and no other."""

import re

import pytest

from sitrack.coordination.checkup import Result
from tests.cli.keyboard import typed
from tests.docs.told import ROOT

PAGE = (ROOT / "docs/reference/doctor.md").read_text(encoding="utf-8")
CHECKS = re.findall(r"^\| `([a-z-]+)` \| .* \| `([a-z]+)` \|$", PAGE, re.MULTILINE)
SERVER = {"server-durability", "server-standby", "logins"}
FILE = {"sqlite-library"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home without settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def test_the_page_of_doctor_names_the_checks_of_either_database(ledger):
    url = ledger.url.render_as_string(hide_password=False)
    asked = typed("doctor", "--json", "-d", url).json["rows"]
    told = {name for name, _ in CHECKS}
    assert {row["check"] for row in asked} == told - (
        FILE if ledger.on_postgres else SERVER
    )
    assert len(told) == len(CHECKS)


def test_no_check_comes_out_worse_than_the_page_says(ledger):
    order = [result.value for result in Result]
    worst = dict(CHECKS)
    url = ledger.url.render_as_string(hide_password=False)
    for row in typed("doctor", "--json", "-d", url).json["rows"]:
        said = worst[row["check"]]
        assert order.index(row["result"]) >= order.index(said), row["check"]


def test_every_result_is_explained():
    explained = re.findall(r"^\| `([a-z]+)` \| [^|]* \|$", PAGE, re.MULTILINE)
    assert explained == [result.value for result in Result]
