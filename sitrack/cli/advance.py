"""`sitrack advance`: move an episode on."""

from __future__ import annotations

import sys
from typing import Any

import click

from sitrack.cli.record import tell
from sitrack.cli.shell import Shell, ask_text, writes
from sitrack.cli.why import stage_named


@click.command()
@click.argument("episode")
@click.argument("stage")
@click.option("--on", metavar="DATE", help="When it happened; judged by that day.")
@click.option("--reason", metavar="CODE", help="A reason, where the move takes one.")
@click.option("--variance", metavar="CODE", help="Lift what is unmet, with a reason.")
@click.option("--clinician", metavar="WHO", help="Who decided the variance.")
@click.option("--text", metavar="FILE", help="Why, in words: a file, or - (stdin).")
@click.option("--performer", metavar="WHO", help="Who moved it on (a staff id).")
@click.option("--expect-version", type=int, metavar="N", help="Refuse if it moved on.")
@click.option("--no-input", is_flag=True, help="Never ask anything.")
@writes
def advance(
    shell: Shell,
    episode: str,
    stage: str,
    on: str | None,
    reason: str | None,
    variance: str | None,
    clinician: str | None,
    text: str | None,
    performer: str | None,
    expect_version: int | None,
    no_input: bool,
    dry_run: bool,
) -> None:
    """Move an episode on to STAGE, if everything it needs is on record.

    \b
      sitrack advance P01428-R rfa
      sitrack advance P01428-R re-evaluation --reason recurrence
      sitrack advance P01428-R diagnostic-block \\
        --variance pt-intolerable --clinician osei --text reason.txt
    """
    from sitrack.coordination import episodes

    may_ask = variance is not None and not no_input and sys.stdin.isatty()
    words = ask_text(text, prompt="Why", may_ask=may_ask)
    step = episodes.Step(
        target=stage_named(stage),
        on=shell.day(on),
        reason=reason,
        variance=variance,
        clinician=clinician,
        text=words,
        performer=performer,
    )
    make_move(shell, episode, step, expect_version=expect_version, dry_run=dry_run)


def make_move(
    shell: Shell, typed: str, step: Any, *, expect_version: int | None, dry_run: bool
) -> None:
    """Make one move of the episode that was typed, and say what was written."""
    from sitrack.coordination import episodes

    done = episodes.advance(
        shell.ledger,
        shell.author,
        episodes.find_key(shell.ledger, typed),
        step,
        expect_version=expect_version,
        dry_run=dry_run,
    )
    tell(shell, done)
