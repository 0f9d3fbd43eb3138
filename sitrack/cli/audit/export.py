"""`sitrack audit export`: entries in a folder that proves itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import counted, dumped
from sitrack.cli.shell import Shell, writes
from sitrack.errors import BadInput

_FORMS = ("ndjson", "csv", "html")


@click.command(context_settings=CONTEXT)
@click.argument("keys", nargs=-1, metavar="[KEY...]")
@click.option("--out", metavar="FOLDER", help="Where to; it must not be there yet.")
@click.option("--contents", is_flag=True, help="Also what was written.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMS),
    default="ndjson",
    help="For people, too: a table, or a page.",
)
@writes
def export(
    shell: Shell,
    keys: tuple[str, ...],
    out: str | None,
    contents: bool,
    kind: str,
    dry_run: bool,
) -> None:
    """Write entries with hashes, seals, keys, and the verifier that needs no sitrack.

    All of them, or those of patients and episodes, with proofs that they belong to the
    sealed log. Headers alone, unless --contents.

    \b
      sitrack audit export --out march
      sitrack audit export P01428-R --contents --format html
    """
    from sitrack.coordination.exports import note_export
    from sitrack.coordination.questions import today_of
    from sitrack.exchange.auditors import folder_for_auditors
    from sitrack.exchange.files import refuse_place

    if dry_run:
        raise BadInput("an export is made or not: there is nothing to try out")
    path = Path(out or f"sitrack-audit-{today_of(shell.ledger)}")
    refuse_place(path)
    said = {"what": "audit-export", "named": True, "contents": contents}
    entry = note_export(shell.ledger, shell.author, said)
    shell.recorded = "sitrack audit trail --kind exports"
    manifest = folder_for_auditors(shell.ledger, path, keys, kind, contents=contents)
    tell_folder(shell, entry, path, manifest)


def tell_folder(shell: Shell, entry: Any, path: Path, manifest: Any) -> None:
    """Say what a folder of entries holds."""
    if shell.form == "json":
        head = {"schema": "sitrack.folder/1", "as_of": entry.recorded}
        names = ("whole", "contents", "streams", "entries", "deliveries", "seals")
        told = {name: getattr(manifest, name) for name in names}
        click.echo(dumped({**head, "path": str(path), **told}))
        return
    what = counted(manifest.entries, "entry", "entries")
    streams = counted(manifest.streams, "stream", "streams")
    click.echo(f"exported {what} of {streams} to {path}")
    click.echo(f"verify it there: python {path}/verify.py {path}")
