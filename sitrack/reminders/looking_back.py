"""What a person looks at afterwards: rows, attempts, and what was given up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from sitrack.record import backlog
from sitrack.record.backlog import Line, Row
from sitrack.record.ledger import Ledger, Reader, present_instant, reading


def rows(
    ledger: Ledger, status: str | None, limit: int, episode: str | None = None
) -> tuple[dt.date, Sequence[Row]]:
    """Return (today, rows) of one status or of every one, the latest made first."""
    with reading(ledger) as connection:
        found = backlog.all_rows(connection, status, limit, episode)
        return _today(connection, ledger), found


def dead(ledger: Ledger) -> tuple[dt.date, Sequence[Row]]:
    """Return (today, rows) of what was given up and is still wanted."""
    with reading(ledger) as connection:
        return _today(connection, ledger), backlog.dead_rows(connection)


def ledger_of(
    ledger: Ledger, episode: str
) -> tuple[dt.date, Sequence[tuple[Row, Sequence[Line]]]]:
    """Return (today, each row of an episode with its attempts), the first made first."""
    with reading(ledger) as connection:
        found = backlog.all_rows(connection, None, 100_000, episode)
        said: dict[int, list[Line]] = defaultdict(list)
        for line in backlog.lines_of(connection, episode):
            said[line.row].append(line)
        today = _today(connection, ledger)
    return today, [(row, said[row.id]) for row in reversed(found)]


def _today(connection: Reader, ledger: Ledger) -> dt.date:
    return present_instant(connection, ledger).astimezone(ledger.zone).date()
