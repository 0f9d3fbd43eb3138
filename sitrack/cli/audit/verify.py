"""`sitrack audit verify`: does the record prove itself?"""

from __future__ import annotations

from collections.abc import Mapping

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, counted, progress, show_view
from sitrack.cli.shell import Shell, reads_keys
from sitrack.errors import VerificationFailed


@click.command(context_settings=CONTEXT)
@reads_keys
def verify(shell: Shell) -> None:
    """Check every chain, every payload, every move again, and where everybody stands.

    \b
      sitrack audit verify
      sitrack audit verify --json
    Leaves with 13 if anything does not hold. It shows keys, never names.
    """
    from sitrack.coordination.questions import size_of, today_of, whole_record

    with progress("verifying", size_of(shell.ledger)) as tell:
        report = whole_record(shell.ledger, tell)
    columns = ("code", "stream", "entry", "seen")
    rows = [
        {
            "code": fault.code,
            "stream": fault.stream,
            "entry": fault.seq,
            "seen": fault.seen,
        }
        for fault in report.faults
    ]
    summary = (
        f"{counted(report.entries, 'entry', 'entries')} in "
        f"{counted(report.streams, 'stream', 'streams')}, "
        f"{counted(report.episodes, 'episode', 'episodes')} replayed"
    )
    view = View(
        schema="sitrack.verify/1",
        as_of=today_of(shell.ledger),
        columns=columns,
        rows=rows,
        screen=lambda _width: [
            summary,
            *(_line(row) for row in rows),
            "The record holds." if not rows else "The record does NOT hold.",
        ],
        extra={
            "entries": report.entries,
            "streams": report.streams,
            "episodes": report.episodes,
            "holds": not rows,
        },
    )
    show_view(view, shell.form)
    if rows:
        raise VerificationFailed(
            f"{counted(len(rows), 'finding', 'findings')}; what stands before the first of each stream holds",
            "keep the file as it is, and compare with a copy and with kept receipts",
        )


def _line(row: Mapping[str, object]) -> str:
    entry = f"#{row['entry']}" if row["entry"] else ""
    return f"  {row['code']:<16}{row['stream']}{entry}: {row['seen']}"
