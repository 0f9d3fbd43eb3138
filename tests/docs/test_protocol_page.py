"""The page about a clinic's own protocol prints a file that is one, and whole."""

import re

from sitrack.cli import root
from sitrack.pathway import calendar, derivation
from sitrack.pathway.calendar import Duration
from sitrack.pathway.difference import differences
from sitrack.pathway.loading import document_of, load, shipped_text
from sitrack.pathway.soundness import faults
from tests.cli.keyboard import typed
from tests.docs.readme import ROOT

PAGE = (ROOT / "docs/reference/protocol.md").read_text(encoding="utf-8")
BASE = load(shipped_text())


def printed():
    """The derived protocol that the page prints."""
    _, _, rest = PAGE.partition("<!-- a derived protocol -->\n```toml\n")
    text, fence, _ = rest.partition("```\n")
    assert fence, "the page prints no protocol"
    return text


def test_the_file_that_the_page_prints_is_sound():
    mine = derivation.read(printed(), lambda _: BASE)
    assert faults(mine) == []
    rules = {rule.id: rule for rule in mine.follow_ups}
    assert rules["REV-DUE"].offset == Duration(10, "bd")
    assert rules["CON-TRIAL"].offset == Duration(56)
    assert "CON-BELT" not in rules
    assert mine.calendar.place == "GB-ENG"
    parts = {each.part for each in differences(BASE, mine)}
    assert parts == {
        *("numbers", "settings", "windows", "steps", "contact"),
        *("follow_ups", "calendar"),
    }


def test_it_uses_every_table_that_a_derived_file_may_have():
    document = document_of(printed())
    assert set(document) == set(derivation.FILE)
    assert set(document["calendar"]) == set(calendar.SAID)


def test_the_page_names_everything_that_may_be_changed():
    for key in (*derivation.FILE, *derivation.CHANGEABLE, *calendar.SAID):
        assert f"`{key}`" in PAGE or f"`[{key}]`" in PAGE or f"`[[{key}]]`" in PAGE, key


def test_the_commands_of_the_page_are_commands(tmp_path):
    file = tmp_path / "north.toml"
    file.write_text(printed())
    block = re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1]
    for line in block.splitlines():
        command, *words = line.split()[1:]
        assert command in root.root.table
        assert typed(command, words[0], "--help").code == 0
    for words in (["check", file], ["diff", "si-2026.1", file]):
        done = typed("pathway", *words)
        assert done.code == 0, done.err
