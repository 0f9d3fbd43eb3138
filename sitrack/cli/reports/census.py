"""`sitrack report census`: how many are in each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View
from sitrack.cli.pictures import refuse_unless_drawable, show_and_draw
from sitrack.cli.reports.options import about, asked, reports, told
from sitrack.cli.shell import Shell

if TYPE_CHECKING:
    # Only for the annotations.
    from sitrack.exchange.charts import Chart


@click.command(context_settings=CONTEXT)
@reports
def census(shell: Shell, words: tuple[str, ...], out: str | None, **when: Any) -> None:
    """Count the episodes in each stage, on a day.

    \b
      sitrack report census
      sitrack report census side:left owner:me
      sitrack report census --as-of 2025-05-01
      sitrack report census --as-of 2025-05-01 --as-known 2025-05-01
    """
    from sitrack.cli.screens import reports as screens
    from sitrack.coordination.reports.census import census as count
    from sitrack.pathway.stages import Stage

    refuse_unless_drawable(out)
    of = asked(shell, words, **when)
    day, found = count(shell.ledger, of)
    still_open = sum(found.values()) - found.get(Stage.CLOSED, 0)
    limits = about(shell, of, filtered=bool(words))
    view = View(
        schema="sitrack.census/1",
        as_of=day,
        columns=("stage", "episodes"),
        rows=[{"stage": each.value, "episodes": found.get(each, 0)} for each in Stage],
        screen=lambda _width: screens.census(day, found, still_open, limits),
        extra={**told(of, words), "open": still_open},
    )

    def chart() -> Chart:
        from sitrack.cli.reports import charts

        return charts.census(day, found, limits)

    show_and_draw(shell, view, out, chart)
