"""A packet as a page, as Markdown and as JSON: the same bytes, and nothing that acts."""

import datetime as dt
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sitrack.exchange.packet import Fact, Line, Packet, Part, State, Subject
from sitrack.exchange.rendering import FORMS, rendered
from sitrack.legible import shown
from sitrack.pathway.policy import policy_named

DAY = dt.date(2025, 4, 7)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "[here](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "http://evil.example www.evil.example a@evil.example <http://evil.example>",
    "`code` **bold** _em_ ~~gone~~ # head | cell $x$ &copy; :smile:",
    "line\nbreak\r\n# heading\n- item\n\n---\n",
    "a\u202eb\u2066c\u200fd",
    "nul\x00esc\x1b[31mred\x07 del\x7f csi\x9b",
    "\ufeff\u200b\u00ad\ue000\U000e0041",
    "x" * 5000,
    "</td></tr></table><h1>",
    "</style><style>body{display:none}",
]


def packet(text="King", policy=None):
    """A small packet in which that text stands wherever somebody's typing can."""
    fact = Fact(14, DAY, text, "rivera", 3, corrected=True)
    parts = (
        Part(text, State.MISSING, text, text, (fact,)),
        Part("Side", State.MET, "right", facts=(fact,)),
    )
    return Packet(
        target="rfa",
        title="RFA",
        subject=Subject(text, text, dt.date(1970, 5, 1), text, "bcbs-al"),
        episode="P01428-R",
        side="right",
        as_of=DAY,
        as_known=dt.datetime(2025, 4, 7, 9, tzinfo=dt.UTC),
        protocol="si-2026.1",
        protocol_hash="00" * 32,
        policy=policy and policy_named(policy),
        not_asked=("cotinine_max",),
        last_entry=16,
        last_hash="ab" * 32,
        lines=(Line(1, "Who", ("P10",), parts),),
    )


class Page(HTMLParser):
    """The elements, attributes and text of a page, as a browser would find them."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.text = [], set(), ""
        self._in_style = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self._in_style = tag == "style"

    def handle_endtag(self, tag):
        self._in_style = False

    def handle_data(self, data):
        if not self._in_style:
            self.text += data


HARMLESS = {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}


def elements_of(text):
    return Page(rendered(packet(text), "html").decode()).elements


# --- what every form has in common


@pytest.mark.parametrize("form", FORMS)
def test_the_same_packet_gives_the_same_bytes(form):
    assert rendered(packet(), form) == rendered(packet(), form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("policy", [None, "bcbs-al"])
def test_every_form_says_who_by_what_as_of_when_and_from_which_entries(form, policy):
    said = rendered(packet(policy=policy), form).decode()
    for word in ("King", "1970-05-01", "P01428-R", "2025-04-07", "si-2026.1", "ab" * 8):
        assert word in said or (word == "si-2026.1" and policy)
    assert ("MP-558" in said) is bool(policy)
    assert "2025-04-07T09:00:00.000000Z" in said.replace("\\", "")
    assert "cotinine" in said


# --- the page


def test_the_page_runs_nothing_fetches_nothing_and_says_so():
    page = rendered(packet(), "html").decode()
    found = Page(page)
    forbidden = {"script", "link", "img", "iframe", "object", "embed", "form", "a"}
    assert not forbidden & set(found.elements)
    assert found.attributes <= HARMLESS
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?:|//", page)


def test_the_title_that_a_printer_takes_for_a_file_name_is_the_key():
    page = rendered(packet("Zebedee"), "html").decode()
    [title] = re.findall("<title>(.*?)</title>", page)
    assert title == "Evidence packet P01428-R"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stands_on_the_page_as_text(text):
    page = rendered(packet(text), "html").decode()
    found = Page(page)
    assert found.elements == elements_of("King")
    assert found.attributes <= HARMLESS
    assert " ".join(shown(text).split()) in " ".join(found.text.split())
    assert all(char == "\n" or shown(char) == char for char in page)


@given(st.text(max_size=300))
def test_no_text_at_all_changes_what_the_page_is_made_of(text):
    page = rendered(packet(text), "html").decode()
    found = Page(page)
    # An empty value leaves no element out: only its text is empty.
    assert found.elements == elements_of("King")
    assert found.attributes <= HARMLESS
    assert all(char == "\n" or shown(char) == char for char in page)


# --- Markdown


def markdown(text):
    """The tokens that a reader of Markdown makes of it, with everything switched on."""
    reader = MarkdownIt("commonmark", {"html": True, "linkify": False})
    reader.enable(["table", "strikethrough"])
    tokens = reader.parse(rendered(packet(text), "md").decode())
    inline = [each for token in tokens for each in token.children or ()]
    kinds = [token.type for token in tokens if token.type != "inline"]
    return kinds, inline


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stands_in_markdown_as_text(text):
    kinds, inline = markdown(text)
    assert kinds == markdown("King")[0]
    allowed = {"text", "text_special", "strong_open", "strong_close"}
    assert {each.type for each in inline} <= allowed
    said = "".join(each.content for each in inline)
    assert " ".join(shown(text).split()) in " ".join(said.split())


@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_no_text_at_all_makes_a_mark_of_markdown(text):
    kinds, inline = markdown(text)
    assert kinds == markdown("King")[0]
    allowed = {"text", "text_special", "strong_open", "strong_close"}
    assert {each.type for each in inline} <= allowed


def test_no_address_in_markdown_becomes_a_link_by_itself():
    said = rendered(packet("http://a.example www.a.example a@b.example"), "md").decode()
    assert "http\\://a" in said
    assert "www\\.a" in said
    assert "a\\@b" in said


# --- JSON


@given(st.text(max_size=300))
def test_json_keeps_every_text_as_it_is_and_is_ascii(text):
    content = rendered(packet(text), "json")
    assert content.isascii()
    answer = json.loads(content)
    assert list(answer)[:2] == ["schema", "as_of"]
    assert answer["schema"] == "sitrack.packet/1"
    assert answer["patient"]["family"] == text
    [line] = answer["rows"]
    assert (line["number"], line["state"]) == (1, "missing")
    assert line["parts"][0]["facts"][0]["said"] == text
