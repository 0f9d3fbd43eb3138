"""`sitrack snooze`: put an episode off."""

from __future__ import annotations

import click

from sitrack.cli.record import tell
from sitrack.cli.shell import Shell, read_text, writes
from sitrack.journey.reasons import FOR_SNOOZING


@click.command()
@click.argument("episode")
@click.argument("until")
@click.option("--reason", type=click.Choice(FOR_SNOOZING), help="Why.")
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@writes
def snooze(
    shell: Shell,
    episode: str,
    until: str,
    reason: str | None,
    text: str | None,
    dry_run: bool,
) -> None:
    """Take an episode off the worklist until a day. The clock goes on.

    Reminders to its coordinator wait for that day; escalations do not. `today` brings
    it back. What stops the clock is: sitrack episode hold.

    \b
      sitrack snooze P01428-R +7d
      sitrack snooze P01428-R 3bd --reason waiting-for-result
      sitrack snooze P01428-R today
    """
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.snooze import snooze as put_off

    key = find_key(shell.ledger, episode)
    day = shell.ahead(until)
    assert day is not None  # noqa: S101 - an argument is always given
    done = put_off(
        shell.ledger,
        shell.author,
        key,
        day,
        reason=reason,
        text=read_text(text),
        dry_run=dry_run,
    )
    tell(shell, done)
