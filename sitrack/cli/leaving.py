"""`sitrack patient export` and `erase`: what a person may ask of those who keep a record."""

from __future__ import annotations

import hashlib
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import counted, dumped
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, writes
from sitrack.journey.entries import Entry
from sitrack.journey.reasons import FOR_ERASING


@click.command(context_settings=CONTEXT)
@click.argument("key")
@click.option("--out", metavar="FILE", help="Where to; it must not be there yet.")
@writes
def export(shell: Shell, key: str, out: str | None, dry_run: bool) -> None:
    """Write everything that is on record of a patient into one file, for the patient.

    It names the patient. That it was made is written down first.

    \b
      sitrack patient export P01428
    """
    from sitrack.coordination.exports import note_export
    from sitrack.exchange.files import new_file
    from sitrack.exchange.person import document
    from sitrack.journey.patient import patient_stream, read_patient_key
    from sitrack.record.ledger import reading
    from sitrack.record.registry import patient

    name = read_patient_key(key)
    with reading(shell.ledger) as connection:
        name = patient(connection, name).key
        content = document(connection, name)
    path = out or f"{name}.json"
    said = {
        "what": "person",
        "named": True,
        "digest": hashlib.sha256(content).hexdigest(),
    }
    stream = patient_stream(name)
    if dry_run:
        entry = note_export(
            shell.ledger, shell.author, said, stream=stream, dry_run=True
        )
    else:
        with new_file(path) as file:
            file.write(content)
            entry = note_export(shell.ledger, shell.author, said, stream=stream)
            shell.recorded = f"sitrack audit trail {name}"
    _tell_left(shell, entry, name, said, path, dry_run=dry_run)


def _tell_left(
    shell: Shell,
    entry: Entry,
    name: str,
    said: dict[str, Any],
    path: str,
    *,
    dry_run: bool,
) -> None:
    if shell.form == "json":
        head = {"schema": "sitrack.person-left/1", "as_of": entry.recorded}
        told = {
            "path": None if dry_run else path,
            "dry_run": dry_run,
            "receipt": None if dry_run else receipt(entry, name),
        }
        click.echo(dumped({**head, "patient": name, **said, **told}))
    elif dry_run:
        click.echo(f"would export all that is on record of {name}")
    else:
        click.echo(f"exported all that is on record of {name} to {path}")
        click.echo(f"recorded {receipt(entry, name)}")


@click.command(context_settings=CONTEXT)
@click.argument("key")
@click.option(
    "--legal-basis", "basis", type=click.Choice(FOR_ERASING), required=True, help="Why."
)
@writes
def erase(shell: Shell, key: str, basis: str, dry_run: bool) -> None:
    """Erase what was written of a patient, by law; it takes two people.

    The first who types it asks for it, the second, another one, does it. Names and
    contents go for good, also from the file; that there were entries, and when, stays,
    so that the record still proves itself. Copies made before keep what they hold.

    \b
      sitrack patient erase P01428 --legal-basis retention-over
    """
    from sitrack.coordination.erasing import erase as act

    years = shell.settings["record.retention_years"]
    done = act(shell.ledger, shell.author, key, basis, years, dry_run=dry_run)
    if not dry_run:
        shell.recorded = f"sitrack audit trail {done.key}"
    if shell.form == "json":
        head = {"schema": "sitrack.erased/1", "as_of": done.entry.recorded}
        told = {
            "patient": done.key,
            "basis": basis,
            "asked_by": done.asked_by,
            "erased": done.gone,
            "dry_run": dry_run,
            "receipt": None if dry_run else receipt(done.entry, done.key),
        }
        click.echo(dumped({**head, **told}))
        return
    verb = "would be " if dry_run else ""
    if done.gone is None:
        click.echo(f"{done.key}: erasure {verb}asked for by {done.asked_by}")
        if not dry_run and not shell.quiet:
            click.echo("Next: within 30 days, another admin types the same")
    else:
        what = counted(done.gone, "content", "contents")
        click.echo(f"{done.key}: {what} and the name {verb}erased")
    if not dry_run:
        click.echo(f"recorded {receipt(done.entry, done.key)}")
