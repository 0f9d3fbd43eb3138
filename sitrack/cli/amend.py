"""How every command that amends asks first: effects, a question, then the writing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from sitrack.cli.output import NOT_KEPT, dumped, pasteable, screen_width
from sitrack.cli.shell import Shell, writes
from sitrack.errors import BadInput

Act = Callable[[Mapping[Any, int] | None, bool], list[Any]]
"""(versions looked at, dry run) → what was amended, one for each episode."""

_OPTIONS = [
    click.option("--yes", "-y", is_flag=True, help="Write without asking."),
    click.option("--no-input", is_flag=True, help="Never ask anything."),
]


def amends(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that shows its effects, and asks, before it writes."""
    command = writes(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def amend(shell: Shell, act: Act, *, yes: bool, no_input: bool, dry_run: bool) -> None:
    """Show the effects of `act`, ask, and do it at the version that was shown.

    Raises:
        BadInput: nobody is there to be asked, and `--yes` was not given.
    """
    if dry_run:
        _tell(shell, act(None, True), dry_run=True)
        return
    seen = None if yes else _agreed(shell, act, no_input=no_input)
    if seen is None and not yes:
        click.echo("Nothing was kept.", err=True)
        return
    done = act(seen, False)
    shell.recorded = f"sitrack history {done[0].after.key}"
    _tell(shell, done, dry_run=False)


def _agreed(shell: Shell, act: Act, *, no_input: bool) -> Mapping[Any, int] | None:
    """The versions whose effects somebody saw and agreed to; None where not."""
    if no_input or shell.form == "json" or not sys.stdin.isatty():
        raise BadInput(
            "nobody is here to look at the effects",
            "see them with --dry-run, then write with --yes",
        )
    from sitrack.cli.screens import effects

    preview = act(None, True)
    shell.note([str(each.after.key) for each in preview], "rehearsed")
    for line in effects.lines(preview, screen_width()):
        click.echo(line, err=True)
    if not click.confirm("Write this?", err=True):
        return None
    return {each.before.key: each.before.version for each in preview}


def _tell(shell: Shell, done: list[Any], *, dry_run: bool) -> None:
    from sitrack.cli.screens import effects
    from sitrack.coordination.questions import today_of

    if shell.form == "json":
        today = today_of(shell.ledger)
        click.echo(dumped(effects.as_json(done, today, dry_run=dry_run)))
        return
    for line in effects.lines(done, screen_width()):
        click.echo(line)
    if dry_run:
        click.echo(NOT_KEPT)
        return
    for line in effects.receipts(done):
        click.echo(line)
    if not shell.quiet:
        click.echo(pasteable(f"Next: {effects.next_step(done)}"))
