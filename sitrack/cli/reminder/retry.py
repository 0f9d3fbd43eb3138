"""`sitrack reminder retry`: try again what was given up."""

from __future__ import annotations

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import counted, dumped
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, writes
from sitrack.errors import BadInput


@click.command(context_settings=CONTEXT)
@click.argument("episode", required=False)
@click.option("--all", "everything", is_flag=True, help="Of every episode.")
@writes
def retry(shell: Shell, episode: str | None, everything: bool, dry_run: bool) -> None:
    """Let what was given up be tried again, from its first attempt on.

    \b
      sitrack reminder retry P01428-R
      sitrack reminder retry --all
    """
    from sitrack.coordination.episodes import find_existing
    from sitrack.coordination.retrying import retry_reminders

    if everything is (episode is not None):
        raise BadInput("name an episode, or say --all", "sitrack reminder dead")
    key = str(find_existing(shell.ledger, episode)) if episode else None
    opened, entry = retry_reminders(shell.ledger, shell.author, key, dry_run=dry_run)
    if shell.form == "json":
        body = {"schema": "sitrack.reminders-retried/1", "as_of": entry.recorded}
        click.echo(dumped({**body, "retried": opened, "dry_run": dry_run}))
        return
    what = counted(opened, "reminder", "reminders")
    if dry_run:
        click.echo(f"would try {what} again")
        return
    click.echo(f"{what} will be tried again")
    click.echo(f"recorded {receipt(entry, 'office')}")
    if not shell.quiet:
        click.echo("Next: sitrack reminder run")
