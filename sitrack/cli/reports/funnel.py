"""`sitrack report funnel`: where people leave."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View
from sitrack.cli.pictures import refuse_unless_drawable, show_and_draw
from sitrack.cli.reports.options import about, asked, reports, since, told
from sitrack.cli.shell import Shell

if TYPE_CHECKING:
    # Only for the annotations.
    from sitrack.exchange.charts import Chart

_COLUMNS = (
    *("stage", "entered", "moved_on", "finished"),
    *("declined", "lost", "still", "came_back"),
)


@click.command(context_settings=CONTEXT)
@since("stays begun")
@reports
def funnel(shell: Shell, words: tuple[str, ...], out: str | None, **when: Any) -> None:
    """Show what became of the stays in each stage: where people leave.

    Of those who entered a stage, some moved on, some finished or declined, some were
    lost to follow-up, and some are still there. Who came back after a loss began a new
    stay.

    \b
      sitrack report funnel
      sitrack report funnel --since 2025-01-01
      sitrack report funnel owner:me --format csv
    """
    from sitrack.cli.screens import reports as screens
    from sitrack.coordination.reports import funnel as stays

    refuse_unless_drawable(out)
    of = asked(shell, words, **when)
    day, found = stays.funnel(shell.ledger, of)
    limits = about(shell, of, filtered=bool(words))
    view = View(
        schema="sitrack.funnel/1",
        as_of=day,
        columns=_COLUMNS,
        rows=[asdict(each) for each in found],
        screen=lambda _width: screens.funnel(day, found, limits),
        extra={**told(of, words), "since": of.since},
    )

    def chart() -> Chart:
        from sitrack.cli.reports import charts

        return charts.funnel(day, found, limits)

    show_and_draw(shell, view, out, chart)
