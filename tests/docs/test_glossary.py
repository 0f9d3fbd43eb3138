"""Every word that sitrack says or takes stands in the glossary, and no other."""

import ast
import re

import pytest

from sitrack.journey import entries, forms, migration, reasons
from sitrack.journey.response import InjectionClass, Verdict
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Stage, Status
from tests.docs.told import ROOT

PROTOCOL = load(shipped_text())
MOVES = [*PROTOCOL.moves, *PROTOCOL.status_moves]
CODE = re.compile(r"[A-Z]+(_[A-Z]+)+\Z")
ALONE = {"LOST"}
"""Codes of one word, which nothing else tells from an abbreviation."""


def texts(folder):
    """Every text that the code of a folder holds."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def refusals():
    said = {*texts("sitrack/journey"), *texts("sitrack/coordination")}
    return {text for text in said if CODE.match(text) or text in ALONE}


def other_entries():
    named = [
        value
        for name, value in vars(entries).items()
        if name.isupper() and isinstance(value, str)
    ]
    return set(named) - set(forms.KINDS)


SECTIONS = {
    "Stages": set(Stage),
    "Statuses": set(Status),
    "Refusals": refusals(),
    "Evidence": set(forms.KINDS),
    "Other entries": other_entries(),
    "Why an injection failed": set(InjectionClass),
    "What a block showed": set(Verdict),
    "Reasons of moves": {
        word for move in MOVES if move.id != "finish" for word in move.reasons
    },
    "Dispositions": set(PROTOCOL.move_named("finish").reasons),
    "Variances": {word for move in MOVES for word in move.variances},
    "Outcomes of a contact": set(forms.OUTCOMES),
    "Why an entry is amended": set(reasons.FOR_AMENDING),
    "Why an episode is handed over, or declined": {
        *reasons.FOR_HANDING_OVER,
        *reasons.FOR_DECLINING,
    },
    "What a migration would do": set(migration.Verdict),
}


def explained():
    """What the page explains, by section: each word with its sentence."""
    page = (ROOT / "docs/reference/glossary.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"(?m)^## (.+)\n", page)
    rows = {}
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        rows[heading] = re.findall(r"(?m)^\| `([^`]+)` \| (.+) \|$", body)
    return rows


def test_the_sections_are_those_of_the_software():
    assert list(explained()) == list(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_word_is_explained_once_and_no_word_that_nothing_says(section):
    words = [word for word, _ in explained()[section]]
    assert len(words) == len(set(words))
    assert SECTIONS[section] - set(words) == set(), "say what these mean"
    assert set(words) - SECTIONS[section] == set(), "nothing says these any more"


@pytest.mark.parametrize("section", SECTIONS)
def test_a_word_is_explained_in_one_plain_sentence(section):
    for word, meaning in explained()[section]:
        assert 10 <= len(meaning) <= 100, word
        assert not meaning.endswith("."), word
        assert "`" not in meaning, word


def test_the_refusals_are_read_from_the_code_that_refuses():
    assert {"CONSENT_MISSING", "ON_HOLD", "LOST"} <= refusals()
    assert len(refusals()) > 20
