"""`--out FILE`: the answer as a picture, beside the one on stdout."""

import stat
import sys

import pytest

from .keyboard import typed_outside

REPORTS = {
    "census": ["report", "census"],
    "time-in-stage": ["report", "time-in-stage", "--since", "2025-01-01"],
    "funnel": ["report", "funnel", "side:right"],
    "reach": ["report", "reach", "--by", "week"],
    "trend": ["report", "trend", "--months", "3"],
}


@pytest.mark.parametrize("form", ["svg", "html"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_drawn_into_a_new_file_for_its_owner_alone(
    desk, tmp_path, name, form
):
    file = tmp_path / f"report.{form}"
    alone = desk.type(*REPORTS[name], "--json")
    done = desk.type(*REPORTS[name], "--json", "--out", file)
    assert (done.code, done.out) == (0, alone.out)
    assert done.told == f"drawn: {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    picture = file.read_text(encoding="utf-8")
    assert "Counts are rounded to fives" in picture
    assert "&lt;5" in picture


def test_a_picture_names_neither_the_filter_nor_anybody(desk, tmp_path):
    file = tmp_path / "report.svg"
    desk.type("report", "census", "patient:P00013", "--out", file)
    picture = file.read_text(encoding="utf-8")
    assert "Episodes that fit a filter" in picture
    assert "P000" not in picture


def test_a_journey_is_drawn_by_key_and_initials(desk, tmp_path):
    file = tmp_path / "journey.html"
    done = desk.type("show", "P00013-R", "--timeline", "--out", file)
    assert (done.code, done.told) == (0, f"drawn: {file}\n")
    page = file.read_text(encoding="utf-8")
    assert "P00013-R  M.K.  right SI joint, 2025-01-06 to 2025-04-07" in page
    assert "<td>2025-01-20</td>" in page
    assert "King" not in page


def test_only_a_timeline_of_an_episode_is_drawn(desk, tmp_path):
    file = tmp_path / "journey.svg"
    done = desk.type("show", "P00013-R", "--out", file)
    assert (done.code, done.out, file.exists()) == (2, "", False)
    assert "only a timeline can be drawn" in done.err
    assert desk.type("show", "P00021", "--timeline").code == 11


def test_a_terminal_that_has_ascii_alone_gets_the_same_journey(desk):
    words = ("show", "P00013-R", "--timeline", "-q", "--format", "table")
    words += ("-d", desk.url, "--now", f"{desk.day}T09:00")
    fine = typed_outside(*words, env={"PYTHONIOENCODING": "utf-8"}).out
    plain = typed_outside(*words, env={"PYTHONIOENCODING": "ascii"}).out
    assert plain.isascii()
    assert "\\u" not in plain
    assert plain == fine.translate(str.maketrans("█░▶●▽│", "#=>ov|"))


def test_a_file_that_is_there_stays_as_it_is_and_nothing_is_shown(desk, tmp_path):
    file = tmp_path / "report.svg"
    file.write_text("mine")
    done = desk.type("report", "funnel", "--out", file)
    assert (done.code, done.out, file.read_text()) == (2, "", "mine")
    assert "there is a file of that name already" in done.err


def test_a_picture_is_svg_or_a_page(desk, tmp_path):
    done = desk.type("report", "census", "--out", tmp_path / "report.png")
    assert (done.code, done.out) == (2, "")
    assert done.told == (
        "error: a picture ends in .svg or .html\nhint: --out report.svg\n"
    )
    assert list(tmp_path.glob("report*")) == []


def test_without_the_extra_one_sentence_says_how_to_get_it(desk, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = desk.type("report", "census", "--out", tmp_path / "report.svg")
    assert (done.code, done.out) == (14, "")
    assert done.told == (
        "error: this installation cannot draw\nhint: pip install 'sitrack[plots]'\n"
    )
    assert desk.type("report", "census").code == 0
