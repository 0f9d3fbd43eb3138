"""Is anybody's care standing still without a sign of it?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sitrack.coordination.checkup import NAMED, Check, Result, listed, of_episodes
from sitrack.journey.patient import read_episode_key
from sitrack.record import adrift, history
from sitrack.record.ledger import Ledger, Reader


def checks(connection: Reader, ledger: Ledger, today: dt.date) -> Iterator[Check]:
    """Look at everybody's care.

    Args:
        connection: an open transaction.
        ledger: the record.
        today: the clinical day.
    """
    yield of_episodes(
        "no-next-action",
        adrift.without_next_action(connection),
        Result.ERROR,
        "nothing is due any more:",
        "sitrack why {}",
    )
    yield of_episodes(
        "reminders-of-the-finished",
        adrift.finished_with_reminders(connection),
        Result.WARNING,
        "it is over, and a reminder still waits:",
        "sitrack reminder run",
    )
    yield _holds(connection, ledger, today)
    yield _coordinators(connection)
    yield of_episodes(
        "no-coordinator",
        adrift.without_coordinator(connection),
        Result.WARNING,
        "nobody coordinates",
        "sitrack episode claim {}",
    )


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
    names = ", ".join(sorted({each.coordinator for each in orphans})[:NAMED])
    what = f"{names} coordinates no more: {listed(keys)}"
    mend = f"sitrack episode assign {keys[0]} --to WHO"
    return Check(name, Result.ERROR, what, mend, keys)
