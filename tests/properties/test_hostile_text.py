"""Whatever somebody typed is only ever shown: on screens, in tables, pages and files."""

import csv
import io
import json
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from sitrack.cli.output import dumped, table
from sitrack.exchange import audit_pages, xes
from sitrack.legible import cell, separated, shown
from sitrack.record.trail import COLUMNS

ACTING = [
    *("\x1b[31m", "\x1b]0;owned\x07", "\r", "\n", "\t", "\x00", "\x9b", "\u202e"),
    *("\u2066", "\u200f", "\u061c", "[bold]", "<script>", "&amp;", "';--", "{{7*7}}"),
    *("%s%n", "{0.__class__}", "=1+1", "@SUM(A1)", "-2", "|calc", "\uff1d1", "\ufeff"),
]
HOSTILE = st.lists(
    st.one_of(st.sampled_from(ACTING), st.text(max_size=6)), max_size=6
).map("".join)
BIDI = {*"\u200e\u200f\u061c", *map(chr, range(0x202A, 0x202F))}
BIDI |= set(map(chr, range(0x2066, 0x206A)))
FORMULA = tuple("=+-@|\t\r\n\uff1d\uff0b\uff0d\uff20")


def acts(text):
    """What in a text could act on a terminal."""
    kinds = {"Cc", "Cf", "Co", "Cn", "Cs"}
    return {c for c in text if c != "\u00ad" and unicodedata.category(c) in kinds} | (
        set(text) & BIDI
    )


@given(HOSTILE)
def test_what_is_shown_acts_on_no_terminal(text):
    assert acts(shown(text)) == set()
    for line in table(("HEAD",), [(text,)], (30,)):
        assert acts(line) == set()


@given(HOSTILE)
def test_json_acts_on_no_terminal_and_says_the_same(text):
    line = dumped({"said": text})
    assert acts(line) == set()
    assert json.loads(line) == {"said": text}


@given(st.lists(HOSTILE, min_size=1, max_size=5), st.sampled_from(["csv", "tsv"]))
def test_no_cell_is_a_formula_or_another_cell(texts, form):
    columns = [f"c{number}" for number in range(len(texts))]
    whole = separated(columns, [dict(zip(columns, texts, strict=True))] * 2, form)
    dialect = "excel-tab" if form == "tsv" else "excel"
    head, *rows = csv.reader(io.StringIO(whole), dialect=dialect)
    assert head == columns
    assert len(rows) == 2
    for row in rows:
        assert len(row) == len(texts)
        for said, text in zip(row, texts, strict=True):
            assert said == cell(text)
            assert not said.lstrip(" ").startswith(FORMULA)
            assert acts(said) == set()


class Reader(HTMLParser):
    """What a browser makes of a page: the tags, and the text of each cell."""

    def __init__(self):
        super().__init__()
        self.tags, self.cells = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "td":
            self.cells[-1] += data

    def handle_endtag(self, tag):
        if tag == "td":
            self.tags.append("/td")


@given(st.lists(HOSTILE, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_a_page_holds_no_tag_that_somebody_typed(texts):
    row = dict(zip(COLUMNS, texts, strict=True))
    page = "".join(audit_pages.files("html", texts[0], [row])["entries.html"])
    reader = Reader()
    reader.feed(page)
    known = {*("html", "head", "meta", "title", "style", "body", "h1", "table", "tr")}
    assert set(reader.tags) <= known | {"th", "td", "/td", "p"}
    assert reader.cells == [shown(text) for text in texts]


@given(HOSTILE)
def test_an_attribute_of_a_log_is_one_attribute(text):
    [line] = xes._attributes("", {"concept:name": text})
    element = ET.fromstring(line)
    assert element.attrib == {"key": "concept:name", "value": shown(text)}
