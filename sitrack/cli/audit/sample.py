"""`sitrack audit sample`: a random set of episodes to review."""

from __future__ import annotations

import click

from sitrack.cli.audit.span import read_span, spanned
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, table
from sitrack.cli.shell import Shell, reads
from sitrack.pathway.stages import title_of

_COLUMNS = ("episode", "stage", "status", "since", "entries")


@click.command(context_settings=CONTEXT)
@click.argument("size", type=click.IntRange(1, 10_000))
@click.option(
    "--seed", type=click.IntRange(0), help="Draw the same again; without it, anew."
)
@spanned
@reads
def sample(
    shell: Shell, size: int, seed: int | None, since: str | None, until: str | None
) -> None:
    """Draw episodes to review, at random, so that anybody can draw them again.

    The seed and the keys alone decide: not the machine, nor the database, nor who asks.

    \b
      sitrack audit sample 20 --since 2025-01-01 --until 2025-03-31
      sitrack audit sample 20 --seed 20250401
    """
    from sitrack.coordination import auditing
    from sitrack.coordination.questions import today_of

    drawn = auditing.draw(shell.ledger, size, seed, read_span(shell, since, until))
    cells = [
        (
            row["episode"],
            title_of(row["stage"]),
            row["status"],
            str(row["since"]),
            str(row["entries"]),
        )
        for row in drawn.rows
    ]
    heads = ("EPISODE", "STAGE", "STATUS", "SINCE", "ENTRIES")
    view = View(
        schema="sitrack.sample/1",
        as_of=today_of(shell.ledger),
        columns=_COLUMNS,
        rows=list(drawn.rows),
        screen=lambda _width: [
            *(table(heads, cells, (11, 18, 9, 10, 7)) if cells else ["Nobody."]),
            f"{len(drawn.rows)} of {drawn.out_of}, drawn with --seed {drawn.seed}",
        ],
        extra={"seed": drawn.seed, "out_of": drawn.out_of},
    )
    shell.show(view)
