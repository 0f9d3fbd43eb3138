"""Every sentence of the founding document has a test that cites its number."""

import re

from tests.docs.told import ROOT, told_under

PAGE = (ROOT / "docs/reference/founding.md").read_text(encoding="utf-8")
BACKGROUND = {
    1: "says what the joint is; there is nothing to do",
    41: "says why a fusion helps; there is nothing to do",
}
"""Sentences that no test can show, and why."""


def numbers_on_the_page():
    return [int(number) for number in re.findall(r"(?m)^\| (\d+) \|", PAGE)]


def test_the_page_tells_forty_five_sentences_in_their_order():
    assert numbers_on_the_page() == list(range(1, 46))


def test_every_sentence_is_cited_by_a_test_or_is_background():
    cited = {number for told in told_under("tests") for number in told.founding}
    untold = set(numbers_on_the_page()) - cited - set(BACKGROUND)
    assert sorted(untold) == []
    assert cited <= set(numbers_on_the_page()) - set(BACKGROUND)


def test_what_is_background_is_called_so_on_the_page():
    called = re.findall(r"(?m)^\| (\d+) \|.*\| background \|$", PAGE)
    assert [int(number) for number in called] == list(BACKGROUND)


def test_a_mark_that_cites_nothing_is_found_nowhere():
    marked = [
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if "mark.founding" in path.read_text(encoding="utf-8")
    ]
    told = {told.path for told in told_under("tests") if told.founding}
    assert told == {
        path.relative_to(ROOT).as_posix()
        for path in marked
        if path.name != "test_founding.py"
    }
