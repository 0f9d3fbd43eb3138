"""`sitrack reminder list`, `ledger` and `dead`: the rows of the outbox, and their past."""

from __future__ import annotations

from typing import Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View
from sitrack.cli.screens import reminders as screens
from sitrack.cli.shell import Shell, reads

_STATUSES = ("open", "done", "cancelled", "dead")


@click.command("list", context_settings=CONTEXT)
@click.argument("episode", required=False)
@click.option("--status", type=click.Choice(_STATUSES), help="Only these.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    help="How many at the most.",
)
@reads
def list_rows(
    shell: Shell, episode: str | None, status: str | None, limit: int
) -> None:
    """Show the reminders that were made, the latest first.

    \b
      sitrack reminder list
      sitrack reminder list --status open
      sitrack reminder list P01428-R
    """
    from sitrack.coordination.episodes import find_existing
    from sitrack.reminders import looking_back

    key = str(find_existing(shell.ledger, episode)) if episode else None
    day, rows = looking_back.rows(shell.ledger, status, limit, key)
    _show(shell, "sitrack.reminders/1", day, rows, "No reminder was made.")


@click.command(context_settings=CONTEXT)
@reads
def dead(shell: Shell) -> None:
    """Show what was given up and is still wanted, with the reason.

    \b
      sitrack reminder dead
      sitrack reminder retry P01428-R        once what was wrong is mended
    """
    from sitrack.reminders import looking_back

    day, rows = looking_back.dead(shell.ledger)
    _show(shell, "sitrack.reminders-dead/1", day, rows, "Nothing was given up.")


def _show(shell: Shell, schema: str, day: Any, rows: Any, none: str) -> None:
    zone = shell.ledger.zone
    view = View(
        schema=schema,
        as_of=day,
        columns=screens.ROW_COLUMNS,
        rows=[screens.outbox_row(row) for row in rows],
        screen=lambda _width: screens.outbox(rows, zone) or [none],
    )
    shell.show(view)


@click.command(context_settings=CONTEXT)
@click.argument("episode")
@reads
def ledger(shell: Shell, episode: str) -> None:
    """Show every reminder about an episode, and every attempt to send it.

    \b
      sitrack reminder ledger P01428-R
    """
    from sitrack.coordination.episodes import find_existing
    from sitrack.reminders import looking_back

    key = find_existing(shell.ledger, episode)
    day, found = looking_back.ledger_of(shell.ledger, str(key))
    zone = shell.ledger.zone
    view = View(
        schema="sitrack.reminder-ledger/1",
        as_of=day,
        columns=screens.ROW_COLUMNS,
        rows=[
            screens.outbox_row(row)
            | {"lines": [screens.line_row(line) for line in lines]}
            for row, lines in found
        ],
        screen=lambda _width: screens.ledger(str(key), found, zone),
        extra={"episode": str(key)},
    )
    shell.show(view)
