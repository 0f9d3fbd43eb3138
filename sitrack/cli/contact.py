"""`sitrack contact`: log an attempt to reach the patient."""

from __future__ import annotations

import click

from sitrack.cli.record import tell, tell_both
from sitrack.cli.shell import Shell, read_text, writes
from sitrack.journey.forms import CHANNELS, OUTCOMES


@click.command()
@click.argument("episode")
@click.argument("outcome", type=click.Choice(OUTCOMES))
@click.option(
    "--channel",
    type=click.Choice(CHANNELS),
    default="phone",
    show_default=True,
    help="By what way.",
)
@click.option("--again", metavar="DATE", help="When to try again: a day, 2bd or 1w.")
@click.option("--on", metavar="DATE", help="When it happened.")
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@writes
def contact(
    shell: Shell,
    episode: str,
    outcome: str,
    channel: str,
    again: str | None,
    on: str | None,
    text: str | None,
    dry_run: bool,
) -> None:
    """Log an attempt to reach the patient. It never moves a stage.

    The outcome sets the day of the next attempt, by the protocol; until then the
    episode is off the worklist. `declined`, `moved` and `deceased` stop every reminder
    and leave one line: finish the episode, or log that the patient was reached.

    \b
      sitrack contact P01428-R no-answer
      sitrack contact P01428-R voicemail --again 5bd
      sitrack contact P01428-R reached --channel sms
    """
    from sitrack.coordination.contact import Attempt, log_contact
    from sitrack.coordination.episodes import find_key

    attempt = Attempt(
        outcome=outcome,
        channel=channel,
        on=shell.day(on),
        again=shell.ahead(again),
        text=read_text(text),
    )
    key = find_key(shell.ledger, episode)
    done = log_contact(shell.ledger, shell.author, key, attempt, dry_run=dry_run)
    if len(done) == 1:
        tell(shell, done[0])
    else:
        tell_both(shell, done)
