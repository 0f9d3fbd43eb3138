"""`sitrack report trend`: month by month, and whether trials are reviewed in time."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, progress
from sitrack.cli.pictures import refuse_unless_drawable, show_and_draw
from sitrack.cli.reports.options import about, asked, reports, told
from sitrack.cli.shell import Shell

if TYPE_CHECKING:
    # Only for the annotations.
    from sitrack.exchange.charts import Chart

_MOST_MONTHS = 60
_COLUMNS = (
    *("month", "last", "opened", "moved", "lost", "returned", "finished"),
    *("decided", "in_time", "in_time_share", "running", "overdue", "overdue_share"),
)


@click.command(context_settings=CONTEXT)
@click.option(
    "--months",
    type=click.IntRange(1, _MOST_MONTHS),
    default=12,
    show_default=True,
    help="How many, up to the day that is asked about.",
)
@reports
def trend(
    shell: Shell, words: tuple[str, ...], months: int, out: str | None, **when: Any
) -> None:
    """Show month by month what happened, and whether trials are reviewed in time.

    A trial is reviewed when its stage is left; in time is up to 14 business days after
    its day. Overdue are the trials that ran at the end of the month past that day.

    \b
      sitrack report trend
      sitrack report trend --months 24 side:right
      sitrack report trend --as-of 2025-05-31 --json
    """
    from sitrack.cli.screens import reports as screens
    from sitrack.coordination.reports import trend as history

    refuse_unless_drawable(out)
    of = asked(shell, words, **when)
    with progress("reading journeys", 100) as tell:
        day, found = history.trend(shell.ledger, of, months, tell)
    limits = about(shell, of, filtered=bool(words))
    view = View(
        schema="sitrack.trend/1",
        as_of=day,
        columns=_COLUMNS,
        rows=[_row(each) for each in found],
        screen=lambda _width: screens.trend(day, found, limits),
        extra=told(of, words),
    )

    def chart() -> Chart:
        from sitrack.cli.reports import charts

        return charts.trend(day, found, limits)

    show_and_draw(shell, view, out, chart)


def _row(month: Any) -> dict[str, Any]:
    found = asdict(month)
    return {
        "month": f"{found.pop('first'):%Y-%m}",
        **found,
        "in_time_share": month.in_time_share,
        "overdue_share": month.overdue_share,
    }
