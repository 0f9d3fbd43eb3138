"""Some of each kind of attack, on a PostgreSQL server, with everything that is held.

Whoever owns the database drops the triggers there as well; what finds an attack is the
same. The rest of the catalogue is tried on SQLite, where it is quick.
"""

import itertools

import pytest
from sqlalchemy import make_url

from sitrack.record.ledger import open_ledger
from tests.conftest import clock_at, new_ledger

from .burglar import Burglar
from .house import NOW, House, furnished
from .page import ATTACKS


@pytest.fixture(scope="module")
def built(postgres):
    """A sealed house, as a database that others are copied from."""
    with postgres.fresh() as url:
        ledger = new_ledger(url)
        parts = furnished(ledger, is_sealed=True)
        ledger.close()
        yield make_url(url).database, parts


@pytest.fixture
def house(built, postgres):
    template, (one, other, newer, held) = built
    with postgres.fresh(template) as url:
        ledger = open_ledger(url)
        ledger.use_clock(clock_at(*NOW))
        yield House(ledger, one, other, newer, True, None, dict(held))
        ledger.close()


OF_A_FILE = {
    *("weaken_trigger", "add_trigger", "replace_content_and_salt", "add_orphan"),
    *("no_text", "reorder_entries", "edit_edge", "add_line_and_leaf"),
    *("old_backup", "fork_from_backup", "another_ledger", "merge_streams"),
}
"""What is written in the words of SQLite, or copies files."""


def some():
    """Two of each kind."""
    able = [attack for attack in ATTACKS if attack.name not in OF_A_FILE]
    for _, attacks in itertools.groupby(able, key=lambda attack: attack.group):
        yield from itertools.islice(attacks, 2)


@pytest.mark.parametrize("attack", list(some()), ids=lambda attack: attack.name)
def test_an_attack_on_a_server_is_found_and_named(house, attack):
    with Burglar(house) as burglar:
        attack.act(burglar)
    found = {code for code, *_ in house.found("R")}
    if attack.is_found:
        assert attack.codes["R"] in found
    else:
        assert found == set()
