"""Screens as a terminal shows them: 80 and 120 columns, in colour and without, or a pipe.

The command runs at a terminal of its own, and what it wrote is fed to an emulator, so
that a line that is too wide, a stray escape or a cursor that moves would be seen.
"""

import csv
import io
import re

import pyte
import pytest

from .golden import GOLDEN, normal, same_as_kept
from .keyboard import Terminal, typed_outside

SCREENS = {
    "worklist": ["worklist"],
    "show": ["show", "P00021-L"],
    "show-timeline": ["show", "P00013-R", "--timeline"],
    "why-no": ["why", "P00013-R", "rfa"],
    "history": ["history", "P00013-R"],
    "report-time-in-stage": ["report", "time-in-stage"],
    "report-trend": ["report", "trend", "--months", "4"],
}
"""Each by the name of the screen of 80 columns that is kept already."""
TALL = 60
"""Lines of a terminal that none of these screens fills: nothing is paged or scrolled."""


def shown(desk, words, columns, env=None):
    """What a terminal so wide shows of a command; its width is told by nothing else."""
    env = {"COLUMNS": "", "SITRACK_DATABASE_URL": desk.url} | (env or {})
    more = ("-q", "--now", f"{desk.day}T09:00")
    with Terminal(*words, *more, env=env, columns=columns, lines=TALL) as terminal:
        code, text = terminal.end()
    assert code == 0, text
    screen = pyte.Screen(columns, TALL)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return screen


def read(screen):
    """The lines of a screen, up to the last that has something on it."""
    lines = [line.rstrip() for line in screen.display]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def colours(screen):
    """Every colour that something on a screen is written in."""
    cells = (screen.buffer[y][x] for y in range(TALL) for x in range(screen.columns))
    return {cell.fg for cell in cells if cell.data != " "}


def kept(name):
    """The screen that is kept, but for the database that was named on the way to it."""
    text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    named = re.compile(r" (\\\n  )?-d DATABASE$", re.MULTILINE)
    return named.sub("", text).splitlines()


@pytest.mark.parametrize("name", SCREENS)
def test_a_terminal_of_80_columns_shows_the_screen_that_is_kept(desk, name):
    screen = shown(desk, SCREENS[name], 80)
    assert [normal(line) for line in read(screen)] == kept(name)
    assert screen.cursor.x == 0


@pytest.mark.parametrize("name", SCREENS)
def test_one_of_120_columns_shows_as_much_and_uses_its_width(desk, name):
    lines = read(shown(desk, SCREENS[name], 120))
    same_as_kept(f"{name}-120.txt", "\n".join(lines) + "\n")
    assert len(lines) <= len(kept(name))


@pytest.mark.parametrize("name", SCREENS)
def test_without_colour_it_says_the_same(desk, name):
    plain = shown(desk, SCREENS[name], 80, env={"NO_COLOR": "1"})
    assert colours(plain) == {"default"}
    assert [normal(line) for line in read(plain)] == kept(name)


def test_colour_is_there_where_it_helps_and_stands_beside_a_word(desk):
    screen = shown(desk, SCREENS["why-no"], 80)
    marks = {
        screen.display[y][x : x + 3].strip(): screen.buffer[y][x].fg
        for y in range(len(read(screen)))
        for x in [2]
        if screen.display[y][:2] == "  " and screen.buffer[y][x].data != " "
    }
    assert marks["no"] != "default"
    assert marks["yes"] != marks["no"]


def test_in_a_pipe_everything_is_whole_and_nothing_is_drawn(desk):
    more = ("-q", "-d", desk.url, "--now", f"{desk.day}T09:00")
    for words in SCREENS.values():
        out = typed_outside(*words, *more, env={"COLUMNS": "40"}).out
        assert not {"\x1b", "…", "█"} & set(out)
        head, *rows = csv.reader(io.StringIO(out), delimiter="\t")
        assert rows
        assert {len(row) for row in rows} == {len(head)}


def test_a_narrow_terminal_breaks_no_line_of_the_worklist(desk):
    narrow = read(shown(desk, SCREENS["worklist"], 72))
    assert len(narrow) == len(kept("worklist"))
