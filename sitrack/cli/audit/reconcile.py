"""`sitrack audit reconcile`: does the server's log tell of the same reads?"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TextIO

import click

from sitrack.cli.audit.span import read_span, spanned
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, counted
from sitrack.cli.shell import Shell, reads
from sitrack.errors import BadInput, VerificationFailed

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.record.reconciling import Reconciled

_COLUMNS = ("result", "at", "stream", "seq", "by", "hash")


@click.command(context_settings=CONTEXT)
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@spanned
@reads
def reconcile(
    shell: Shell, files: tuple[str, ...], since: str | None, until: str | None
) -> None:
    """Hold the log of reads against the log of the PostgreSQL server.

    Somebody who reads and takes the transaction back leaves no entry; the line in the
    server's log stays. Leaves with 13 where the two do not agree. Without --since and
    --until it compares from the first read that the log tells of to the last.

    \b
      sitrack audit reconcile /var/log/postgresql/main.log
      sitrack audit reconcile monday.log tuesday.log --since 2025-06-02
    """
    from sitrack.coordination import auditing
    from sitrack.coordination.questions import today_of

    asked = read_span(shell, since, until)
    with ExitStack() as stack:
        lines = itertools.chain.from_iterable(_opened(files, stack))
        done = auditing.reconcile(shell.ledger, lines, asked)
    rows = _rows(done)
    view = View(
        schema="sitrack.reconciled/1",
        as_of=today_of(shell.ledger),
        columns=_COLUMNS,
        rows=rows,
        screen=lambda _width: _screen(done, rows),
        extra={
            "since": done.span.since,
            "until": done.span.until,
            "logged": done.logged,
            "recorded": done.recorded,
            "agrees": not rows,
        },
    )
    shell.show(view)
    if rows:
        raise VerificationFailed(
            f"{counted(len(rows), 'read stands', 'reads stand')} in one log only",
            "ask whoever has that login; what is written is in: sitrack audit trail",
        )


def _opened(files: Sequence[str], stack: ExitStack) -> Iterator[TextIO]:
    """The files, open; whatever bytes a server's log may hold."""
    for name in files:
        try:
            # A stack closes them in the end.
            file = open(name, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
        except OSError as error:
            raise BadInput(f"the log cannot be read: {error.strerror}") from None
        yield stack.enter_context(file)


def _rows(done: Reconciled) -> list[dict[str, Any]]:
    return [
        {
            "result": what,
            "at": read.at,
            "stream": read.stream,
            "seq": read.seq,
            "by": read.by,
            "hash": read.hash,
        }
        for what, read in done.differences
    ]


def _screen(done: Reconciled, rows: Sequence[dict[str, Any]]) -> list[str]:
    told = [
        f"  {row['result']:<15}{row['at'][:19]}  {row['stream']}#{row['seq']}"
        f" by {row['by']}"
        for row in rows
    ]
    ends = [
        each.astimezone(dt.UTC)
        for each in (done.span.since, done.span.until)
        if each is not None
    ]
    span = " to ".join(f"{each:%Y-%m-%d %H:%M}" for each in ends) + " UTC"
    counts = f"{done.logged} in the server's log, {done.recorded} in the record"
    end = "The logs do NOT agree." if rows else "The logs agree."
    return [f"{span}: {counts}", *told, end]
