"""`sitrack audit verify`: does the record prove itself?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from sitrack.cli.audit.held import held
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, counted, progress, show_view
from sitrack.cli.shell import Shell, reads_keys
from sitrack.errors import VerificationFailed

_COLUMNS = ("code", "stream", "entry", "seen", "holds_to")


@click.command(context_settings=CONTEXT)
@click.option(
    "--key",
    "keys",
    metavar="KEYS",
    multiple=True,
    help="Public keys, or a file of them.",
)
@click.option(
    "--witness",
    "witnesses",
    metavar="FILE",
    multiple=True,
    help="What a witness keeps.",
)
@click.option(
    "--receipt", "receipts", metavar="RECEIPT", multiple=True, help="Or a file of them."
)
@reads_keys
def verify(
    shell: Shell,
    keys: tuple[str, ...],
    witnesses: tuple[str, ...],
    receipts: tuple[str, ...],
) -> None:
    """Check every chain, content and seal, every move again, and where everybody stands.

    \b
      sitrack audit verify
      sitrack audit verify --key clinic.keys --witness 1f0c….note
      sitrack audit verify --receipt 'P01428-R#9 4f1c 9ab2 0d3e 77c1'

    Leaves with 13 if anything does not hold. It shows keys, never names. What keys,
    witnesses and receipts add is only as good as the way they came by: not from the
    database that is checked.
    """
    from sitrack.coordination.questions import steps_of, today_of, whole_record

    brought = held(keys, witnesses, receipts)
    with progress("verifying", steps_of(shell.ledger)) as tell:
        report = whole_record(shell.ledger, tell, brought)
    rows = [
        {
            "code": fault.code,
            "stream": fault.stream,
            "entry": fault.seq,
            "seen": fault.seen,
            "holds_to": fault.holds_to,
        }
        for fault in report.faults
    ]
    view = View(
        schema="sitrack.verify/1",
        as_of=today_of(shell.ledger),
        columns=_COLUMNS,
        rows=rows,
        screen=lambda _width: _screen(report, rows),
        extra={
            "entries": report.entries,
            "streams": report.streams,
            "episodes": report.episodes,
            "seals": report.seals,
            "leaves": report.leaves,
            "signatures_checked": report.is_signed,
            "holds": not rows,
        },
    )
    show_view(view, shell.form)
    if rows:
        raise VerificationFailed(
            f"{counted(len(rows), 'finding', 'findings')}; what stands before the first of each stream holds",
            "keep the file as it is, and compare with a copy and with kept receipts",
        )


def _screen(report: Any, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    from sitrack.record.faults import still_holding

    entries = counted(report.entries, "entry", "entries")
    streams = counted(report.streams, "stream", "streams")
    episodes = counted(report.episodes, "episode", "episodes")
    told = [f"{entries} in {streams}, {episodes} replayed", _of_the_log(report)]
    told += [_line(row) for row in rows]
    holding = still_holding(report.faults)
    told += [f"  holds           {name}: to #{seq}" for name, seq in holding.items()]
    return [*told, "The record holds." if not rows else "The record does NOT hold."]


def _of_the_log(report: Any) -> str:
    if not report.seals:
        return "never sealed"
    seals = counted(report.seals, "seal", "seals")
    checked = "signatures checked" if report.is_signed else "signatures not: no --key"
    return f"{seals} over {counted(report.leaves, 'leaf', 'leaves')}, {checked}"


def _line(row: Mapping[str, Any]) -> str:
    entry = f"#{row['entry']}" if row["entry"] else ""
    return f"  {row['code']:<16}{row['stream']}{entry}: {row['seen']}"
