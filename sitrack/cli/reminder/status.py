"""`sitrack reminder status`: for a person, a monitor, and a scraper."""

from __future__ import annotations

import datetime as dt

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View
from sitrack.cli.screens import reminders as screens
from sitrack.cli.shell import Shell, reads
from sitrack.errors import NotEligible

_MINUTES = click.IntRange(1, 100_000)


@click.command(context_settings=CONTEXT)
@click.option("--exit-code", is_flag=True, help="End with 10 where something is wrong.")
@click.option(
    "--round-within",
    type=_MINUTES,
    default=15,
    show_default=True,
    help="Minutes since the last round.",
)
@click.option(
    "--due-within",
    type=_MINUTES,
    default=60,
    show_default=True,
    help="Minutes for which something due may wait.",
)
@click.option("--openmetrics", is_flag=True, help="Print OpenMetrics text instead.")
@reads
def status(
    shell: Shell,
    exit_code: bool,
    round_within: int,
    due_within: int,
    openmetrics: bool,
) -> None:
    """Say whether anything is wrong with the reminders.

    Something was given up; something due has not gone; nobody runs rounds; or a
    channel has sent all that it may in an hour.

    \b
      sitrack reminder status
      sitrack reminder status --json --exit-code      (for a monitor)
      sitrack reminder status --openmetrics           (for a scraper)
    """
    from sitrack.reminders.health import Limits, health
    from sitrack.reminders.health import openmetrics as metrics

    limits = Limits(
        dt.timedelta(minutes=round_within), dt.timedelta(minutes=due_within)
    )
    found = health(shell.ledger, shell.settings, limits)
    if openmetrics:
        shell.note(())
        click.echo(metrics(found), nl=False)
    else:
        view = View(
            schema="sitrack.reminder-status/1",
            as_of=found.now,
            columns=("problem", "what", "command"),
            rows=[
                {"problem": code, "what": what, "command": command}
                for code, what, command in found.problems
            ],
            screen=lambda _width: screens.status(found, shell.ledger.zone),
            extra=screens.numbers_of(found),
        )
        shell.show(view, pager=False)
    if exit_code and not found.is_well:
        raise click.exceptions.Exit(NotEligible.code)
