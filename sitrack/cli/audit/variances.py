"""`sitrack audit variances`: every move that left the protocol's way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from sitrack.cli.audit.span import read_span, spanned
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, counted
from sitrack.cli.shell import Shell, reads
from sitrack.legible import shown

_COLUMNS = (
    "entry",
    "recorded",
    "happened",
    "stage_from",
    "stage_to",
    "code",
    "clinician",
    "recorder",
    "lifted",
    "retracted",
)


@click.command(context_settings=CONTEXT)
@spanned
@reads
def variances(shell: Shell, since: str | None, until: str | None) -> None:
    """Show the moves that were made by a variance: what was lifted, and who decided.

    \b
      sitrack audit variances --since -90d
    """
    from sitrack.coordination.auditing import all_variances
    from sitrack.coordination.questions import today_of

    found = all_variances(shell.ledger, read_span(shell, since, until))
    view = View(
        schema="sitrack.variances/1",
        as_of=today_of(shell.ledger),
        columns=_COLUMNS,
        rows=list(found),
        screen=lambda width: [
            *(line for row in found for line in _lines(row, width)),
            counted(len(found), "variance", "variances"),
        ],
    )
    shell.show(view)


def _lines(row: dict[str, Any], width: int) -> Iterator[str]:
    gone = ", taken back" if row["retracted"] else ""
    yield (
        f"{row['entry']}  {row['happened']}  {row['stage_from']} → {row['stage_to']}"
        f"{gone}"
    )[:width]
    yield f"    {row['code']}, decided by {shown(row['clinician'])}"[:width]
    yield f"    lifted: {', '.join(row['lifted']) or 'nothing'}"[:width]
