"""`sitrack due`: what is due for one episode, and the arithmetic behind it."""

from __future__ import annotations

import click

from sitrack.cli.output import View
from sitrack.cli.shell import Shell, reads_in_time


@click.command()
@click.argument("episode")
@click.option("--explain", is_flag=True, help="Show how each date came about.")
@reads_in_time
def due(
    shell: Shell, episode: str, explain: bool, as_of: str | None, as_known: str | None
) -> None:
    """Show what is due for an episode.

    With --explain each date is worked out before your eyes: what it counts from, the
    rule, the days that are passed over (closed, or on hold), and the result. While it is
    put off or on hold, it says so first.

    \b
      sitrack due P01428-R
      sitrack due P01428-R --explain
    """
    from sitrack.cli.screens import quiet
    from sitrack.cli.screens.due import explained, lines, row
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.questions import When, card

    key = find_key(shell.ledger, episode)
    when = When(shell.day(as_of), shell.instant(as_known))
    found = card(shell.ledger, key, when)
    zone = shell.ledger.zone.key
    each = explained(found)
    view = View(
        schema="sitrack.due/1",
        as_of=found.day,
        columns=("rule", "due", "days", "title", "anchor", "offset", "resolved_by"),
        rows=[row(line, found, zone) for line in each],
        screen=lambda width: lines(found, each, zone, width, explain=explain),
        extra={
            "as_known": when.as_known,
            "episode": str(key),
            "stage": found.episode.stage,
            "status": found.episode.status.value,
            **quiet.twin(found.episode, found.day),
            "protocol": found.protocol.id,
            "zone": zone,
        },
    )
    shell.show(view)
