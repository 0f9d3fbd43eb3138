"""Is anybody's care standing still without a sign of it?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from sitrack.coordination.checkup import Check, Result
from sitrack.journey.patient import read_episode_key
from sitrack.record import adrift, history
from sitrack.record.ledger import Ledger, Reader

_NAMED = 3
"""Episodes that a sentence names; the rest is counted."""


def checks(connection: Reader, ledger: Ledger, today: dt.date) -> Iterator[Check]:
    """Look at everybody's care.

    Args:
        connection: an open transaction.
        ledger: the record.
        today: the clinical day.
    """
    yield _no_next_action(connection)
    yield _live_reminders(connection)
    yield _holds(connection, ledger, today)
    yield _coordinators(connection)
    yield _nobody(connection)


def _no_next_action(connection: Reader) -> Check:
    name = "no-next-action"
    keys = adrift.without_next_action(connection)
    if not keys:
        return Check(name)
    what = f"nothing is due any more: {listed(keys)}"
    return Check(name, Result.ERROR, what, f"sitrack why {keys[0]}", keys)


def _live_reminders(connection: Reader) -> Check:
    name = "reminders-of-the-finished"
    keys = adrift.finished_with_reminders(connection)
    if not keys:
        return Check(name)
    what = f"it is over, and a reminder still waits: {listed(keys)}"
    return Check(name, Result.WARNING, what, "sitrack reminder run", keys)


def _holds(connection: Reader, ledger: Ledger, today: dt.date) -> Check:
    name = "hold-past-review"
    keys = adrift.held_past_review(connection, today)
    if not keys:
        return Check(name)
    # Which hold it is, and not only that there is one, is told by the episode itself.
    first = history.episode_at(connection, ledger, read_episode_key(keys[0]))
    hold = min(first.open_holds, key=lambda each: each.review)
    what = f"to be looked at since {hold.review}: {listed(keys)}"
    mend = f"sitrack episode hold {keys[0]} --renew {hold.seq} --review +30d"
    return Check(name, Result.ERROR, what, mend, keys)


def _coordinators(connection: Reader) -> Check:
    name = "coordinator-gone"
    orphans = adrift.orphaned(connection)
    if not orphans:
        return Check(name)
    keys = [each.episode for each in orphans]
    names = ", ".join(sorted({each.coordinator for each in orphans})[:_NAMED])
    what = f"{names} coordinates no more: {listed(keys)}"
    mend = f"sitrack episode assign {keys[0]} --to WHO"
    return Check(name, Result.ERROR, what, mend, keys)


def _nobody(connection: Reader) -> Check:
    name = "no-coordinator"
    keys = adrift.without_coordinator(connection)
    if not keys:
        return Check(name)
    what = f"nobody coordinates {listed(keys)}"
    mend = f"sitrack episode claim {keys[0]}"
    return Check(name, Result.WARNING, what, mend, keys)


def listed(keys: Sequence[str]) -> str:
    """Return the first keys, and how many more there are."""
    named = ", ".join(keys[:_NAMED])
    return f"{named} and {len(keys) - _NAMED} more" if len(keys) > _NAMED else named
