"""Holds the log of reads against the server's own log: who read, and took it back?

On PostgreSQL somebody with a client of their own can read in a transaction and roll it
back: what they saw they saw, and no entry says so. But the function that writes the
entry has put a line into the server's log by then (`record/appending.py`), which no
rollback reaches. So what the one log holds and the other does not is worth a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from sitrack.record import codec, tables
from sitrack.record.appending import LOG_PREFIX
from sitrack.record.trail import Span

NOT_IN_RECORD: Final = "not-in-record"
NOT_IN_LOG: Final = "not-in-log"
"""What does not agree: the log tells of a read that the record does not, or the record
of one that the log does not."""

_LINE: Final = re.compile(
    re.escape(LOG_PREFIX) + r" ledger=(?P<ledger>[0-9a-f]{32}) stream=(?P<stream>\S+)"
    r" seq=(?P<seq>[0-9]{1,10}) at=(?P<at>[0-9T:.-]{26}Z)"
    r" hash=(?P<hash>[0-9a-f]{64}) login=(?P<login>[\w.@-]+)",
    re.ASCII,
)
"""As the server writes it, in any of its forms: plain, CSV or JSON."""


class Told(NamedTuple):
    """A read, as one of the two logs tells of it.

    Attributes:
        at: when it was written, as the record keeps times.
        stream: whose log of reads.
        seq: its number there.
        hash: of the entry, in hex.
        by: the login in the server's log, the recorder in the record.
    """

    at: str
    stream: str
    seq: int
    hash: str
    by: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the comparison found.

    Attributes:
        span: the stretch of time that was compared.
        logged: how many reads the server's log tells of in it.
        recorded: how many the record does.
        differences: (what, read) of each that stands in one of them only, by time.
    """

    span: Span
    logged: int
    recorded: int
    differences: Sequence[tuple[str, Told]]


def logged(lines: Iterable[str], ledger_id: str) -> set[Told]:
    """Return the reads of a ledger that the lines of a server's log tell of."""
    found = filter(None, map(_LINE.search, lines))
    return {
        Told(line["at"], line["stream"], int(line["seq"]), line["hash"], line["login"])
        for line in found
        if line["ledger"] == ledger_id
    }


def covered(reads: set[Told], asked: Span) -> Span:
    """Return the span that was asked for; an open end is where the log ends."""
    ends = sorted(read.at for read in reads)
    since = asked.since or (codec.read_instant(ends[0]) if ends else None)
    until = asked.until or (codec.read_instant(ends[-1]) if ends else None)
    return Span(since, until)


def reconcile(connection: Connection, reads: set[Told], span: Span) -> Reconciled:
    """Compare what the server's log tells of in a span with what the record does.

    An entry is known by its hash: the one that a rollback took back, and the one that
    was written in its place, have the same number.
    """
    mine = {read for read in reads if _is_in(span, read.at)}
    theirs = {read.hash for read in mine}
    recorded: set[str] = set()
    differences: list[tuple[str, Told]] = []
    for read in _recorded(connection, span):
        recorded.add(read.hash)
        if read.hash not in theirs:
            differences.append((NOT_IN_LOG, read))
    differences += [(NOT_IN_RECORD, r) for r in mine if r.hash not in recorded]
    in_order = sorted(differences, key=lambda each: (each[1], each[0]))
    return Reconciled(span, len(mine), len(recorded), in_order)


def _is_in(span: Span, at: str) -> bool:
    return not (
        (span.since is not None and at < codec.instant_text(span.since))
        or (span.until is not None and at > codec.instant_text(span.until))
    )


def _recorded(connection: Connection, span: Span) -> Iterable[Told]:
    entries = tables.entry.c
    query = select(
        entries.recorded, entries.stream, entries.seq, entries.hash, entries.recorder
    ).where(entries.stream.startswith("access/"), *span.holds())
    for at, stream, seq, made, by in connection.execute(
        query.execution_options(yield_per=1_000)
    ):
        yield Told(at, stream, seq, bytes(made).hex(), by)
