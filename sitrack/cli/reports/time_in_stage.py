"""`sitrack report time-in-stage`: how long people wait in each stage."""

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
    *("stage", "stays", "left", "lost", "still"),
    *("quarter", "median", "three_quarters", "longest", "few"),
)


@click.command("time-in-stage", context_settings=CONTEXT)
@since("stays begun")
@reports
def time_in_stage(
    shell: Shell, words: tuple[str, ...], out: str | None, **when: Any
) -> None:
    """Show how long people wait in each stage, in calendar days.

    Who still waits, or was lost to follow-up, counts for as long as they were seen
    (Kaplan and Meier). After the median, half had left the stage; where so many never
    had, there is none. A hold is a wait, too.

    \b
      sitrack report time-in-stage
      sitrack report time-in-stage --since 2025-01-01 side:left
      sitrack report time-in-stage --as-of 2025-05-01 --json
    """
    from sitrack.cli.screens import reports as screens
    from sitrack.coordination.reports import time_in_stage as waiting

    refuse_unless_drawable(out)
    of = asked(shell, words, **when)
    day, found = waiting.time_in_stage(shell.ledger, of)
    limits = about(shell, of, filtered=bool(words))
    view = View(
        schema="sitrack.time-in-stage/1",
        as_of=day,
        columns=_COLUMNS,
        rows=[{**asdict(each), "lost": each.lost, "few": each.few} for each in found],
        screen=lambda _width: screens.time_in_stage(day, found, limits),
        extra={**told(of, words), "since": of.since},
    )

    def chart() -> Chart:
        from sitrack.cli.reports import charts

        return charts.time_in_stage(day, found, limits)

    show_and_draw(shell, view, out, chart)
