"""Both drawings show the whole pathway, and the one for terminals fits into them."""

from __future__ import annotations

import re

import pytest

from sitrack.pathway import drawing
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Side, Stage, title_of

PROTOCOL = load(shipped_text())
DRAWN = [move for move in PROTOCOL.moves if move.command != "episode finish"]


def test_the_text_names_every_stage_once_as_a_heading():
    lines = drawing.text(PROTOCOL).splitlines()
    headings = [line.removesuffix("  (the end)") for line in lines]
    for stage in Stage:
        assert headings.count(title_of(stage)) == 1
    assert "Closed  (the end)" in lines


@pytest.mark.parametrize("move", DRAWN, ids=lambda move: move.id)
def test_the_text_shows_every_move_under_each_stage_it_leaves(move):
    blocks = drawing.text(PROTOCOL).split("\nClosed")[0].split("\n")
    shown = f"  --> {title_of(move.target):<20} {move.title}"
    open_sources = [source for source in move.sources if source != Stage.CLOSED]
    assert blocks.count(shown) == len(open_sources)


def test_the_text_fits_into_eighty_columns():
    assert max(len(line) for line in drawing.text(PROTOCOL).splitlines()) <= 80


def test_the_text_says_that_every_open_stage_may_be_finished():
    text = drawing.text(PROTOCOL)
    assert "Finish the episode" not in text
    assert "Every open stage may also be finished, with a disposition." in text


def drawn(stage):
    """A stage by its name in Mermaid, which takes no hyphen there."""
    return stage.replace("-", "_")


def test_the_page_declares_every_stage_and_begins_at_the_injection():
    lines = [line.strip() for line in drawing.mermaid(PROTOCOL).splitlines()]
    assert "stateDiagram-v2" in lines
    assert "[*] --> injection" in lines
    for stage in Stage:
        assert f'state "{title_of(stage)}" as {drawn(stage)}' in lines


def test_the_page_holds_every_move_and_no_other_arrow():
    lines = [line.strip() for line in drawing.mermaid(PROTOCOL).splitlines()]
    arrows = {line for line in lines if " --> " in line and "[*]" not in line}
    assert arrows == {
        f"{drawn(source)} --> {drawn(move.target)}: {move.id}"
        for move in DRAWN
        for source in move.sources
    }


def test_no_name_on_the_page_holds_a_hyphen():
    """The grammar of Mermaid's state diagrams ends a name at one."""
    sheet = drawing.mermaid(PROTOCOL)
    names = re.findall(r"(?:\" as |--> )([^:\n]+)", sheet)
    names += re.findall(r"(?m)^ *(\S+) -->", sheet)
    assert len(names) > 2 * len(DRAWN)
    assert [name for name in names if "-" in name] == []


def test_the_page_brings_no_styles_of_its_own():
    assert "class" not in drawing.mermaid(PROTOCOL)


@pytest.mark.parametrize(
    ("stage", "title"),
    [
        ("rfa", "RFA"),
        ("re-evaluation", "Re-evaluation"),
        ("conservative-care", "Conservative care"),
        ("post-fusion", "Post fusion"),
    ],
)
def test_stages_are_spelled_as_people_read_them(stage, title):
    assert title_of(stage) == title


def test_there_are_two_sides():
    assert [side.value for side in Side] == ["left", "right"]
