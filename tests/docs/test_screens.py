"""The screens that the README and the tutorial print are what their commands show."""

import pytest

from sitrack.pathway.drawing import mermaid
from sitrack.pathway.loading import load, shipped_text
from tests.docs.screens import COMMAND, PAGES, lasting, screens, shown_now

README, TUTORIAL = PAGES[::-1]
ALL = {page.path: page for page in PAGES}


@pytest.mark.parametrize("path", ALL)
def test_every_screen_is_what_its_command_shows(path):
    printed = screens(ALL[path].text())
    now = shown_now(ALL[path])
    assert len(printed) >= 2
    assert [(each.command, lasting(each.shown)) for each in printed] == [
        (each.command, lasting(shown)) for each, shown in zip(printed, now, strict=True)
    ], f"make them anew: {COMMAND}"


@pytest.mark.parametrize("path", ALL)
def test_every_screen_fits_a_terminal_of_eighty_columns(path):
    for each in screens(ALL[path].text()):
        lines = (each.command + each.shown).splitlines()
        assert max(map(len, lines), default=0) <= 80, each.command


def test_the_tutorial_shows_no_name_and_one_refusal():
    shown = [each.shown for each in screens(TUTORIAL.text())]
    assert not {"Maria", "Keller"} & set("\n".join(shown).split())
    refused = [text for text in shown if "error: " in text]
    assert len(refused) == 1
    assert "may not move" in refused[0]
    assert "sitrack itself failed" not in "".join(shown)


def test_the_readme_draws_the_pathway_as_pathway_draw_does():
    _, _, rest = README.text().partition("```mermaid\n")
    drawn, _, _ = rest.partition("```")
    assert drawn.strip() == mermaid(load(shipped_text())).strip()


def test_what_differs_each_time_is_a_receipt_and_nothing_else():
    one = "recorded P00013-R#9 0b0f b1c2 1e7c 9273\n"
    assert lasting(one) == lasting(one.replace("b1c2", "ffff"))
    assert lasting(one) != lasting(one.replace("#9", "#8"))
