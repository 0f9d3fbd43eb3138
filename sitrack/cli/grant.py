"""`sitrack db grant`: a login for each member of staff, on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import dumped, table
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, writes

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.journey.entries import Entry
    from sitrack.record.grants import Granted


@click.command(context_settings=CONTEXT)
@writes
def grant(shell: Shell, dry_run: bool) -> None:
    """Give each member of staff a login of their own, with the rights of their role.

    On PostgreSQL, connected as the database's owner. Type it again after each change
    of the staff list. How somebody proves who they are is the server's own business.

    \b
      sitrack db grant -d postgresql://localhost/sitrack --as okafor
    """
    from sitrack.coordination.granting import grant_logins
    from sitrack.coordination.questions import today_of

    done, entry = grant_logins(shell.ledger, shell.author, dry_run=dry_run)
    if entry is not None and not dry_run:
        shell.recorded = "sitrack staff list"
    if shell.form == "json":
        at = entry.recorded if entry else today_of(shell.ledger)
        head = {"schema": "sitrack.granted/1", "as_of": at, "owner": done.owner}
        rows = [
            {"staff": name, "role": role, "new": name in done.new}
            for name, role in done.logins
        ]
        more = {"ended": done.ended, "dry_run": dry_run, "rows": rows}
        click.echo(dumped({**head, **more}))
        return
    for line in _lines(done):
        click.echo(line)
    _tell(entry, dry_run=dry_run)


def _lines(done: Granted) -> list[str]:
    cells = [
        (name, role, "new" if name in done.new else "as before")
        for name, role in done.logins
    ] + [(name, "none any more", "ended") for name in done.ended]
    lines = table(("LOGIN", "RIGHTS OF", ""), cells, (20, 14, 10))
    return [*lines, f"everything belongs to {done.owner}, who cannot log in"]


def _tell(entry: Entry | None, *, dry_run: bool) -> None:
    if dry_run:
        click.echo("nothing was changed: it was only tried")
    elif entry is None:
        click.echo("nobody may do more or less than before")
    else:
        click.echo(f"recorded {receipt(entry, 'office')}")
