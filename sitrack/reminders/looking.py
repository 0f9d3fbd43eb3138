"""One more look at a message, just before it is sent: may it go, where to, and now?"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sitrack.journey.patient import is_patient_key
from sitrack.record import consents, second_look
from sitrack.record.attempts import Claimed
from sitrack.record.ledger import Reader
from sitrack.record.second_look import Sight
from sitrack.reminders import rules
from sitrack.reminders.claiming import Parcel
from sitrack.reminders.desk import Desk
from sitrack.reminders.windows import SendWindow


@dataclass(frozen=True, slots=True)
class Seen:
    """How a message stands.

    Attributes:
        rows: those that are still this attempt's, and still wanted.
        unwanted: the others that have a reason, by their reason.
        addresses: where it may go, the best first; none where it may not.
        waits: until when it may not leave, and why; or None.
        is_short: the lease of some row ends while the message may be on its way.
    """

    rows: tuple[Claimed, ...]
    unwanted: Mapping[str, list[Claimed]]
    addresses: tuple[str, ...]
    waits: tuple[dt.datetime, str] | None
    is_short: bool


def look(desk: Desk, parcel: Parcel, longest_send: float) -> Seen | None:
    """Return how a message stands now; None where none of it is this attempt's.

    Args:
        desk: where the round works.
        parcel: the message.
        longest_send: seconds that the channel may take over it.
    """
    with desk.glancing() as connection:
        sight = _sight(desk, connection, parcel)
        if sight is None:
            return None
        now = desk.now(connection, sight.real_now)
        addresses = _addresses(connection, desk, parcel)
    unwanted: dict[str, list[Claimed]] = defaultdict(list)
    ends, rows = [], []
    for row in parcel.rows:
        seen = sight.looks[row.id]
        if seen.unwanted:
            unwanted[seen.unwanted].append(row)
        elif seen.until is not None:
            rows.append(row)
            ends.append(seen.until)
    enough = sight.real_now + dt.timedelta(seconds=longest_send)
    return Seen(
        rows=tuple(rows),
        unwanted=unwanted,
        addresses=addresses,
        waits=_waits(desk, parcel.rows[0], now, sight.gone),
        is_short=any(end < enough for end in ends),
    )


def _sight(desk: Desk, connection: Reader, parcel: Parcel) -> Sight | None:
    """See the rows again, with the messages of today; only at midnight twice."""
    day = desk.day_of(desk.report.now)
    sight = second_look.look_again(connection, parcel.rows, day)
    if sight is None:
        return None
    today = desk.day_of(desk.now(connection, sight.real_now))
    if today == day:
        return sight
    return second_look.look_again(connection, parcel.rows, today)


def _addresses(connection: Reader, desk: Desk, parcel: Parcel) -> tuple[str, ...]:
    if not parcel.is_to_patient:
        return rules.addresses_of(parcel.rows[0], desk.settings)
    kind = rules.kind_of_address(parcel.rows[0].channel)
    found = consents.address_of(connection, parcel.recipient, kind)
    return (found,) if found else ()


def _waits(
    desk: Desk, row: Claimed, now: dt.datetime, gone: int
) -> tuple[dt.datetime, str] | None:
    """Until when it may not leave: the hour is wrong, or there were too many today."""
    window = window_of(desk, row)
    if not window.is_open(now):
        return window.next_open(now), "quiet"
    if gone >= desk.settings["reminders.most_per_person"]:
        return window.next_open(desk.tomorrow(now)), "cap"
    return None


def window_of(desk: Desk, row: Claimed) -> SendWindow:
    """Return when messages to the recipient of a row may leave."""
    return desk.window(row.zone, patient=is_patient_key(row.recipient))
