"""`sitrack audit key`: the keys that seal the record, and those of witnesses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import NOT_KEPT, View, dumped, pasteable, table
from sitrack.cli.passphrase import passphrase
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, reads, writes
from sitrack.errors import BadInput, Unavailable

_SEALS = "the key that seals"


@click.group(cls=Group, context_settings=CONTEXT)
def key() -> None:
    """Make, rotate and show the keys that seal the record.

    \b
      sitrack audit key make
      sitrack audit key show --out clinic.keys

    A private key is a file of its own, encrypted by a passphrase. Keep it away from
    the database; hand the public one to auditors by another way than the database.
    """


@key.command(context_settings=CONTEXT)
@click.option(
    "--out", metavar="FILE", help="The file to make; else as in the settings."
)
@click.option("--lost", is_flag=True, help="The key before it cannot sign any more.")
@click.option("--witness", metavar="NAME", help="A witness's key, on its own machine.")
@writes
def make(
    shell: Shell, out: str | None, lost: bool, witness: str | None, dry_run: bool
) -> None:
    """Make the key that seals this record, and write its public half down.

    \b
      sitrack audit key make
      sitrack audit key make --witness osei     (on the auditor's laptop)
    """
    if witness is not None:
        _make_witness(shell, witness, out=out, lost=lost, dry_run=dry_run)
        return
    from sitrack.coordination.sealing import make_key

    path = Path(out or shell.settings["seal.key_file"])
    words = passphrase(shell, "seal.passphrase_file", _SEALS, new=True)
    made = make_key(shell.ledger, shell.author, path, words, lost=lost, dry_run=dry_run)
    _tell(shell, made, dry_run=dry_run)


def _make_witness(
    shell: Shell, name: str, *, out: str | None, lost: bool, dry_run: bool
) -> None:
    from sitrack.coordination.sealing import make_witness
    from sitrack.record.notes import NotANote, check_name

    if out or lost or dry_run:
        raise BadInput(
            "a witness's key goes into the folder of the settings",
            "set witness.folder, and give --witness NAME alone",
        )
    try:
        check_name(name)
    except NotANote as error:
        raise BadInput(str(error)) from None
    folder = Path(shell.settings["witness.folder"])
    words = passphrase(shell, "witness.passphrase_file", "the witness", new=True)
    public = make_witness(folder, name, words)
    shell.recorded = "sitrack audit witness --key KEYS"
    if shell.form == "json":
        from sitrack.clock import machine_clock

        told = {"schema": "sitrack.witness-made/1", "as_of": machine_clock()}
        click.echo(dumped(told | {"key": str(public), "folder": str(folder)}))
        return
    click.echo(f"made key {public.key_id.hex()} of {name} in {folder}")
    if not shell.quiet:
        click.echo("Next: sitrack audit witness --key KEYS")


@key.command(context_settings=CONTEXT)
@click.option("--out", metavar="FILE", required=True, help="The file to make.")
@writes
def rotate(shell: Shell, out: str, dry_run: bool) -> None:
    """Make a new key, and let the old one sign that it follows.

    \b
      sitrack audit key rotate --out /etc/sitrack/seal-2027.pem

    The old key is that of the settings; afterwards let the settings name the new one.
    """
    from sitrack.coordination.sealing import (
        open_seal_key,
        refuse_without_key,
        rotate_key,
    )

    refuse_without_key(shell.ledger)
    path = Path(shell.settings["seal.key_file"])
    words = passphrase(shell, "seal.passphrase_file", _SEALS)
    old = open_seal_key(shell.ledger, path, words)
    words = passphrase(shell, "seal.passphrase_file", "the new key", new=True)
    made = rotate_key(
        shell.ledger, shell.author, old, Path(out), words, dry_run=dry_run
    )
    _tell(shell, made, dry_run=dry_run)


def _tell(shell: Shell, made: Any, *, dry_run: bool) -> None:
    if not dry_run:
        shell.recorded = "sitrack audit key show"
    if shell.form == "json":
        told: dict[str, Any] = {
            "schema": "sitrack.key-made/1",
            "as_of": made.entry.recorded,
            "key": str(made.trusted.key),
            "after": made.trusted.after,
            "entry": f"office#{made.entry.seq}",
            "receipt": None if dry_run else made.entry.hash[:16],
            "dry_run": dry_run,
        }
        click.echo(dumped(told))
        return
    if dry_run:
        click.echo(f"would make a key in {made.path}")
        click.echo(NOT_KEPT)
        return
    name = made.trusted.key.key_id.hex()
    click.echo(f"made key {name} in {made.path}")
    click.echo(f"it signs heads of more than {made.trusted.after} leaves")
    click.echo(f"recorded {receipt(made.entry, 'office')}")
    if not shell.quiet:
        click.echo(pasteable("Next: sitrack audit key show --out KEYS"))
        click.echo("      and hand that file to your auditors, not by the database")


@key.command(context_settings=CONTEXT)
@click.option("--out", metavar="FILE", help="Write them for auditors into a new file.")
@reads
def show(shell: Shell, out: str | None) -> None:
    """Show the keys that the record says it was sealed by.

    \b
      sitrack audit key show
      sitrack audit key show --out clinic.keys

    An auditor compares them with what was handed over by another way.
    """
    from sitrack.coordination.questions import today_of
    from sitrack.coordination.sealing import known_keys, refuse_without_key

    if out is not None:
        refuse_without_key(shell.ledger)
    known = known_keys(shell.ledger)
    if out is not None:
        _write_new(Path(out), "".join(f"{each.trusted.line}\n" for each in known))
    rows = [
        {
            "key": str(each.trusted.key),
            "after": each.trusted.after,
            "until": each.trusted.until,
            "since": each.since,
            "signed_by_old": bool(each.rotation and each.rotation.holds),
        }
        for each in known
    ]
    cells = [_cells(each.trusted, each.since) for each in known]
    view = View(
        schema="sitrack.keys/1",
        as_of=today_of(shell.ledger),
        columns=("key", "after", "until", "since", "signed_by_old"),
        rows=rows,
        screen=lambda _width: (
            table(("KEY", "SIGNS FROM", "UNTIL", "SINCE"), cells, (8, 10, 10, 17))
            if cells
            else ["No key yet.", "Next: sitrack audit key make"]
        ),
    )
    shell.show(view)


def _cells(trusted: Any, since: Any) -> tuple[str, str, str, str]:
    until = "now" if trusted.until is None else str(trusted.until)
    written = f"{since:%Y-%m-%d %H:%M}Z"
    return trusted.key.key_id.hex(), str(trusted.after + 1), until, written


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Unavailable(f"there is a file already at {path}") from None
    except OSError as error:
        raise Unavailable(f"cannot make {path}: {error.strerror}") from None
