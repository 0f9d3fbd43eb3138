"""The coded reasons that people give, of what no protocol has reasons for.

They stand apart because the command line offers them before anything else is loaded.
"""

from __future__ import annotations

from typing import Final

FOR_AMENDING: Final = (
    "typing-error",
    "wrong-patient",
    "wrong-side",
    "wrong-date",
    "duplicate",
    "not-done",
    "source-corrected",
)
"""Why an entry is amended."""

FOR_HANDING_OVER: Final = ("absence", "workload", "leaving", "better-placed")
"""Why somebody hands an episode over."""

FOR_DECLINING: Final = ("absence", "workload", "not-mine")
"""Why somebody declines it."""

FOR_SNOOZING: Final = (
    "waiting-for-patient",
    "waiting-for-result",
    "waiting-for-payer",
    "absence",
)
"""Why somebody puts an episode off. What stops the clock is a hold."""

RETENTION_OVER: Final = "retention-over"
FOR_ERASING: Final = (
    RETENTION_OVER,
    "unlawful",
    "court-order",
    "legal-duty",
    "objection",
)
"""Nobody has to keep it any more; or something that comes before the duty to."""
