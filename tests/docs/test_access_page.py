"""The page about access says who has which command, as the matrix has it."""

import re

from sitrack.record.roles import BREAK_GLASS, COMMANDS, ROLES
from tests.cli.test_json import leaves
from tests.docs.readme import ROOT

PAGE = ROOT / "docs/reference/access.md"


def table():
    """The lines of the table, of the commands there are; what is alike on one line."""
    alike = {}
    there = {" ".join(path) for path, _ in leaves()} | {"record"}
    for command, right in COMMANDS.items():
        if command not in there:
            continue
        owners = ", ".join(role for role in ROLES if role in right.roles)
        alike.setdefault((right.scope, owners), []).append(f"`{command}`")
    for (scope, owners), commands in alike.items():
        yield f"| {scope} | {', '.join(commands)} | {owners} |"


def test_the_table_of_the_page_is_the_matrix():
    assert "\n".join(table()) in PAGE.read_text(encoding="utf-8")


def test_it_says_what_of_an_attestation_is_proven():
    """What a coordinator may write down is tried in tests/cli/test_logins.py."""
    page = PAGE.read_text(encoding="utf-8")
    assert "What a login proves is the recorder alone" in page
    assert "record attestation P01428-R --about source --performer osei" in page


def test_it_says_which_attestation_takes_a_second_person():
    """What is refused, and what is not, is tried in tests/coordination/test_attesting.py."""
    page = PAGE.read_text(encoding="utf-8")
    [said] = re.findall(r"`(osei wrote #\d+ down[^`]*)` \((\d+)\)", page)
    assert said == ("osei wrote #6 down, and another clinician attests it", "16")
    assert "Where no other clinician is on the staff list" in page


def test_every_reason_to_break_the_glass_is_explained():
    page = PAGE.read_text(encoding="utf-8")
    assert [code for code in BREAK_GLASS if f"`{code}`" not in page] == []
