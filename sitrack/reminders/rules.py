"""To whom a reminder goes, when it may leave, and what comes after it. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sitrack.clock import start_of
from sitrack.record.outbox import Claimed, Step
from sitrack.settings import Settings

CLINIC: Final = "clinic"
LEAD: Final = "lead"
"""Recipients that are not one person: their addresses stand in the settings."""

_FIRST_WAIT: Final = dt.timedelta(minutes=5)
_LONGEST_WAIT: Final = dt.timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class SendWindow:
    """When messages may leave: days of the week and hours, in the clinic's zone."""

    days: tuple[int, ...]
    opens: dt.time
    closes: dt.time
    zone: dt.tzinfo

    def is_open(self, instant: dt.datetime) -> bool:
        """Whether a message may leave at that instant."""
        local = instant.astimezone(self.zone)
        return (
            local.weekday() in self.days
            and self.opens <= local.time().replace(tzinfo=None) < self.closes
        )

    def next_open(self, instant: dt.datetime) -> dt.datetime:
        """Return the first instant, from that one on, at which a message may leave."""
        if self.is_open(instant):
            return instant
        day = instant.astimezone(self.zone).date()
        for ahead in range(9):
            opening = start_of(day + dt.timedelta(days=ahead), self.zone, self.opens)
            if opening > instant and self.is_open(opening):
                return opening
        return instant


def send_window(settings: Settings, zone: dt.tzinfo) -> SendWindow:
    """Return the send window of the settings; an empty one means always."""
    opens, closes = settings["reminders.from_time"], settings["reminders.until_time"]
    days = settings["reminders.days"] or tuple(range(7))
    if opens >= closes:
        opens, closes = dt.time.min, dt.time.max
    return SendWindow(days, opens, closes, zone)


def recipient_of(step: Step, channel: str) -> str:
    """Return who gets it: the coordinator, the lead, or the clinic; never nobody.

    By e-mail, a coordinator without an address is stood in for by the clinic.
    """
    if step.recipient == "lead":
        return LEAD
    if step.coordinator and (step.address or channel != "email"):
        return step.coordinator
    return CLINIC


def addresses_of(row: Claimed, settings: Settings) -> tuple[str, ...]:
    """Return where a claimed row goes, as it stands now: never nowhere at all.

    First the recipient's own address; then, for where that one is refused, the
    clinic's. Where nobody has an address there is one, which is empty.
    """
    own = settings["clinic.lead_address"] if row.recipient == LEAD else row.address
    known = [str(each) for each in (own, settings["clinic.address"]) if each]
    return tuple(dict.fromkeys(known)) or ("",)


def next_step(
    step: Step, steps: Mapping[str, int], today: dt.date
) -> tuple[str | None, dt.date | None]:
    """Return the step after this one and its day; (None, None) after the last.

    A notice that is late, because its line was, is not repeated at once.
    """
    if step.step == "notice" and "repeat" in steps:
        return "repeat", max(step.due, today) + dt.timedelta(days=steps["repeat"])
    return None, None


def wait_after(attempt: int, jitter: float) -> dt.timedelta:
    """Return how long to wait after a temporary failure: six hours at the most.

    There is no last attempt: what keeps a message from leaving is mended some day.

    Args:
        attempt: which attempt failed, from 1.
        jitter: a number from 0 to 1 that spreads the retries of many rows.
    """
    doubled: dt.timedelta = _FIRST_WAIT * 2 ** min(attempt - 1, 10)
    return min(doubled * (0.75 + 0.5 * jitter), _LONGEST_WAIT)


def idempotency_key(ledger_id: str, row: Claimed) -> str:
    """Return the name of this reminder for the outside: the same at every attempt."""
    parts = (
        ledger_id,
        row.episode,
        row.visit,
        row.rule,
        row.occurrence,
        row.step,
        row.recipient,
        row.channel,
    )
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
