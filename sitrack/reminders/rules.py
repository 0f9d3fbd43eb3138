"""To whom a reminder goes, in what message, and when it is tried again. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Final

from sitrack.pathway.protocol import Protocol
from sitrack.record.attempts import Claimed
from sitrack.record.outbox import NewRow, Step
from sitrack.settings import Settings

CLINIC: Final = "clinic"
LEAD: Final = "lead"
"""Recipients that are not one person: their addresses stand in the settings."""

_FIRST_WAIT: Final = dt.timedelta(minutes=5)
_LONGEST_WAIT: Final = dt.timedelta(hours=6)

MOST_FAILURES: Final = 20
"""So many temporary failures, four days of them, and somebody has to look."""

_STALE_AFTER: Final = dt.timedelta(days=3)
"""A patient is not told of what was due longer ago: the coordinator calls instead."""


def recipient_of(step: Step, channel: str) -> str:
    """Return who gets it: the coordinator or their cover, the team, the clinic, the lead.

    Never nobody: by e-mail, whoever has no address is stood in for by the next.
    """
    if step.recipient == "lead":
        return LEAD
    anyhow = kind_of_address(channel) != "email"
    if step.coordinator and (step.address or anyhow):
        return step.coordinator
    if step.team and (step.team_address or anyhow):
        return step.team
    return CLINIC


def is_urgent(step: Step, protocol: Protocol | None) -> bool:
    """Whether it goes in a message of its own: an escalation, or a hold to look at."""
    rules = protocol.follow_ups if protocol else ()
    anchor = next((rule.anchor for rule in rules if rule.id == step.rule), "")
    return step.recipient == "lead" or anchor == "hold"


def kind_of_address(channel: str) -> str:
    """Return which of a patient's addresses a channel sends to."""
    return "email" if channel in {"email", "maildir"} else "sms"


def judged(row: NewRow, today: dt.date, *, consents: bool) -> NewRow:
    """Return a row to a patient, and why it will not go, if it may not.

    Args:
        row: as it would go.
        today: the clinical day.
        consents: whether the patient consents to being reached so.
    """
    stale = today - row.step.due > _STALE_AFTER
    reason = "stale" if stale else None
    return replace(row, suppressed=reason if consents else "consent")


def addresses_of(row: Claimed, settings: Settings) -> tuple[str, ...]:
    """Return where a claimed row goes, as it stands now: never nowhere at all.

    First the recipient's own address (an escalation's is that of the team's lead, where
    there is one); then, for where that one is refused, the clinic's. Where nobody has an
    address there is one, which is empty.
    """
    leads = row.lead_address or settings["clinic.lead_address"]
    own = leads if row.recipient == LEAD else row.address
    known = [str(each) for each in (own, settings["clinic.address"]) if each]
    return tuple(dict.fromkeys(known)) or ("",)


def wait_after(
    attempt: int, jitter: float, at_least: dt.timedelta = dt.timedelta(0)
) -> dt.timedelta:
    """Return how long to wait after a temporary failure: six hours at the most.

    Args:
        attempt: how many times it has failed, from 1.
        jitter: a number from 0 to 1 that spreads the retries of many rows.
        at_least: what the other side asked for.
    """
    doubled: dt.timedelta = _FIRST_WAIT * 2 ** min(attempt - 1, 10)
    return min(max(doubled * (0.75 + 0.5 * jitter), at_least), _LONGEST_WAIT)


def idempotency_key(ledger_id: str, row: Claimed) -> str:
    """Return the name of this reminder for the outside: the same at every attempt."""
    return _hashed(
        ledger_id,
        row.episode,
        row.visit,
        row.rule,
        row.occurrence,
        row.step,
        row.recipient,
        row.channel,
    )


def digest_key(ledger_id: str, recipient: str, channel: str, day: dt.date) -> str:
    """Return the name of somebody's digest of a day: the same at every attempt."""
    return _hashed(ledger_id, "digest", recipient, channel, day)


def _hashed(*parts: object) -> str:
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
