"""`sitrack reminder retry`: try again what was given up."""

from __future__ import annotations

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import counted
from sitrack.cli.shell import Shell, writes
from sitrack.cli.telling import Told, tell_entry
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
    what = counted(opened, "reminder", "reminders")
    told = Told(
        f"{what} will be tried again",
        f"would try {what} again",
        "sitrack.reminders-retried/1",
        {"retried": opened},
        look="sitrack reminder status",
        then="sitrack reminder run",
    )
    tell_entry(shell, entry, told, dry_run=dry_run)
