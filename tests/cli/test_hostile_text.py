"""Names and notes that would act, driven through every screen and every file that leaves.

What each way out does to any text at all stands in `tests/properties/test_hostile_text.py`;
this shows that nothing gets past them.
"""

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from sitrack.legible import shown
from tests.properties.test_hostile_text import ACTING, FORMULA, HOSTILE, Reader, acts

KEY = "P00021"
SIDE = f"{KEY}-L"
WHO = ("--as", "rivera")
OSEI = ("--as", "osei")
SCREENS = [
    ["show", KEY, "--no-mask"],
    ["show", SIDE, "--no-mask"],
    ["patient", "show", KEY, "--no-mask"],
    ["patient", "find", "--from", "-", "--no-mask"],
    ["history", SIDE],
    ["worklist", "--all"],
    ["next"],
    ["why", SIDE],
    ["due", SIDE],
    ["episode", "list", KEY],
    ["report", "census"],
    ["staff", "list"],
    ["view", "list"],
    ["audit", "trail", KEY],
    ["audit", "who-saw", KEY],
    ["audit", "variances"],
    ["reminder", "plan", "--until", "+90d"],
    ["reminder", "list"],
    ["packet", SIDE, "rfa", "-n", *WHO],
]
"""What anybody reads: with the names, where they can be asked for."""


def troubled(desk, name, texts):
    """A patient who is called so, as a damaged or foreign file may have it, with notes."""
    for text in texts:
        words = ("record", "note", SIDE, *WHO, "--text", "-")
        desk.type(*words, stdin=f"it says {text}")
    with closing(sqlite3.connect(desk.file, isolation_level=None)) as run:
        person = "UPDATE patient SET given = ?, family = ?, mrn = ? WHERE key = ?"
        run.execute(person, (f"A{name}", f"B{name}", f"C{name}", KEY))
    return desk


def acting(text):
    """What in an answer could act, beside the ends of lines and cells that are ours."""
    return acts(text.replace("\n", "").replace("\t", ""))


def shown_on_every_screen(desk):
    for words in SCREENS:
        find = json.dumps({"family": "B"})
        for form in ("table", "json", "csv", "tsv"):
            more = ["--json"] if words[0] == "packet" else ["--format", form]
            done = desk.type(*words, *more, stdin=find)
            assert done.code == 0, (words, done.err)
            assert acting(done.out + done.err) == set(), words
            if more[-1] == "csv":
                assert formulas(done.out) == [], words


def formulas(text):
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    acting = [cell for cell in cells if cell.lstrip(" ").startswith(FORMULA)]
    return [cell for cell in acting if not cell.removeprefix("-").isdecimal()]


def left_in_every_file(desk, folder):
    """Every way out; the files by their names."""
    words = {
        "xes": ["export", "xes", "--identified", *OSEI],
        "ics": ["export", "ics", *OSEI],
        "fhir": ["export", "fhir", "--identified", "--no-mask", *OSEI],
        "csv": ["export", "csv", *OSEI],
        "ocel": ["export", "ocel", "--identified", *OSEI],
        "page": ["packet", SIDE, "rfa", "--format", "html", *WHO],
        "packet": ["packet", SIDE, "rfa", "--format", "json", *WHO],
        "audit": ["audit", "export", "--contents", "--format", "html", *OSEI],
        "table": ["audit", "export", "--contents", "--format", "csv", *OSEI],
    }
    for name, each in words.items():
        done = desk.type(*each, "--out", folder / name)
        assert done.code == 0, (each, done.err)
        assert acting(done.out + done.err) == set(), each
    return {name: folder / name for name in words}


def read_back(files):
    """What another program makes of each file."""
    ET.fromstring(files["xes"].read_text("utf-8"))
    Calendar.from_ical(files["ics"].read_bytes())
    for name in ("fhir", "ocel", "packet"):
        json.loads(files[name].read_text("utf-8"))
    for name in ("xes", "ics", "page"):
        text = files[name].read_text("utf-8").replace("\r\n", "\n")
        assert acting(text) == set(), name
    for folder in (files["csv"], files["table"]):
        tables = list(Path(folder).glob("*.csv"))
        assert tables
        for table in tables:
            text = table.read_text("utf-8")
            assert acting(text) == set(), table.name
            assert formulas(text) == [], table.name
    for page in (files["page"], files["audit"] / "entries.html"):
        reader = Reader()
        reader.feed(page.read_text("utf-8"))
        assert not {"script", "b", "img", "a", "iframe"} & set(reader.tags)


def test_names_and_notes_that_act_are_only_shown(desk, tmp_path):
    troubled(desk, "".join(ACTING), ACTING)
    shown_on_every_screen(desk)
    read_back(left_in_every_file(desk, tmp_path))


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=HOSTILE, notes=st.lists(HOSTILE, max_size=8))
def test_so_is_any_other_text(desk, tmp_path_factory, name, notes):
    folder = tmp_path_factory.mktemp("any")
    one = troubled(desk.copied_to(folder), name, notes)
    shown_on_every_screen(one)
    read_back(left_in_every_file(one, folder))


@pytest.mark.parametrize("text", sorted({*ACTING} - {"\x00"}))
def test_what_was_typed_wrongly_is_repeated_only_as_text(desk, text):
    for words in (
        ["show", text],
        [text],
        ["why", "P00013-R", text],
        ["worklist", f"stage:{text}"],
        ["record", "score", SIDE, "--nrs", text, *WHO],
        ["record", "score", SIDE, "--on", text, *WHO],
        ["episode", "open", KEY, "--side", text, *WHO],
        ["view", "save", text, "owner:me", *WHO],
        ["audit", "trail", text],
    ):
        done = desk.type(*words)
        assert done.code in {0, 2, 11}, (words, done.err)
        assert acting(done.out + done.err) == set(), words
        assert acting(desk.type(*words, "--json").err) == set(), words


def test_a_hostile_note_is_read_as_it_was_written(desk):
    """Spelled out on the screen; in JSON the very text."""
    text = "it says \x1b[31m\u202e"
    done = desk.type("record", "note", SIDE, *WHO, "--text", "-", stdin=text)
    assert done.code == 0
    assert shown(text) in desk.screen("history", SIDE)
    last = desk.type("history", SIDE, "--json").json["rows"][-1]
    assert last["payload"]["text"] == text
