"""`sitrack undo`: take back the last command, or one that is named."""

from __future__ import annotations

import click

from sitrack.cli.amend import amend, amends
from sitrack.cli.shell import Shell


@click.command()
@click.argument("batch", required=False)
@amends
def undo(
    shell: Shell, batch: str | None, yes: bool, no_input: bool, dry_run: bool
) -> None:
    """Take back your last command as one unit; the record only grows.

    \b
      sitrack undo                 your last command that still stands
      sitrack undo P01428-R#9      the command that wrote entry 9
    What `undo` wrote is taken back by naming one of its entries.
    """
    from sitrack.coordination.undo import undo as take_back

    amend(
        shell,
        lambda seen, rehearsed: take_back(
            shell.ledger, shell.author, batch, seen=seen, dry_run=rehearsed
        ),
        yes=yes,
        no_input=no_input,
        dry_run=dry_run,
    )
