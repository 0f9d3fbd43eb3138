"""The ten stages of the cascade, and the four statuses beside them.

A stage says where an episode is; a status says whether its clock runs. On hold and
lost are statuses, so that an episode comes back to the stage it was in.
The values are the words of the command line and of the database.
"""

from __future__ import annotations

import enum
from typing import Final


class Stage(enum.StrEnum):
    """Where an episode of care is on the pathway."""

    INJECTION = "injection"
    REEVALUATION = "re-evaluation"
    CONSERVATIVE_CARE = "conservative-care"
    DIAGNOSTIC_BLOCK = "diagnostic-block"
    RFA = "rfa"
    RELIEF = "relief"
    FUSION_EVALUATION = "fusion-evaluation"
    POST_FUSION = "post-fusion"
    REFERRED_OUT = "referred-out"
    CLOSED = "closed"


NOT_UNDER_WAY: Final = frozenset({Stage.REFERRED_OUT, Stage.CLOSED})
"""Stages in which nothing is under way that could be held, or lost sight of."""


class Status(enum.StrEnum):
    """Whether an episode is being worked on; `finished` goes with `closed` only."""

    ACTIVE = "active"
    ON_HOLD = "on-hold"
    LOST = "lost"
    FINISHED = "finished"


class Side(enum.StrEnum):
    """Which of the two sacroiliac joints an episode is about."""

    LEFT = "left"
    RIGHT = "right"


_TITLES = {Stage.RFA: "RFA", Stage.REEVALUATION: "Re-evaluation"}


def title_of(stage: str) -> str:
    """Return a stage's name as people read it: `Diagnostic block`."""
    known = Stage(stage)
    return _TITLES.get(known) or known.value.replace("-", " ").capitalize()
