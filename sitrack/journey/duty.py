"""Who answers for an episode, as its entries tell. Pure.

A coordinator, a team in whose queue it waits, or both: whoever claims it out of the
queue coordinates it, and it stays the team's. A hand-off changes nothing until it is
accepted: until then the giver answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sitrack.journey.entries import (
    ACCEPTED,
    ASSIGNED,
    CLAIMED,
    DUTY,
    OFFERED,
    OPENED,
    Entry,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A hand-off that waits for its answer.

    Attributes:
        seq: the number of its entry.
        by: staff id of who offers it, and answers until it is accepted.
        to: staff id of who is asked.
        until: the day by which an answer is expected; it may come later, too.
    """

    seq: int
    by: str
    to: str
    until: dt.date


@dataclass(frozen=True, slots=True)
class Duty:
    """Who answers: the coordinator, else the team; and a hand-off that is open."""

    coordinator: str | None = None
    team: str | None = None
    offer: Offer | None = None


def duty_of(lived: Iterable[Entry]) -> Duty:
    """Return who answers after these entries, in the order in which they happened."""
    duty = Duty()
    for entry in lived:
        if entry.payload is not None and entry.kind in (OPENED, *DUTY):
            duty = _after(duty, entry, entry.payload)
    return duty


def _after(duty: Duty, entry: Entry, said: Mapping[str, Any]) -> Duty:
    if entry.kind in {OPENED, ASSIGNED, CLAIMED}:
        return Duty(said.get("coordinator"), said.get("team"))
    if entry.kind == OFFERED:
        until = dt.date.fromisoformat(said["until"])
        return replace(duty, offer=Offer(entry.seq, said["by"], said["to"], until))
    if entry.kind == ACCEPTED:
        return replace(duty, coordinator=said["coordinator"], offer=None)
    return replace(duty, offer=None)
