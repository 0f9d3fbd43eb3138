"""`sitrack audit witness`: remember, elsewhere, how far the log had come."""

from __future__ import annotations

from pathlib import Path

import click

from sitrack.cli.audit.held import trusted_keys
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View
from sitrack.cli.passphrase import passphrase
from sitrack.cli.shell import Shell, reads


@click.command(context_settings=CONTEXT)
@click.option(
    "--key",
    "keys",
    metavar="KEYS",
    multiple=True,
    required=True,
    help="A public key, or a file of them, that was handed over.",
)
@reads
def witness(shell: Shell, keys: tuple[str, ...]) -> None:
    """Check that the log extends what was seen before; co-sign it and keep it.

    \b
      sitrack audit key make --witness osei     once, on another machine
      sitrack audit witness --key clinic.keys   every week, there

    What is kept goes into `sitrack audit verify --witness FILE`.
    """
    from sitrack.coordination.questions import today_of
    from sitrack.coordination.sealing import bear_witness, open_witness

    trusted = trusted_keys(keys)
    folder = Path(shell.settings["witness.folder"])
    signer = open_witness(
        folder,
        lambda: passphrase(shell, "witness.passphrase_file", "the witness"),
    )
    done = bear_witness(shell.ledger, trusted, folder, signer)
    before = done.before.size if done.before else None
    row = {
        "size": done.head.size,
        "before": before,
        "root": done.head.root.hex(),
        "file": str(done.path),
    }
    extends = (
        "seen for the first time" if before is None else f"extends the {before} of then"
    )
    view = View(
        schema="sitrack.witnessed/1",
        as_of=today_of(shell.ledger),
        columns=("size", "before", "root", "file"),
        rows=[row],
        screen=lambda _width: [
            f"{done.head.size} leaves, {extends}; co-signed",
            f"kept in {done.path}",
        ],
    )
    shell.show(view)
