"""`sitrack db`: the database itself."""

from __future__ import annotations

from typing import Any

import click

from sitrack.cli.lazy import CONTEXT, LazyGroup, Table
from sitrack.cli.output import dumped, pasteable, progress, shown_url
from sitrack.cli.shell import Shell, account_name, plain, zone_of_machine


@click.command(context_settings=CONTEXT)
@click.option("--zone", metavar="NAME", help="The clinic's zone, as Europe/London.")
@click.option("--synthetic", is_flag=True, help="For invented patients only, for ever.")
@plain
def init(shell: Shell, zone: str | None, synthetic: bool) -> None:
    """Make a new ledger.

    \b
      sitrack db init
      sitrack db init --zone Europe/London
      sitrack db init --synthetic -d sqlite:////tmp/trial.db
    """
    from sitrack.clock import read_instant, stopped_clock, zone_named
    from sitrack.record.upgrade import create

    name = zone or zone_of_machine()
    clock = None
    if shell.now is not None:
        clock = stopped_clock(read_instant(shell.now, zone_named(name)))
    url = shell.settings["database_url"]
    ledger = create(
        url, zone=name, synthetic=synthetic, recorder=account_name(), now=clock
    )
    ledger.close()
    shell.recorded = "sitrack db status"
    kind = "synthetic ledger" if synthetic else "ledger"
    click.echo(f"made a {kind} at {shown_url(ledger.url)}")
    click.echo(f"clinic's zone: {name}")
    if not shell.quiet:
        click.echo(pasteable("Next: sitrack staff add YOUR-ID --role coordinator"))


@click.command(context_settings=CONTEXT)
@click.option("--json", "in_json", is_flag=True, help="Answer in JSON.")
@plain
def status(shell: Shell, in_json: bool) -> None:
    """Say where the record is, and whether this version can use it.

    \b
      sitrack db status
    """
    from sitrack.coordination.questions import current_protocol, size_of, today_of
    from sitrack.record.ledger import SCHEMA
    from sitrack.record.upgrade import revision_of

    url = shell.settings["database_url"]
    revision = revision_of(url)
    ledger = shell.ledger
    found: dict[str, Any] = {
        "schema": "sitrack.db-status/1",
        "as_of": today_of(ledger),
        "origin": shell.settings.origins["database_url"],
        "revision": revision,
        "expected": SCHEMA,
        "database": shown_url(ledger.url),
        "ledger": ledger.ledger_id,
        "zone": ledger.zone.key,
        "synthetic": ledger.synthetic,
        "protocol": current_protocol(ledger).id,
        "entries": size_of(ledger),
    }
    if in_json:
        click.echo(dumped(found))
        return
    kind = (
        "synthetic, invented patients only" if found["synthetic"] else "real patients"
    )
    click.echo(f"database  {found['database']} (from {found['origin']})")
    click.echo(f"ledger    {found['ledger']}, {kind}")
    click.echo(f"schema    {found['revision']}, as this version expects")
    click.echo(f"zone      {found['zone']}")
    click.echo(f"protocol  {found['protocol']}")
    click.echo(f"entries   {found['entries']}")


@click.command(context_settings=CONTEXT)
@plain
def upgrade(shell: Shell) -> None:
    """Bring the database to the schema of this version.

    \b
      sitrack db upgrade
    """
    from sitrack.record import upgrade as migrations

    with progress("upgrading", 1) as tell:
        before, after = migrations.upgrade(shell.settings["database_url"])
        tell(1)
    shell.recorded = "sitrack db status"
    if before == after:
        click.echo(f"the database is at {after} already")
    else:
        click.echo(f"upgraded from {before} to {after}")
        if not shell.quiet and _has_logins(shell):
            click.echo("Next: sitrack db grant, for what is new")


def _has_logins(shell: Shell) -> bool:
    """Whether people have logins of their own, which may see nothing of a new table."""
    from sitrack.record.ledger import reading
    from sitrack.record.rights import are_set_up

    if not shell.ledger.on_postgres:
        return False
    with reading(shell.ledger) as connection:
        return are_set_up(connection, shell.ledger.ledger_id)


@click.command(context_settings=CONTEXT)
@plain
def path(shell: Shell) -> None:
    """Print where the record is, and nothing else.

    \b
      sitrack db path
    """
    from sitrack.record.connection import file_of, read_url

    url = read_url(shell.settings["database_url"])
    click.echo(str(file_of(url) or shown_url(url)))


_TABLE: Table = {
    "init": ("sitrack.cli.db:init", "Make a new ledger."),
    "status": ("sitrack.cli.db:status", "Where the record is, and whether it fits."),
    "upgrade": ("sitrack.cli.db:upgrade", "Bring it to the schema of this version."),
    "path": ("sitrack.cli.db:path", "Print where the record is."),
    "grant": ("sitrack.cli.grant:grant", "A login for each member of staff."),
    "backup": ("sitrack.cli.keeping:backup", "Copy it into one file, verified."),
    "restore": ("sitrack.cli.keeping:restore", "Bring it back from a backup."),
    "rebuild": ("sitrack.cli.keeping:rebuild", "Derive the copies from the entries."),
}

db = LazyGroup(
    "db",
    table=_TABLE,
    help="Make, look at, upgrade and keep the database.\n\n\b\n"
    "  sitrack db init\n  sitrack db status\n  sitrack db backup\n",
)
