"""`sitrack staff`: who works with the record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, table
from sitrack.cli.shell import Shell, read_text, reads, writes
from sitrack.cli.telling import Told, tell_entry
from sitrack.record.roles import ROLES

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.record.staff import Staff

_LOOK = "sitrack staff list"


@click.group(cls=Group, context_settings=CONTEXT)
def staff() -> None:
    """Keep the staff list.

    \b
      sitrack staff add rivera --role coordinator
      sitrack staff list
    """


@staff.command(context_settings=CONTEXT)
@click.argument("staff_id", metavar="ID")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What they do.")
@click.option("--email-from", metavar="FILE", help="A file (or -) with their address.")
@click.option("--zone", metavar="ZONE", help="Their time zone, if not the clinic's.")
@click.option("--no-input", is_flag=True, help="Never ask anything.")
@writes
def add(
    shell: Shell,
    staff_id: str,
    role: str,
    email_from: str | None,
    zone: str | None,
    no_input: bool,
    dry_run: bool,
) -> None:
    """Put one person on the staff list.

    \b
      sitrack staff add rivera --role coordinator
      echo rivera@clinic.example | \\
        sitrack staff add rivera --role coordinator --email-from -
    """
    from sitrack.coordination import people
    from sitrack.record.staff import Staff

    address = read_text(email_from)
    if email_from is None and not no_input and sys.stdin.isatty():
        question = "E-mail address for reminders (Enter for none)"
        address = (
            click.prompt(question, default="", show_default=False, err=True) or None
        )
    member = Staff(staff_id, role, address, zone)
    added, entry = people.add_staff(shell.ledger, shell.author, member, dry_run=dry_run)
    first = entry.provenance.recorder == added.id
    told = Told(
        f"{added.id}, {added.role}, is on the staff list",
        f"would add {added.id}, {added.role}",
        "sitrack.staff-added/1",
        {"staff": added.id, "role": added.role},
        look=_LOOK,
        then=f"export SITRACK_AS={added.id}, and leave out --as" if first else None,
    )
    tell_entry(shell, entry, told, dry_run=dry_run)


@staff.command(context_settings=CONTEXT)
@click.argument("staff_id", metavar="ID")
@click.argument("role_name", metavar="ROLE", type=click.Choice(ROLES))
@writes
def role(shell: Shell, staff_id: str, role_name: str, dry_run: bool) -> None:
    """Give somebody another role; an admin's is changed by another admin.

    \b
      sitrack staff role okafor admin
    """
    from sitrack.coordination.people import change_role

    changed, entry = change_role(
        shell.ledger, shell.author, staff_id, role_name, dry_run=dry_run
    )
    was = (entry.payload or {})["was"]
    told = Told(
        f"{changed.id}, {was} until now, is {changed.role}",
        f"would make {changed.id}, {was}, {changed.role}",
        "sitrack.role-changed/1",
        {"staff": changed.id, "role": changed.role, "was": was},
        look=_LOOK,
    )
    tell_entry(shell, entry, told, dry_run=dry_run)


@staff.command(context_settings=CONTEXT)
@click.argument("staff_id", metavar="ID")
@writes
def retire(shell: Shell, staff_id: str, dry_run: bool) -> None:
    """End somebody's work with the record; what they wrote keeps their name.

    An admin's is ended by another admin. On PostgreSQL their login ends with the next
    `sitrack db grant`; until then it may already do nothing.

    \b
      sitrack staff retire rivera
    """
    from sitrack.coordination.people import retire_staff

    gone, entry = retire_staff(shell.ledger, shell.author, staff_id, dry_run=dry_run)
    ends = "sitrack db grant, which ends their login"
    left = "sitrack worklist owner:none"
    told = Told(
        f"{gone.id}, {gone.role} until now, is retired",
        f"would retire {gone.id}, {gone.role}",
        "sitrack.staff-retired/1",
        {"staff": gone.id},
        look=_LOOK,
        then=ends if shell.ledger.on_postgres else left,
    )
    tell_entry(shell, entry, told, dry_run=dry_run)


@staff.command("list", context_settings=CONTEXT)
@reads
def list_staff(shell: Shell) -> None:
    """Show the staff list.

    \b
      sitrack staff list
    """
    from sitrack.coordination.questions import today_of, whole_staff

    people = whole_staff(shell.ledger)
    columns = ("staff", "role", "email", "retired")
    rows = [
        {"staff": p.id, "role": p.role, "email": bool(p.email), "retired": p.retired}
        for p in people
    ]
    cells = [(p.id, p.role, _address(p)) for p in people]
    view = View(
        schema="sitrack.staff/1",
        as_of=today_of(shell.ledger),
        columns=columns,
        rows=rows,
        screen=lambda _width: (
            table(("STAFF", "ROLE", "ADDRESS"), cells, (20, 12, 18))
            if cells
            else ["Nobody yet.", "Next: sitrack staff add ID --role coordinator"]
        ),
    )
    shell.show(view, pager=False)


def _address(person: Staff) -> str:
    """Whether they can be written to; of somebody who left, since when."""
    if person.retired is not None:
        return f"retired {person.retired}"
    return "yes" if person.email else "none"
