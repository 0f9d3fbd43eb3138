"""`sitrack report reach`: did reminders and calls bring people back?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, counted, table
from sitrack.cli.pictures import refuse_unless_drawable, show_and_draw
from sitrack.cli.reports.options import asked, reports, since, told
from sitrack.cli.shell import Shell

if TYPE_CHECKING:
    # Only for the annotations: the bare group needs nothing of it.
    from sitrack.exchange.charts import Chart
    from sitrack.journey.reach import Reach, Row

_NAMES = {"way": ("way", "to", "channel", "outcome"), "week": ("week",)}
_NUMBERS = ("tries", "episodes", "returned", "decided", "waiting", "share")
_HEADS = ("TRIES", "BACK", "OF", "SHARE", "OPEN", "DAYS")
_WIDTHS = (5, 4, 4, 5, 4, 4)


@click.command(context_settings=CONTEXT)
@since("reminders and calls")
@click.option(
    "--by", type=click.Choice(tuple(_NAMES)), default="way", help="What a row is."
)
@reports
def reach(
    shell: Shell, words: tuple[str, ...], by: str, out: str | None, **when: Any
) -> None:
    """Show who came back within 15 days of a reminder or a call.

    Reminders count that were about something that waits for the patient. Who gave
    evidence in person came back; a return counts for every try before it. It looks
    90 days back, or since the day that is given.

    \b
      sitrack report reach
      sitrack report reach --since -30d --by week
      sitrack report reach owner:me
    """
    from sitrack.coordination.reports import reach as tries
    from sitrack.journey.reach import RETURN_WITHIN

    refuse_unless_drawable(out)
    of = asked(shell, words, **when)
    first, last, found = tries.reach(shell.ledger, of, by)
    view = View(
        schema="sitrack.reach/1",
        as_of=last,
        columns=(*_NAMES[by], *_NUMBERS, "median_days"),
        rows=[_told(row, _NAMES[by]) for row in found.rows],
        screen=lambda _width: list(_screen(first, last, found, by)),
        extra={
            **told(of, words),
            "since": first,
            "by": by,
            "within_days": RETURN_WITHIN,
            "episodes": found.episodes,
            "returned": found.returned,
            "waiting": found.waiting,
        },
    )

    def chart() -> Chart:
        from sitrack.cli.reports import charts

        return charts.reach(first, last, found)

    show_and_draw(shell, view, out, chart)


def _told(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    numbers = {name: getattr(row, name) for name in (*_NUMBERS, "median_days")}
    return {**dict(zip(names, row.name, strict=True)), **numbers}


def _screen(first: dt.date, last: dt.date, found: Reach, by: str) -> Iterator[str]:
    yield f"{first} to {last}"
    if found.rows:
        names = tuple(name.upper() for name in _NAMES[by])
        widths = (8, 7, 8, 12) if by == "way" else (10,)
        cells = [(*row.name, *_numbers(row)) for row in found.rows]
        yield from table((*names, *_right(_HEADS)), cells, (*widths, *_WIDTHS))
    episodes = counted(found.episodes, "episode", "episodes")
    yield f"{episodes} reminded of or called: {found.returned} back within 15 days,"
    lost = found.episodes - found.returned - found.waiting
    yield f"{lost} not, {found.waiting} may still."


def _numbers(row: Row) -> tuple[str, ...]:
    share = "" if row.share is None else f"{row.share} %"
    days = "" if row.median_days is None else f"{row.median_days:g}"
    numbers = (row.tries, row.returned, row.decided, share, row.waiting, days)
    return _right(numbers)


def _right(cells: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
