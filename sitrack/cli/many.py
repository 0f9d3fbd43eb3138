"""How every bulk command asks first: a plan, a typed count, then the writing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from sitrack.cli.output import dumped, pasteable, progress, screen_width
from sitrack.cli.screens import many as screens
from sitrack.cli.shell import Shell
from sitrack.coordination import bulk
from sitrack.errors import BadInput, NotEligible, PartlyDone

if TYPE_CHECKING:
    from sitrack.coordination.bulk import Act, Fits, Item, Outcome


def do_to_many(
    shell: Shell,
    fits: Fits,
    act: Act,
    *,
    count: int | None,
    most: int,
    no_input: bool,
    dry_run: bool,
) -> None:
    """Rehearse an act on every episode that a filter picks, ask, and do it.

    Raises:
        BadInput: the count is another, or nobody is there to type it.
        NotEligible: it is possible to none of them.
        PartlyDone: it was done to some, and not to others.
    """
    rows = bulk.picked(shell.ledger, shell.author, fits, most)
    with progress("rehearsing", len(rows)) as tell:
        plan = bulk.rehearse(rows, act, tell)
    possible = sum(item.done is not None for item in plan)
    if dry_run:
        _show_plan(shell, plan, outcome=None)
        return
    if not plan:
        _show(shell, bulk.Outcome(), plan)
        return
    if possible == 0:
        _preview(shell, plan)
        raise NotEligible(
            f"it is possible to none of the {len(plan)}: nothing was kept"
        )
    if not _agreed(shell, plan, possible, count, no_input=no_input):
        click.echo("Nothing was kept.", err=True)
        return
    with progress("writing", possible) as tell:
        outcome = bulk.carry_out(shell.ledger, plan, act, tell)
    shell.recorded = f"sitrack undo {outcome.batch} -n"
    _show(shell, outcome, plan)
    _leave(outcome, plan)


def _agreed(
    shell: Shell, plan: list[Item], possible: int, count: int | None, *, no_input: bool
) -> bool:
    """Whether somebody named the number of those it is possible to."""
    if count is not None:
        if count != possible:
            raise BadInput(
                f"it is possible to {possible} of {len(plan)}, and not to {count}: "
                "nothing was kept",
                "see them with --dry-run",
            )
        return True
    if no_input or shell.form == "json" or not sys.stdin.isatty():
        raise BadInput(
            "nobody is here to type how many they are",
            f"see them with --dry-run, then write with --count {possible}",
        )
    _preview(shell, plan)
    question = (
        f"Type how many are to be written ({possible} of {len(plan)}; Enter: none)"
    )
    typed = click.prompt(question, default="", show_default=False, err=True)
    return bool(typed.strip() == str(possible))


def _preview(shell: Shell, plan: list[Item]) -> None:
    """Show the plan beside the answer, once it is written down who sees it."""
    shell.note([item.row.episode for item in plan], "rehearsed")
    for line in screens.plan(plan, screen_width()):
        click.echo(line, err=True)


def _show_plan(shell: Shell, plan: list[Item], outcome: Outcome | None) -> None:
    shell.note([item.row.episode for item in plan], "rehearsed")
    _answer(shell, plan, outcome)


def _show(shell: Shell, outcome: Outcome, plan: list[Item]) -> None:
    """What was done to each, and what was refused from the beginning."""
    refused = [item for item in plan if item.done is None]
    if refused:
        shell.note([item.row.episode for item in refused], NotEligible.type)
    items = sorted([*outcome.items, *refused], key=lambda item: item.row.episode)
    _answer(shell, items, outcome)


def _answer(shell: Shell, items: list[Item], outcome: Outcome | None) -> None:
    from sitrack.coordination.questions import today_of

    if shell.form == "json":
        today = today_of(shell.ledger)
        click.echo(dumped(screens.as_json(items, outcome, today)))
        return
    # Whoever reads a pipe reads all of it.
    width = screen_width() if shell.form == "table" else None
    shown: list[str] = (
        screens.plan(items, width)
        if outcome is None
        else screens.result(items, outcome, width)
    )
    for line in shown:
        if not (shell.quiet and line.startswith("Next:")):
            click.echo(pasteable(line))
    if outcome is None:
        click.echo("Nothing was kept (dry run).")


def _leave(outcome: Outcome, plan: list[Item]) -> None:
    """Say by the exit code whether all of it was done."""
    if outcome.stopped is not None:
        raise outcome.stopped
    missing = len(plan) - len(outcome.done)
    if missing:
        raise PartlyDone(
            f"done to {len(outcome.done)} of {len(plan)}; {missing} stand as they stood",
            f"sitrack undo {outcome.batch}",
        )
