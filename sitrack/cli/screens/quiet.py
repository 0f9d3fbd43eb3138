"""Why an episode is quiet: it was put off, or it is on hold; and what ends that."""

from __future__ import annotations

import datetime as dt
import textwrap
from typing import Any

from sitrack.journey.episode import Episode, Hold
from sitrack.pathway.stages import Status

_CARED_FOR = frozenset({Status.ACTIVE, Status.ON_HOLD})


def lines(episode: Episode, day: dt.date, width: int) -> list[str]:
    """Return a sentence for each reason why an episode is quiet on a day."""
    found: list[str] = []
    if until := _put_off(episode, day):
        found += _wrapped(
            f"Put off until {until}: off the worklist unless it acts first, and no "
            "reminders but escalations until then; what is due stays due.",
            width,
        )
    holds = _holds(episode)
    for hold in holds:
        found += _wrapped(
            f"On hold since {hold.since} ({hold.reason}), review {hold.review}: "
            "the clock stands still;",
            width,
        )
        # On a line of its own, so that it can be pasted.
        number = f" {hold.seq}" if len(holds) > 1 else ""
        found.append(
            f"  what was due waits for: sitrack episode resume {episode.key}{number}"
        )
    return found


def twin(episode: Episode, day: dt.date) -> dict[str, Any]:
    """Return the JSON twin of the same."""
    return {
        "snoozed_until": _put_off(episode, day),
        "on_hold": [
            {
                "hold": hold.seq,
                "reason": hold.reason,
                "since": hold.since,
                "review": hold.review,
            }
            for hold in _holds(episode)
        ],
    }


def _put_off(episode: Episode, day: dt.date) -> dt.date | None:
    """Until when it is put off; a day that has come, or a lost episode, is quiet no more."""
    until = episode.snoozed_until
    if until is None or until <= day or episode.status not in _CARED_FOR:
        return None
    return until


def _holds(episode: Episode) -> tuple[Hold, ...]:
    """The holds by which the clock stands still; lost, it does so by that."""
    return episode.open_holds if episode.status is Status.ON_HOLD else ()


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)
