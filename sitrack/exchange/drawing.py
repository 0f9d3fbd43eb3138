"""Draws charts as SVG: the same bytes for the same chart, and readable in grey.

matplotlib is an extra, and is loaded here alone. Figures are made without its global
state, and with its own settings: nobody's `matplotlibrc` changes a picture.
"""

from __future__ import annotations

import html
import importlib.util
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sitrack.errors import Unavailable
from sitrack.exchange.charts import (
    Bars,
    Chart,
    Dots,
    Lines,
    Panel,
    Ranges,
    Series,
    Stretches,
)
from sitrack.exchange.drawing_days import draw_days

if TYPE_CHECKING:
    # Only for the annotations: it takes a second to load.
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH: Final = 8.0
"""Inches: a page with its margins."""
_ROW: Final = 0.34
_LINES: Final = 2.5
_AROUND: Final = 0.95

_SETTINGS: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "hatch.linewidth": 0.6,
    # Letters as outlines: the same picture wherever it is opened.
    "svg.fonttype": "path",
    "svg.hashsalt": "sitrack",
}
_INK: Final = "#222222"
_FILLS: Final = (
    ("#1d4e6f", "", "white"),
    ("#7fa6bd", "", "black"),
    ("#ffffff", "///", "black"),
    ("#f0b37e", "xx", "black"),
    ("#ececec", "..", "black"),
)
"""Of each series of bars: colour, pattern, and the colour of what is written on it.
From dark to light, so that a copy in grey still tells them apart."""
_STROKES: Final = (
    ("#1d4e6f", "o", "-"),
    ("#b3541e", "s", "--"),
    ("#222222", "^", ":"),
    ("#5d7f3a", "D", "-."),
    ("#777777", "v", "-"),
)
"""Of each line: colour, mark, and how it is broken."""


FORMS: Final = (".svg", ".html")


def picture(chart: Chart, form: str) -> bytes:
    """Return a chart as a picture, or as a page with the picture and its table.

    Raises:
        Unavailable: this installation cannot draw.
    """
    if form == ".svg":
        return as_svg(chart).encode()
    import markupsafe

    from sitrack.exchange.pages import page

    _, _, svg = as_svg(chart, alone=False).partition("<svg ")
    return page(
        "report.html",
        chart=chart,
        picture=markupsafe.Markup("<svg " + svg),  # noqa: S704 - drawn by ourselves
    ).encode()


def as_svg(chart: Chart, *, alone: bool = True) -> str:
    """Return the picture, with its title and its text alternative inside.

    Args:
        chart: what it shows.
        alone: title and notes stand in it to be seen, too.

    Raises:
        Unavailable: this installation cannot draw.
    """
    refuse_unless_drawing()
    import matplotlib as mpl

    out = io.BytesIO()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        nothing_about_today = {"Date": None, "Creator": "sitrack"}
        figure = drawn(chart, alone=alone)
        figure.savefig(out, format="svg", metadata=nothing_about_today)
    return _with_alternative(out.getvalue().decode(), chart)


def refuse_unless_drawing() -> None:
    """Make sure that pictures can be drawn.

    Raises:
        Unavailable: this installation cannot.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise Unavailable(
            "this installation cannot draw", "pip install 'sitrack[plots]'"
        )


def _with_alternative(svg: str, chart: Chart) -> str:
    head, tag, rest = svg.partition("<svg ")
    said = (
        f'<title id="title">{html.escape(chart.title)}</title>'
        f'<desc id="told">{html.escape(chart.told)}</desc>'
    )
    first, _, more = rest.partition(">")
    return f'{head}{tag}role="img" aria-labelledby="title told" {first}>{said}{more}'


def drawn(chart: Chart, *, alone: bool = True) -> Figure:
    """Return the figure of a chart."""
    from matplotlib.figure import Figure

    heights = [_height(panel) for panel in chart.panels]
    around = 0.4 + 0.17 * len(chart.notes) if alone else 0
    figure = Figure(figsize=(_WIDTH, sum(heights) + around), layout="constrained")
    if alone:
        figure.suptitle(chart.title, fontsize=11, fontweight="bold", x=0.01, ha="left")
        figure.supxlabel("\n".join(chart.notes), fontsize=7.5, x=0.01, ha="left")
    axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)
    for panel, each in zip(chart.panels, axes[:, 0], strict=True):
        _bare(each)
        if isinstance(panel, Stretches | Dots):
            draw_days(each, panel)
        elif isinstance(panel, Lines):
            _draw_lines(each, panel)
        elif isinstance(panel, Ranges):
            _draw_ranges(each, panel)
        else:
            _draw_bars(each, panel)
    return figure


def _height(panel: Panel) -> float:
    if isinstance(panel, Lines | Dots):
        return _LINES
    return _AROUND + _ROW * len(panel.rows)


def _bare(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)


def _draw_rows(axes: Axes, rows: Sequence[str], unit: str) -> None:
    """Name the rows, the first on top."""
    axes.set_yticks(range(len(rows)), labels=list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel(unit)


def _draw_bars(axes: Axes, panel: Bars) -> None:
    places = range(len(panel.rows))
    begins = [0.0 for _ in places]
    totals = [
        sum(series.values[place] or 0 for series in panel.series) for place in places
    ]
    widest = max(totals, default=0) or 1
    for number, series in _seen(panel.series):
        colour, hatch, ink = _FILLS[number % len(_FILLS)]
        sizes = [value or 0.0 for value in series.values]
        axes.barh(
            list(places),
            sizes,
            left=begins,
            height=0.66,
            color=colour,
            edgecolor=_INK,
            linewidth=0.6,
            hatch=hatch,
            label=series.name,
        )
        for place, size in enumerate(sizes):
            room = size / widest >= 0.014 * max(3, len(series.labels[place]) + 1)
            if len(panel.series) > 1 and size and room:
                at = begins[place] + size / 2
                _write(axes, at, place, series.labels[place], ink, patterned=hatch)
        begins = [begin + size for begin, size in zip(begins, sizes, strict=True)]
    if len(panel.series) == 1:
        for place, total in enumerate(totals):
            label = panel.series[0].labels[place]
            axes.annotate(label, (total, place), (4, 0), **_BESIDE)
    _draw_rows(axes, panel.rows, panel.unit)
    axes.set_xlim(0, widest * 1.08)
    _draw_legend(axes, len(panel.series))


_BESIDE: Final[dict[str, Any]] = {
    "textcoords": "offset points",
    "va": "center",
    "fontsize": 8,
}


def _write(
    axes: Axes, at: float, place: int, label: str, ink: str, *, patterned: str
) -> None:
    """Write a number on a bar; on a pattern, with a clear ground behind it."""
    ground = {"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none"}
    axes.text(
        at,
        place,
        label,
        color=ink,
        fontsize=8,
        ha="center",
        va="center",
        bbox=ground if patterned else None,
    )


def _draw_ranges(axes: Axes, panel: Ranges) -> None:
    ends = [v for v in (*panel.low, *panel.middle, *panel.high) if v is not None]
    right = max(ends, default=1) * 1.25 or 1
    for place, label in enumerate(panel.labels):
        low, middle, high = panel.low[place], panel.middle[place], panel.high[place]
        until = high
        if low is not None:
            # Where so many never left, the line goes on to the edge.
            until = right if high is None else high
            axes.hlines(place, low, until, color="#7fa6bd", linewidth=7, zorder=2)
            axes.plot(
                [low] if high is None else [low, high],
                [place] * (1 if high is None else 2),
                linestyle="none",
                marker="|",
                markersize=10,
                color=_INK,
                zorder=3,
            )
        if middle is not None:
            axes.plot(middle, place, marker="D", markersize=6, color=_INK, zorder=4)
        axes.annotate(
            label,
            (1, place),
            (4, 0),
            xycoords=("axes fraction", "data"),
            annotation_clip=False,
            **_BESIDE,
        )
    _draw_rows(axes, panel.rows, panel.unit)
    axes.set_xlim(0, right)


def _draw_lines(axes: Axes, panel: Lines) -> None:
    places = list(range(len(panel.columns)))
    for number, series in _seen(panel.series):
        colour, mark, dash = _STROKES[number % len(_STROKES)]
        values = [float("nan") if v is None else v for v in series.values]
        axes.plot(
            places,
            values,
            color=colour,
            marker=mark,
            linestyle=dash,
            markersize=4.5,
            linewidth=1.4,
            label=series.name,
            clip_on=False,
        )
    axes.set_xticks(places, labels=list(panel.columns), rotation=45, ha="right")
    axes.yaxis.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_ylabel(panel.unit)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_ylim(0, panel.most)
    _draw_legend(axes, len(panel.series))


def _seen(series: Sequence[Series]) -> list[tuple[int, Series]]:
    """What there is something to see of; each keeps its look from chart to chart."""
    found = [(place, each) for place, each in enumerate(series) if not each.is_empty]
    return found or [(0, series[0])]


def _draw_legend(axes: Axes, series: int) -> None:
    if series > 1:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=series,
            frameon=False,
            fontsize=8,
            handlelength=2.2,
            borderaxespad=0.2,
        )
