"""`sitrack contact`: log an attempt to reach the patient."""

from __future__ import annotations

import click

from sitrack.cli.record import tell
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
@click.option("--on", metavar="DATE", help="When it happened.")
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@writes
def contact(
    shell: Shell,
    episode: str,
    outcome: str,
    channel: str,
    on: str | None,
    text: str | None,
    dry_run: bool,
) -> None:
    """Log an attempt to reach the patient. It never moves a stage.

    \b
      sitrack contact P01428-R no-answer
      sitrack contact P01428-R reached --channel sms
    """
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.evidence import EvidenceRequest, record_evidence

    request = EvidenceRequest(
        kind="contact",
        values={"outcome": outcome, "channel": channel},
        occurred=shell.day(on),
        text=read_text(text),
    )
    key = find_key(shell.ledger, episode)
    tell(
        shell,
        record_evidence(shell.ledger, shell.author, key, request, dry_run=dry_run),
    )
