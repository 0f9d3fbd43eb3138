"""Claims what is due, as the messages in which it goes.

Escalations go alone and first; then digests that were claimed before and did not go;
then new digests, one for each person and day of the clinic. What the hour's cap has no
room for stays where it is, oldest first for the next round.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from sitrack.journey.patient import is_patient_key
from sitrack.record import attempts, dispatch
from sitrack.record.attempts import Claimed
from sitrack.record.dispatch import Claim, Waiting
from sitrack.record.journal import Work
from sitrack.record.ledger import Reader
from sitrack.reminders import rules
from sitrack.reminders.desk import Desk
from sitrack.reminders.happening import of_row
from sitrack.reminders.windows import SendWindow

_AT_ONCE: Final = 50
_HOUR: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Parcel:
    """The rows that one message carries.

    Attributes:
        key: the idempotency key of the message.
        rows: at least one, all to the same recipient.
        is_digest: it is the digest of a day.
    """

    key: str
    rows: tuple[Claimed, ...]
    is_digest: bool

    @property
    def recipient(self) -> str:
        """A staff id, `clinic`, `lead`, or a patient's key."""
        return self.rows[0].recipient

    @property
    def is_to_patient(self) -> bool:
        """Whether it goes to a patient, and not to the staff."""
        return is_patient_key(self.recipient)


def is_anything_due(desk: Desk, channel: str) -> bool:
    """Whether a claim may find something; it asks without writing."""
    with desk.reading() as connection:
        return dispatch.is_anything_due(connection, _asked(desk, connection, channel))


def claim(desk: Desk, channel: str) -> list[Parcel]:
    """Take some messages, until they are sent or the lease runs out."""
    with desk.writing() as work:
        asked = _asked(desk, work.connection, channel)
        limit = min(_AT_ONCE, _room(desk, work, channel))
        parcels: list[Parcel] = []
        for some in (_alone, _again, _fresh):
            left = limit - len(parcels)
            if left > 0:
                parcels += some(desk, work, replace(asked, limit=left))
        if parcels:
            dispatch.plan_anew(work.connection)
        return parcels


def _asked(desk: Desk, connection: Reader, channel: str) -> Claim:
    now = desk.now(connection)
    return Claim(
        channel=channel,
        due_by=desk.report.now,
        now=now,
        today=desk.day_of(now),
        real_now=desk.real_now(connection),
        lease=desk.lease,
        worker=desk.worker,
        limit=_AT_ONCE,
        there=desk.there(connection, desk.day_of(now)),
    )


def release(desk: Desk, parcels: Iterable[Parcel]) -> None:
    """Give messages back that were claimed and not sent."""
    with desk.writing() as work:
        rows = [row for parcel in parcels for row in parcel.rows]
        attempts.release(work.connection, rows)


def _room(desk: Desk, work: Work, channel: str) -> int:
    """How many messages may still go in this hour: nothing ever floods a channel."""
    most: int = desk.settings["reminders.most_per_hour"]
    gone, first = attempts.sent_since(work.connection, channel, work.now - _HOUR)
    if first is not None and gone >= most:
        desk.report.full_until = first + _HOUR
    return max(most - gone, 0)


def _alone(desk: Desk, work: Work, asked: Claim) -> list[Parcel]:
    return [
        Parcel(rules.idempotency_key(desk.ledger.ledger_id, row), (row,), False)
        for row in dispatch.claim_alone(work.connection, asked)
    ]


def _again(_desk: Desk, work: Work, asked: Claim) -> list[Parcel]:
    return [
        Parcel(key, tuple(rows), True)
        for key, rows in dispatch.claim_again(work.connection, asked)
    ]


def _fresh(desk: Desk, work: Work, asked: Claim) -> list[Parcel]:
    """Open digests until there are enough, or nobody waits for one."""
    parcels: list[Parcel] = []
    seen: set[str] = set()
    while len(parcels) < asked.limit:
        found = dispatch.who_waits(work.connection, asked)
        waiting = [each for each in found if each.recipient not in seen]
        if not waiting:
            break
        # In one order, so that two workers never wait for each other.
        for each in sorted(waiting, key=lambda each: each.recipient):
            seen.add(each.recipient)
            parcels += _digest(desk, work, asked, each)
    return parcels


def _digest(desk: Desk, work: Work, asked: Claim, waiting: Waiting) -> list[Parcel]:
    who = waiting.recipient
    window = desk.window(waiting.zone, patient=is_patient_key(who))
    if not window.is_open(work.now):
        opens = window.next_open(work.now)
        dispatch.put_off(work.connection, asked, who, opens, "quiet")
        return []
    key = rules.digest_key(desk.ledger.ledger_id, who, asked.channel, asked.today)
    rows = dispatch.claim_digest(work.connection, asked, who, key)
    if rows is None:
        _come_too_late(desk, work, asked, who, window)
    return [Parcel(key, tuple(rows), True)] if rows else []


def _come_too_late(
    desk: Desk, work: Work, asked: Claim, who: str, window: SendWindow
) -> None:
    """Put off what came after the day's digest; to a patient it says nothing new."""
    if not is_patient_key(who):
        until = window.next_open(desk.tomorrow(work.now))
        dispatch.put_off(work.connection, asked, who, until, "next-digest")
        return
    for row in dispatch.drop_waiting(work.connection, asked, who, "duplicate"):
        desk.report.add(of_row(row, "suppressed", work.now, "duplicate"))
