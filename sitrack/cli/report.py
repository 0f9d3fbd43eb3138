"""`sitrack report`: how the clinic is doing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, counted, table
from sitrack.cli.reach import reach
from sitrack.cli.shell import Shell, reads_in_time


@click.group(cls=Group, context_settings=CONTEXT)
def report() -> None:
    """How the clinic is doing.

    \b
      sitrack report census
      sitrack report reach
    """


report.add_command(reach)


@report.command(context_settings=CONTEXT)
@reads_in_time
def census(shell: Shell, as_of: str | None, as_known: str | None) -> None:
    """Count the episodes in each stage, on a day.

    \b
      sitrack report census
      sitrack report census --as-of 2025-05-01
      sitrack report census --as-of 2025-05-01 --as-known 2025-05-01
    """
    from sitrack.coordination import questions
    from sitrack.pathway.stages import Stage

    when = questions.When(shell.day(as_of), shell.instant(as_known))
    day, found = questions.census(shell.ledger, when)
    rows = [{"stage": each.value, "episodes": found.get(each, 0)} for each in Stage]
    still_open = sum(found.values()) - found.get(Stage.CLOSED, 0)
    view = View(
        schema="sitrack.census/1",
        as_of=day,
        columns=("stage", "episodes"),
        rows=rows,
        screen=lambda _width: _screen(day, found, still_open),
        extra={"as_known": when.as_known, "open": still_open},
    )
    shell.show(view)


def _screen(day: dt.date, found: Mapping[str, int], still_open: int) -> list[str]:
    from sitrack.pathway.stages import Stage, title_of

    cells = [(title_of(each), f"{found.get(each, 0):>8}") for each in Stage]
    return [
        f"{day:%a %Y-%m-%d}",
        *table(("STAGE", "EPISODES"), cells, (20, 8)),
        f"{counted(still_open, 'episode', 'episodes')} open",
    ]
