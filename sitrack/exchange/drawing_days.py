"""Draws what lies on days: stays as bars, pain as marks, procedures as upright lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sitrack.exchange.charts import Dots, Stretches

if TYPE_CHECKING:
    # Only for the annotations: it takes a second to load.
    from matplotlib.axes import Axes

_INK: Final = "#222222"
_STAY: Final = "#1d4e6f"
_MARKS: Final = (("#b3541e", "o"), ("#ffffff", "v"))
_FEW_DAYS: Final = 120
_MOST_TICKS: Final = 8


def draw_days(axes: Axes, panel: Stretches | Dots) -> None:
    """Draw a panel over days."""
    if isinstance(panel, Stretches):
        _draw_stretches(axes, panel)
    else:
        _draw_dots(axes, panel)
    _draw_dates(axes, panel.first, panel.last)


def _draw_stretches(axes: Axes, panel: Stretches) -> None:
    for bar in panel.bars:
        look: dict[str, Any] = {"color": _STAY}
        if bar.held:
            look = {"color": "white", "hatch": "///"}
        days = max(1, (bar.until - bar.since).days)
        since = (bar.since - panel.first).days
        axes.barh(
            bar.row, days, left=since, height=0.6, edgecolor=_INK, linewidth=0.6, **look
        )
        if bar.lasts:
            end = since + days
            axes.annotate(
                "→", (end, bar.row), (2, 0), textcoords="offset points", va="center"
            )
    axes.set_yticks(range(len(panel.rows)), labels=list(panel.rows))
    axes.set_ylim(len(panel.rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _draw_dots(axes: Axes, panel: Dots) -> None:
    for day, name in panel.events:
        place = (day - panel.first).days
        axes.axvline(place, color="#777777", linewidth=0.8, linestyle=":")
        axes.annotate(
            name,
            (place, panel.most),
            (2, 2),
            textcoords="offset points",
            rotation=30,
            fontsize=7.5,
            annotation_clip=False,
        )
    for (name, points), (colour, mark) in zip(panel.series, _MARKS, strict=False):
        axes.plot(
            [(day - panel.first).days for day, _ in points],
            [value for _, value in points],
            linestyle="none",
            marker=mark,
            markersize=6,
            color=colour,
            markeredgecolor=_INK,
            label=name,
            clip_on=False,
            zorder=3,
        )
    axes.set_ylim(0, panel.most)
    axes.set_ylabel(panel.unit)
    axes.yaxis.grid(visible=True, color="#dddddd", linewidth=0.6)
    if any(points for _, points in panel.series):
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0, -0.16),
            ncols=len(panel.series),
            frameon=False,
            fontsize=8,
        )


def _draw_dates(axes: Axes, first: dt.date, last: dt.date) -> None:
    """Mark the beginnings of months; of a short time its two ends as well."""
    span = max(1, (last - first).days)
    months = list(_months(first, last))
    if span <= _FEW_DAYS or not months:
        room = span * 0.16
        between = (d for d in months if (d - first).days > room < (last - d).days)
        ticks, form = [first, *between, last], "%Y-%m-%d"
    else:
        ticks, form = months[:: -(-len(months) // _MOST_TICKS)], "%Y-%m"
    labels = [day.strftime(form) for day in ticks]
    axes.set_xticks([(day - first).days for day in ticks], labels=labels)
    axes.xaxis.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_xlim(-span * 0.01, span * 1.03)


def _months(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The beginnings of months after a day, up to another."""
    day = (first.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
    while day <= last:
        yield day
        day = (day + dt.timedelta(days=31)).replace(day=1)
