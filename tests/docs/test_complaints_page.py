"""Every complaint about other systems has a test that spares our users the same."""

from tests.docs.complaints_page import COMMAND, COMPLAINTS, MEASURED, PAGE, page
from tests.docs.told import ROOT, told_under


def test_the_page_is_not_stale():
    assert PAGE.read_text(encoding="utf-8") == page(), f"make it anew: {COMMAND}"


def test_every_complaint_has_a_test_or_is_measured():
    told = {number for each in told_under("tests") for number in each.complaints}
    assert sorted(COMPLAINTS) == list(range(1, 26))
    assert set(COMPLAINTS) - told - MEASURED == set()
    assert told <= set(COMPLAINTS)


def test_a_mark_stands_on_a_test_that_is_read():
    marked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if "mark.complaint" in path.read_text(encoding="utf-8")
    }
    told = {each.path for each in told_under("tests") if each.complaints}
    assert marked - {"tests/docs/test_complaints_page.py"} == told
