"""The move that every peer makes: what is there before it, and what it has to leave.

Plain values only, so that each peer says them in its own library's words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

TODAY = dt.date(2026, 3, 4)
INJECTED = TODAY - dt.timedelta(days=14)
BEFORE, AFTER = "injection", "re-evaluation"
WHO = "rivera"

FINDINGS = {"injection": (8, INJECTED), "diary": (2, INJECTED), "score": (7, TODAY)}
"""Kind: the pain that was noted, of 10, and the day."""

OLD_LINES = {"INJ-TRIAL": 14, "INJ-ESC": 28}
NEW_LINES = {"REV-DUE": 14, "REV-ESC": 28}
"""Rule: so many days after the stage was entered."""


def due(days: int) -> dt.date:
    """Return the day on which a line of the new stage falls due."""
    return TODAY + dt.timedelta(days=days)


def key_of(number: int) -> str:
    """Return the name of an episode."""
    return f"E{number:06}"


def has_failed(pain: Mapping[str, int]) -> bool:
    """Judge the findings: it was relieved at first, and half the relief did not last."""
    return pain["diary"] <= pain["injection"] / 2 < pain["score"]


def expected(episodes: int, moved: int) -> dict[str, int]:
    """Return how many rows there must be when so many were moved on."""
    return {
        "moved": moved,
        "history of moves": moved,
        "stays": episodes + moved,
        "due": 2 * episodes,
    }
