"""`sitrack patient merge` and `unmerge`: two patients who are one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import counted, dumped, pasteable
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, writes

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.coordination.merging import Merged


@click.command(context_settings=CONTEXT)
@click.argument("key")
@click.argument("into")
@writes
def merge(shell: Shell, key: str, into: str, dry_run: bool) -> None:
    """Say that patient KEY is the same person as patient INTO, who stays.

    Both keys stay valid, and both histories stay as they are: the episodes of the one
    are counted and shown with those of the other. Reminders go where INTO consented.

    \b
      sitrack patient merge P00021 P00013
    """
    from sitrack.coordination import merging

    done = merging.merge(shell.ledger, shell.author, key, into, dry_run=dry_run)
    one, other = done.patient, done.into
    would = "would be" if dry_run else "is"
    said = f"{one.key} ({one.initials}) {would} one with {other.key} ({other.initials})"
    _tell(shell, "merged", done, said, f"sitrack show {other.key}", dry_run=dry_run)


@click.command(context_settings=CONTEXT)
@click.argument("key")
@writes
def unmerge(shell: Shell, key: str, dry_run: bool) -> None:
    """Take back that patient KEY is the same person as another.

    The episodes with that key are the patient's own again; those that were opened
    since stay with the other.

    \b
      sitrack patient unmerge P00021
    """
    from sitrack.coordination import merging

    done = merging.unmerge(shell.ledger, shell.author, key, dry_run=dry_run)
    one, other = done.patient, done.into
    would = "would be" if dry_run else "are"
    said = f"{one.key} ({one.initials}) and {other.key} ({other.initials}) {would} two"
    _tell(shell, "unmerged", done, said, f"sitrack show {one.key}", dry_run=dry_run)


def _tell(
    shell: Shell, schema: str, done: Merged, said: str, look: str, *, dry_run: bool
) -> None:
    if not dry_run:
        shell.recorded = look
    streams = [entry.stream.partition("/")[2] for entry in done.entries]
    receipts = list(map(receipt, done.entries, streams))
    if shell.form == "json":
        body = {
            "schema": f"sitrack.{schema}/1",
            "as_of": done.entries[0].recorded,
            "patient": done.patient.key,
            "into": done.into.key,
            "initials": done.into.initials,
            "dry_run": dry_run,
            "receipts": [] if dry_run else receipts,
            "rows": [
                {"episode": each.episode, "stage": each.stage, "status": each.status}
                for each in done.episodes
            ],
        }
        click.echo(dumped(body))
        return
    follow = counted(len(done.episodes), "episode follows", "episodes follow")
    click.echo(f"{said}; {follow}")
    for each in done.episodes:
        click.echo(f"  {each.episode}  {each.stage}, {each.status}")
    if dry_run:
        return
    for mark in receipts:
        click.echo(f"recorded {mark}")
    if not shell.quiet:
        click.echo(pasteable(f"Next: {look}"))
