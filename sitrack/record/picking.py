"""Which episodes fit a filter, finished ones among them, as they stood on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import Connection

from sitrack.record import past_worklist, worklist
from sitrack.record.ledger import Ledger, present_instant
from sitrack.record.worklist import Waiting


def picked(
    connection: Connection,
    ledger: Ledger,
    day: dt.date,
    as_known: dt.datetime | None,
    fits: Callable[[Waiting], bool],
) -> frozenset[str]:
    """Return the keys of the episodes that fit.

    Of today the copies answer; of a day behind, or as known at a moment, every episode
    is read anew.
    """
    today = present_instant(connection, ledger).astimezone(ledger.zone).date()
    if as_known is not None or day < today:
        every = past_worklist.everybody(
            connection, ledger, day, as_known, whole=True, finished=True
        )
    else:
        every = worklist.everybody(connection, ledger, day, whole=True, finished=True)
    return frozenset(row.episode for row in every if fits(row))
