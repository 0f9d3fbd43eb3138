"""`sitrack reminder run`: one round."""

from __future__ import annotations

import sys

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View
from sitrack.cli.reminder.ways import CHANNEL, opened, seal_what_is_new, staff_channel
from sitrack.cli.screens import reminders as screens
from sitrack.cli.shell import Shell, reads
from sitrack.errors import PartlyDone


@click.command(context_settings=CONTEXT)
@CHANNEL
@reads
def run(shell: Shell, channel: str | None) -> None:
    """Do one round: make what is due, send what may leave now, write it down.

    \b
      sitrack reminder run
      */5 * * * * sitrack reminder run --quiet      (a line for cron)
    """
    from sitrack.reminders.round import run_round
    from sitrack.reminders.watching import note_round

    # Where stdout carries data, the console channel speaks on stderr.
    out = sys.stdout if shell.form == "table" else sys.stderr
    with opened(shell, channel, out) as (staff, patients):
        report = run_round(shell.ledger, shell.settings, staff, for_patients=patients)
    note_round(shell.ledger)
    seal_what_is_new(shell)
    counts = screens.counts_of(report)
    name, zone = staff_channel(shell, channel), shell.ledger.zone
    view = View(
        schema="sitrack.reminder-run/1",
        as_of=report.now,
        columns=screens.COLUMNS,
        rows=[screens.row_of(each) for each in report.happenings],
        screen=lambda _width: [
            *screens.happenings(screens.last_words(report.happenings), zone, name),
            *screens.full(report, zone),
            screens.summary(counts),
        ],
        extra=counts,
    )
    shell.show(view, pager=False)
    if counts["failed"]:
        raise PartlyDone(
            f"{counts['failed']} of the reminders could not be sent",
            "those that `failed` are tried again; those that are `dead` stand, "
            "with the reason, in: sitrack reminder dead",
        )
