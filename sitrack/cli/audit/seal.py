"""`sitrack audit seal`: sign a head over everything that was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import NOT_KEPT, counted, dumped, pasteable
from sitrack.cli.passphrase import passphrase
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, writes


@click.command(context_settings=CONTEXT)
@writes
def seal(shell: Shell, dry_run: bool) -> None:
    """Seal everything that is under no seal yet.

    \b
      sitrack audit seal

    Rounds of reminders do the same by themselves, where the settings name the key
    and the file with its passphrase.
    """
    from sitrack.coordination.questions import today_of
    from sitrack.coordination.sealing import (
        open_seal_key,
        refuse_without_key,
        seal_all,
    )

    refuse_without_key(shell.ledger)
    path = Path(shell.settings["seal.key_file"])
    words = passphrase(shell, "seal.passphrase_file", "the key that seals")
    signer = open_seal_key(shell.ledger, path, words)
    made = seal_all(shell.ledger, shell.author, signer, dry_run=dry_run)
    if made and not dry_run:
        shell.recorded = "sitrack audit verify"
    if shell.form == "json":
        rows = [_row(each) for each in made]
        whole = {"schema": "sitrack.sealed/1", "as_of": today_of(shell.ledger)}
        click.echo(dumped(whole | {"dry_run": dry_run, "rows": rows}))
        return
    for line in _lines(made, dry_run=dry_run):
        click.echo(pasteable(line))


def _row(done: Any) -> dict[str, Any]:
    from sitrack.record.notes import read_head, read_note

    return {
        "seal": done.seal.number,
        "size": done.seal.size,
        "leaves": done.leaves,
        "root": read_head(read_note(done.seal.note).text).root.hex(),
        "entry": f"office#{done.entry.seq}",
        "receipt": done.entry.hash[:16],
    }


def _lines(made: Sequence[Any], *, dry_run: bool) -> list[str]:
    if not made:
        return ["Nothing is new since the last seal."]
    told = []
    for done in made:
        new = counted(done.leaves, "new leaf", "new leaves")
        verb = "would seal" if dry_run else "sealed"
        told.append(f"{verb} {new} as seal {done.seal.number}, {done.seal.size} in all")
        if not dry_run:
            told.append(f"recorded {receipt(done.entry, 'office')}")
    if dry_run:
        return [*told, NOT_KEPT]
    told.append("What counts is a head that somebody else keeps, on another machine.")
    return [*told, "Next: sitrack audit witness --key KEYS"]
