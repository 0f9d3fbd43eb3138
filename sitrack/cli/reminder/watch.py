"""`sitrack reminder watch`: rounds for as long as it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.reminder.ways import CHANNEL, opened, seal_what_is_new
from sitrack.cli.screens import reminders as screens
from sitrack.cli.shell import Shell, account_name, reads


@click.command(context_settings=CONTEXT)
@CHANNEL
@click.option(
    "--every", type=click.IntRange(1, 3600), default=5, help="Seconds between rounds."
)
@reads
def watch(shell: Shell, channel: str | None, every: int) -> None:
    """Run a round every few seconds, in the foreground, until stopped.

    Any number of them may run at once, on one host or on many. On SIGTERM it finishes
    the message in hand, gives back what it has claimed, and ends.

    \b
      sitrack reminder watch
      sitrack reminder watch --channel email --every 30
    """
    from sitrack.reminders.round import run_round
    from sitrack.reminders.schedule import watch as keep_watch
    from sitrack.reminders.watching import Watch

    ledger = shell.ledger
    watching = Watch(ledger, account_name(), shell.say)
    unsealed = ""
    with opened(shell, channel, sys.stdout) as (staff, patients):

        def one_round(stopping: Callable[[], bool]) -> None:
            nonlocal unsealed
            if not watching.believes_clock():
                return
            report = run_round(
                ledger,
                shell.settings,
                staff,
                stopping=stopping,
                for_patients=patients,
                keeps=False,
            )
            watching.round_done()
            unsealed = seal_what_is_new(shell, unsealed)
            if report.counts:
                at = f"{report.now:%Y-%m-%dT%H:%M:%SZ}"
                shell.say(f"{at} {screens.summary(screens.counts_of(report))}")

        shell.say(f"watching, a round every {every} s; stop with Ctrl-C")
        keep_watch(
            one_round,
            interval_seconds=every,
            on_clock_step=watching.clock_was_set,
            on_error=lambda error: watching.round_failed(error, every),
        )
