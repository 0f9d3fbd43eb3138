"""`sitrack reminder plan`: what rounds would do from now on."""

from __future__ import annotations

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View
from sitrack.cli.reminder.ways import CHANNEL, patient_channel, staff_channel
from sitrack.cli.screens import reminders as screens
from sitrack.cli.shell import Shell, reads


@click.command(context_settings=CONTEXT)
@click.option("--until", metavar="DATE", help="The last day to look at.")
@CHANNEL
@reads
def plan(shell: Shell, until: str | None, channel: str | None) -> None:
    """Show what would be sent, to whom and when, and why not the rest.

    It does what a round does, and undoes it: nothing is sent or kept. `planned` goes;
    `suppressed` does not, for the reason given; `waits` was put off by somebody;
    `dead` was given up, and somebody has to look.

    \b
      sitrack reminder plan
      sitrack reminder plan --until +7d
    """
    from sitrack.coordination.questions import today_of
    from sitrack.reminders.plan import plan_round

    name = staff_channel(shell, channel)
    planned = plan_round(
        shell.ledger,
        shell.settings,
        name,
        shell.day(until),
        for_patients=patient_channel(shell),
    )
    zone = shell.ledger.zone
    view = View(
        schema="sitrack.reminder-plan/1",
        as_of=today_of(shell.ledger),
        columns=screens.COLUMNS,
        rows=[screens.row_of(each) for each in planned],
        screen=lambda _width: (
            screens.happenings(planned, zone, name) or ["Nothing to send."]
        ),
    )
    shell.show(view)
