"""How many episodes were in each stage on a day, of those that are asked about."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from sitrack.coordination.questions import When
from sitrack.coordination.questions import census as everybody
from sitrack.coordination.reports.asked import Asked, day_of, journeys
from sitrack.record.ledger import Ledger, reading


def census(ledger: Ledger, asked: Asked) -> tuple[dt.date, Mapping[str, int]]:
    """Return (day, how many episodes were in each stage on it).

    Raises:
        BadInput: a filter is asked of a day ahead.
    """
    if asked.fits is None:
        return everybody(ledger, When(asked.as_of, asked.as_known))
    with reading(ledger) as connection:
        day = day_of(connection, ledger, asked)
        found = journeys(connection, ledger, asked, day)
        return day, Counter(journey[-1].stage for journey in found)
