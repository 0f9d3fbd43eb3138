"""`sitrack db backup`, `restore` and `rebuild`: keeping the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import counted, dumped, progress
from sitrack.cli.shell import Shell, account_name, plain, writes
from sitrack.errors import BadInput


@click.command(context_settings=CONTEXT)
@click.option("--out", metavar="FILE", help="Where to; it must not be there yet.")
@writes
def backup(shell: Shell, out: str | None, dry_run: bool) -> None:
    """Copy the whole record into one file, while others go on working, and verify it.

    It holds everything, names among it: keep it as you keep the record.

    \b
      sitrack db backup
      sitrack db backup --out /mnt/safe/monday.db
    """
    from sitrack.coordination.keeping import back_up
    from sitrack.coordination.questions import size_of, today_of
    from sitrack.exchange.files import refuse_place

    if dry_run:
        raise BadInput("a backup is made or not: there is nothing to try out")
    path = Path(out or f"sitrack-backup-{today_of(shell.ledger)}.db").absolute()
    refuse_place(path)
    with progress("copying", size_of(shell.ledger)) as tell:
        entry, done = back_up(shell.ledger, shell.author, f"sqlite:///{path}", tell)
    shell.recorded = "sitrack audit trail --kind exports"
    _tell(shell, "backed-up", entry.recorded, path, done)


@click.command(context_settings=CONTEXT)
@click.argument("file", metavar="FILE|FOLDER")
@plain
def restore(shell: Shell, file: str) -> None:
    """Bring the record back from a backup, or from a folder of `export entries`.

    To a place that holds none; checked before and after.

    \b
      sitrack db restore monday.db -d sqlite:////home/clinic/sitrack.db
      sitrack db restore march -d postgresql://localhost/sitrack
    """
    import functools

    from sitrack.coordination import keeping
    from sitrack.exchange import whole
    from sitrack.record.connection import check_file

    path = Path(file).absolute()
    if not path.exists():
        raise BadInput(
            f"there is no backup at {path}",
            "give a file of `db backup`, or a folder of `export entries`",
        )
    url = shell.settings["database_url"]
    with progress("restoring", 1) as tell:
        if path.is_dir():
            act = functools.partial(whole.bring_back, path, url, tell)
        else:
            check_file(path, write=False)
            source = f"sqlite:///{path}"
            act = functools.partial(keeping.from_copy, source, url, tell)
        entry, done = keeping.restore(act, url, account_name(), shell.now)
    shell.recorded = "sitrack db status"
    _tell(shell, "restored", entry.recorded, path, done)


@click.command(context_settings=CONTEXT)
@writes
def rebuild(shell: Shell, dry_run: bool) -> None:
    """Derive anew from the entries where everybody stands, and what is due.

    \b
      sitrack db rebuild --dry-run
      sitrack db rebuild
    """
    from sitrack.coordination.keeping import rebuild as mend
    from sitrack.coordination.questions import today_of

    changed = mend(shell.ledger, shell.author, dry_run=dry_run)
    if changed and not dry_run:
        shell.recorded = "sitrack audit verify"
    if shell.form == "json":
        head = {"schema": "sitrack.rebuilt/1", "as_of": today_of(shell.ledger)}
        rows = [{"episode": each} for each in changed]
        click.echo(dumped({**head, "dry_run": dry_run, "rows": rows}))
        return
    for key in changed:
        click.echo(key)
    what = counted(len(changed), "episode", "episodes")
    verb = "would be derived anew" if dry_run else "derived anew"
    click.echo(f"{what} {verb}" if changed else "every copy follows from the entries")


def _tell(shell: Shell, what: str, at: Any, path: Path, done: Any) -> None:
    if shell.form == "json":
        head = {"schema": f"sitrack.{what}/1", "as_of": at, "path": str(path)}
        told = {"entries": done.entries, "streams": done.streams, "heads": done.heads}
        click.echo(dumped({**head, **told}))
        return
    verb = {"backed-up": "backed up to", "restored": "restored from"}[what]
    entries = counted(done.entries, "entry", "entries")
    streams = counted(done.streams, "stream", "streams")
    click.echo(f"{verb} {path}: {entries} in {streams}, verified")
    click.echo(f"heads {done.heads}")
