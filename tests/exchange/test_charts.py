"""Pictures: the same bytes each time, with the numbers as text, none that tells of one."""

import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.exchange.charts import (
    Bars,
    Chart,
    Lines,
    Ranges,
    Series,
    count_of,
    rounded,
    said,
    share_of,
)
from sitrack.exchange.drawing import as_svg, picture

SVG = "{http://www.w3.org/2000/svg}"
STAGES = ("Injection", "RFA <b>")
COUNTS = count_of("moved on", (120, 3))
PANELS = {
    "bars": Bars(STAGES, [COUNTS, count_of("lost", (12, 0))], "stays"),
    "one series": Bars(STAGES, [COUNTS], "stays"),
    "nothing": Bars(STAGES, [count_of("lost", (0, 0))], "stays"),
    "ranges": Ranges(
        STAGES, (14, None), (21, None), (None, None), ("21 d", "-"), "days"
    ),
    "lines": Lines(
        ("2025-01", "2025-02"), [share_of("in time", (9, 1), (12, 2))], "", 100
    ),
}


def chart(*panels):
    rows = [(stage, *COUNTS.labels[:1]) for stage in STAGES]
    return Chart("What became of it", panels, ("stage", "moved on"), rows, ["Rounded."])


@pytest.mark.parametrize("name", PANELS)
def test_a_picture_is_the_same_each_time_and_says_nothing_of_today(name):
    drawn = as_svg(chart(PANELS[name]))
    assert as_svg(chart(PANELS[name])) == drawn
    assert "<dc:date>" not in drawn


def test_nobodys_own_settings_change_a_picture():
    before = as_svg(chart(PANELS["bars"]))
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "red"}):
        assert as_svg(chart(PANELS["bars"])) == before
        assert mpl.rcParams["font.size"] == 30.0


def test_who_cannot_see_the_picture_is_told_the_same():
    root = ET.fromstring(as_svg(chart(PANELS["bars"], PANELS["lines"])))
    assert root.get("role") == "img"
    named = {each.get("id"): each.text for each in root if each.get("id")}
    title, told = (named[name] for name in root.get("aria-labelledby").split())
    assert title == "What became of it"
    assert told == "Injection: moved on 120. RFA <b>: moved on 120. Rounded."


def test_a_page_has_the_picture_and_its_table_and_fetches_nothing():
    page = picture(chart(PANELS["ranges"]), ".html").decode()
    assert page.count("<svg ") == 1
    assert "<td>120</td>" in page
    assert "<script" not in page
    assert "RFA &lt;b&gt;" in page
    assert "default-src 'none'" in page


def test_in_grey_every_series_differs_by_more_than_its_colour():
    many = [count_of(f"series {n}", (40, 40)) for n in range(5)]
    root = ET.fromstring(as_svg(chart(Bars(STAGES, many, ""))))
    patterns = {each.get("id") for each in root.iter(f"{SVG}pattern")}
    assert len(patterns) == 3


@given(st.integers(0, 2000))
def test_a_count_that_leaves_the_house_points_at_nobody(count):
    if 0 < count < 5:
        assert said(count) == "<5"
    else:
        assert int(said(count)) % 5 == 0
        assert abs(int(said(count)) - count) <= 2
    assert rounded(count) % 5 == 0


def test_fewer_than_five_are_drawn_alike_however_many_they_are():
    series = count_of("lost", (1, 2, 3, 4))
    assert len(set(series.values)) == 1
    assert set(series.labels) == {"<5"}


def test_a_share_that_rests_on_fewer_than_five_is_left_out():
    shares = share_of("in time", (2, 4, 9, 1), (4, 5, 12, 60))
    assert shares == Series("in time", [None, 80, 75, 0], ["-", "80 %", "75 %", "0 %"])
