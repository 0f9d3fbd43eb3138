"""`sitrack team`: people who share a queue."""

from __future__ import annotations

from typing import Any

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import NOT_KEPT, View, table
from sitrack.cli.shell import Shell, read_text, reads, writes
from sitrack.cli.telling import Told, tell_entry


@click.group(cls=Group, context_settings=CONTEXT)
def team() -> None:
    """Teams: their members, a lead, and a queue of episodes.

    \b
      sitrack team add spine --lead rivera --join okafor
      sitrack episode assign P01428-R --to spine
      sitrack worklist --all team:spine owner:none
    """


_ADDRESS = click.option(
    "--email-from", metavar="FILE", help="A file (or -) with the team's address."
)
_JOIN = click.option("--join", metavar="WHO", multiple=True, help="A new member.")


@team.command(context_settings=CONTEXT)
@click.argument("team_name", metavar="TEAM")
@click.option("--lead", metavar="WHO", help="Who hears of escalations; a member.")
@_JOIN
@_ADDRESS
@writes
def add(
    shell: Shell,
    team_name: str,
    lead: str | None,
    join: tuple[str, ...],
    email_from: str | None,
    dry_run: bool,
) -> None:
    """Make a team.

    Of what waits in its queue, reminders go to its address, and escalations to its
    lead; where it has none, to the clinic's.

    \b
      sitrack team add spine --lead rivera --join okafor
      echo spine@clinic.example | sitrack team add spine --email-from -
    """
    from sitrack.coordination.teams import TeamChange, add_team

    change = TeamChange(lead, join, (), read_text(email_from))
    made = add_team(shell.ledger, shell.author, team_name, change, dry_run=dry_run)
    _tell(shell, *made, dry_run=dry_run)


@team.command(context_settings=CONTEXT)
@click.argument("team_name", metavar="TEAM")
@click.option("--lead", metavar="WHO", help="Who leads it from now on.")
@_JOIN
@click.option("--leave", metavar="WHO", multiple=True, help="No member any more.")
@_ADDRESS
@writes
def edit(
    shell: Shell,
    team_name: str,
    lead: str | None,
    join: tuple[str, ...],
    leave: tuple[str, ...],
    email_from: str | None,
    dry_run: bool,
) -> None:
    """Let people join or leave a team, or give it another lead or address.

    \b
      sitrack team edit spine --join osei --leave okafor
    """
    from sitrack.coordination.teams import TeamChange, change_team

    change = TeamChange(lead, join, leave, read_text(email_from))
    made = change_team(shell.ledger, shell.author, team_name, change, dry_run=dry_run)
    _tell(shell, *made, dry_run=dry_run)


def _tell(shell: Shell, made: Any, entry: Any, *, dry_run: bool) -> None:
    said = f"{made.id}: {', '.join(sorted(made.members)) or 'no members yet'}"
    told = Told(
        said,
        f"{said}\n{NOT_KEPT}",
        "sitrack.team/1",
        _row(made),
        look="sitrack team list",
        then=f"sitrack episode assign EPISODE --to {made.id}",
    )
    tell_entry(shell, entry, told, dry_run=dry_run)


def _row(team: Any) -> dict[str, Any]:
    return {
        "team": team.id,
        "lead": team.lead,
        "members": sorted(team.members),
        "email": bool(team.address),
    }


@team.command("list", context_settings=CONTEXT)
@reads
def list_(shell: Shell) -> None:
    """List the teams.

    \b
      sitrack team list
    """
    from sitrack.coordination.teams import all_teams

    today, teams = all_teams(shell.ledger)
    cells = [
        (
            each.id,
            each.lead or "none",
            "yes" if each.address else "none",
            " ".join(sorted(each.members)),
        )
        for each in teams
    ]
    heads = ("TEAM", "LEAD", "ADDRESS", "MEMBERS")
    view = View(
        schema="sitrack.teams/1",
        as_of=today,
        columns=("team", "lead", "members", "email"),
        rows=[_row(each) for each in teams],
        screen=lambda width: (
            table(heads, cells, (16, 16, 7, max(20, width - 45)))
            if cells
            else ["No team yet.", "Next: sitrack team add NAME --lead WHO"]
        ),
    )
    shell.show(view, pager=False)
