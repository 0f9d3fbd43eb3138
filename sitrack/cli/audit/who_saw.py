"""`sitrack audit who-saw`: everybody who saw a patient or an episode."""

from __future__ import annotations

import click

from sitrack.cli.audit.span import read_span, spanned
from sitrack.cli.audit.trail import entry_named, written_at
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, counted, table
from sitrack.cli.shell import Shell, reads
from sitrack.legible import shown

_COLUMNS = (
    "recorded",
    "who",
    "how",
    "command",
    "scope",
    "form",
    "outcome",
    "break_glass",
    "account",
    "logged",
)


@click.command("who-saw", context_settings=CONTEXT)
@click.argument("key")
@spanned
@reads
def who_saw(shell: Shell, key: str, since: str | None, until: str | None) -> None:
    """Show each time that somebody read of a patient or an episode, or wrote on it.

    \b
      sitrack audit who-saw P01428
      sitrack audit who-saw P01428-R --since -90d
    """
    from sitrack.coordination import auditing
    from sitrack.coordination.questions import today_of

    about, found = auditing.who_saw(shell.ledger, key, read_span(shell, since, until))
    rows = [{**row, "logged": entry_named(row)} for row in found]
    cells = [
        (
            written_at(shell, row["recorded"]),
            shown(row["who"]),
            row["how"],
            shown(row["command"] or ""),
            row["break_glass"] or row["form"] or "",
        )
        for row in rows
    ]
    heads = ("WHEN", "WHO", "HOW", "WHAT", "AS")
    people = len({row["who"] for row in rows})
    view = View(
        schema="sitrack.who-saw/1",
        as_of=today_of(shell.ledger),
        columns=_COLUMNS,
        rows=rows,
        screen=lambda _width: [
            *(table(heads, cells, (16, 18, 5, 20, 13)) if cells else ["Nobody."]),
            (
                f"{counted(len(rows), 'time', 'times')}, "
                f"by {counted(people, 'person', 'people')}"
            ),
        ],
        extra={("episode" if "-" in about else "patient"): about},
    )
    shell.show(view)
