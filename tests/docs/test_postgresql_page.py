"""The page about PostgreSQL: its commands are typed, and its tables are the grants."""

import re
import shlex

import pytest
from sqlalchemy import make_url

from sitrack.record import grants
from sitrack.record.ledger import open_ledger
from sitrack.record.roles import ROLES
from tests.cli.keyboard import typed
from tests.clinic import codes_of, driver
from tests.docs.told import ROOT
from tests.logins import drop_logins

PAGE = (ROOT / "docs/reference/postgresql.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith("sitrack ")
]
REFUSED = "sitrack worklist -d postgresql://rivera@localhost/sitrack --as haddad"


@pytest.fixture
def type_line(postgresql_url, tmp_path, monkeypatch):
    """Type a line of the page against a real server."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SITRACK_DATABASE_URL", postgresql_url)
    monkeypatch.delenv("SITRACK_AS", raising=False)

    def as_here(word):
        login = re.fullmatch(r"postgresql://(\w+)@localhost/sitrack", word)
        if login is None:
            return word
        url = make_url(postgresql_url).set(username=login.group(1))
        return url.render_as_string(hide_password=False)

    yield lambda line: typed(*map(as_here, shlex.split(line)[1:]))
    ledger = open_ledger(postgresql_url)
    with driver(ledger) as run:
        drop_logins(run, grants.owner_of(ledger.ledger_id))
        run("DROP ROLE haddad")
    ledger.close()


def test_the_commands_of_the_page_do_what_it_says(type_line, postgresql_url):
    assert len(COMMANDS) > 12
    for line in COMMANDS:
        done = type_line(line)
        assert done.code == (16 if line == REFUSED else 0), (line, done.err)
    assert REFUSED in COMMANDS
    ledger = open_ledger(postgresql_url)
    assert codes_of(ledger) == set()
    ledger.close()


def test_every_role_has_its_line():
    for role in ROLES:
        assert f"\n| {role} | " in PAGE
    assert grants.owner_of("ID") in PAGE
