"""`sitrack contact`: log an attempt to reach the patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.record import tell, tell_both
from sitrack.cli.shell import Shell, read_text, writes
from sitrack.journey.forms import CHANNELS, OUTCOMES

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.coordination.contact import Attempt

_OF_AN_ATTEMPT = (
    click.option(
        "--channel",
        type=click.Choice(CHANNELS),
        default="phone",
        show_default=True,
        help="By what way.",
    ),
    click.option(
        "--again", metavar="DATE", help="When to try again: a day, 2bd or 1w."
    ),
    click.option("--on", metavar="DATE", help="When it happened."),
    click.option("--text", metavar="FILE", help="More words: a file, or - (stdin)."),
)


def asks_for_an_attempt(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that tell of an attempt to reach the patient."""
    for option in reversed(_OF_AN_ATTEMPT):
        command = option(command)
    return command


def attempt_of(
    shell: Shell,
    outcome: str,
    *,
    channel: str,
    again: str | None,
    on: str | None,
    text: str | None,
) -> Attempt:
    """Return the attempt that was typed."""
    from sitrack.coordination.contact import Attempt

    return Attempt(
        outcome=outcome,
        channel=channel,
        on=shell.day(on),
        again=shell.ahead(again),
        text=read_text(text),
    )


@click.command()
@click.argument("episode")
@click.argument("outcome", type=click.Choice(OUTCOMES))
@asks_for_an_attempt
@writes
def contact(
    shell: Shell, episode: str, outcome: str, dry_run: bool, **asked: Any
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
    from sitrack.coordination.contact import log_contact
    from sitrack.coordination.episodes import find_key

    attempt = attempt_of(shell, outcome, **asked)
    key = find_key(shell.ledger, episode)
    done = log_contact(shell.ledger, shell.author, key, attempt, dry_run=dry_run)
    if len(done) == 1:
        tell(shell, done[0])
    else:
        tell_both(shell, done)
