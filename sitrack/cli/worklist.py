"""`sitrack worklist`: who needs somebody today."""

from __future__ import annotations

import click

from sitrack.cli.output import View, show_view
from sitrack.cli.shell import Shell, reads


@click.command()
@click.option("--mine", is_flag=True, help="Only the episodes I coordinate.")
@reads
def worklist(shell: Shell, mine: bool) -> None:
    """Show which episodes need somebody, by due date.

    \b
      sitrack worklist
      sitrack worklist --mine
      sitrack worklist --format csv > today.csv
    """
    from sitrack.cli.screens.worklist import lines
    from sitrack.record.worklist import who_waits

    coordinator = shell.author.name or shell.author.account if mine else None
    today, rows, hidden = who_waits(shell.ledger, coordinator, None)
    zone = shell.ledger.zone.key
    view = View(
        schema="sitrack.worklist/1",
        as_of=today,
        columns=(
            "episode",
            "initials",
            "stage",
            "due",
            "days",
            "rule",
            "title",
            "waits_for",
            "coordinator",
            "alert",
        ),
        rows=[
            {
                "episode": row.episode,
                "initials": row.initials,
                "stage": row.stage,
                "due": row.due,
                "days": (row.due - today).days if row.due else None,
                "rule": row.rule,
                "title": row.title,
                "waits_for": row.waits_for,
                "coordinator": row.coordinator,
                "more": row.more,
                "alert": row.alert,
            }
            for row in rows
        ],
        screen=lambda width: lines(today, zone, rows, hidden, width),
        extra={"hidden": {"not_due": hidden}, "synthetic": shell.ledger.synthetic},
    )
    show_view(view, shell.form, pager=shell.pager)
