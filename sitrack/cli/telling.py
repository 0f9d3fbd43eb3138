"""What a command answers that wrote one entry, of a patient or of the office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from sitrack.cli.output import dumped, pasteable
from sitrack.cli.shell import Shell
from sitrack.journey.entries import Entry


@dataclass(frozen=True, slots=True)
class Told:
    """One act in words and as data.

    Attributes:
        done: what was done, in a line.
        tried: what would be done, where it was only tried.
        schema: names the JSON answer.
        answer: what the JSON answer holds.
        look: the command that shows what was kept, should the answer be lost.
        then: the command to type next, or None.
        warnings: the lines that say what is to be looked at.
    """

    done: str
    tried: str
    schema: str
    answer: Mapping[str, Any]
    look: str
    then: str | None = None
    warnings: Sequence[str] = ()


def tell_entry(
    shell: Shell, entry: Entry, told: Told, name: str = "office", *, dry_run: bool
) -> None:
    """Say what one entry changed, with its receipt.

    Args:
        shell: of this command.
        entry: what was written, or would have been.
        told: what to say of it.
        name: what the stream of the entry is called in its receipt.
        dry_run: nothing was kept.
    """
    from sitrack.cli.screens.written import receipt

    if not dry_run:
        shell.recorded = told.look
    if shell.form == "json":
        head = {"schema": told.schema, "as_of": entry.recorded}
        click.echo(dumped({**head, **told.answer, "dry_run": dry_run}))
        return
    click.echo(told.tried if dry_run else told.done)
    for each in told.warnings:
        click.echo(each)
    if dry_run:
        return
    click.echo(f"recorded {receipt(entry, name)}")
    if told.then and not shell.quiet:
        click.echo(pasteable(f"Next: {told.then}"))
