"""How long something lasts, where some of it still goes on.

Who is still waiting has waited at least so long: to leave them out, or to count them as
if they had left today, would make every wait look shorter than it is. The estimate of
Kaplan and Meier counts them for as long as they were seen (JASA 1958;53:457).
"""

from __future__ import annotations

from collections import Counter

Waits = Counter[tuple[int, bool]]
"""How often a wait of so many days was seen, and whether it ended (else: censored)."""

Point = tuple[int, float]
"""After so many days, this share still waits."""

_ROUNDING = 1e-9


def curve(waits: Waits) -> list[Point]:
    """Return the share that still waits, after each day on which a wait ended."""
    left, share, points = waits.total(), 1.0, []
    for days in sorted({days for days, _ in waits}):
        ended = waits[days, True]
        if ended:
            share *= (left - ended) / left
            points.append((days, share))
        # Whoever was lost sight of on that day was still waiting when others left.
        left -= ended + waits[days, False]
    return points


def days_until(share: float, points: list[Point]) -> int | None:
    """Return after how many days so large a share had left; None if it never had."""
    waiting = 1 - share + _ROUNDING
    return next((days for days, still in points if still <= waiting), None)
