"""How long people wait in each stage, those who wait still among them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sitrack.coordination.reports import survival
from sitrack.coordination.reports.asked import FEW, Asked, day_of, journeys
from sitrack.coordination.reports.survival import Waits
from sitrack.pathway.stages import Stage
from sitrack.record.ledger import Ledger, reading
from sitrack.record.stays import Journey


@dataclass(frozen=True, slots=True)
class Wait:
    """How long stays in a stage last, in calendar days; a hold is a wait, too.

    Attributes:
        stage: the stage.
        stays: how many there were.
        left: how many of them ended by a move, or with the episode.
        still: how many last; the others were lost to follow-up.
        quarter: after so many days a quarter had left; None if so many never had.
        median: after so many days half had left.
        three_quarters: after so many days three quarters had left.
        longest: days of the longest stay that lasts, or None.
    """

    stage: str
    stays: int
    left: int
    still: int
    quarter: int | None
    median: int | None
    three_quarters: int | None
    longest: int | None

    @property
    def lost(self) -> int:
        """How many were lost to follow-up."""
        return self.stays - self.left - self.still

    @property
    def few(self) -> bool:
        """Whether the days rest on too few who left to say much."""
        return self.left < FEW


def time_in_stage(ledger: Ledger, asked: Asked) -> tuple[dt.date, Sequence[Wait]]:
    """Return (day, how long people wait in each stage), of the stays begun since.

    Raises:
        BadInput: the day lies ahead.
    """
    with reading(ledger) as connection:
        day = day_of(connection, ledger, asked)
        waits = _waits(journeys(connection, ledger, asked, day), day, asked.since)
    stages = (stage for stage in Stage if stage is not Stage.CLOSED)
    return day, [_wait(stage, waits[stage]) for stage in stages]


@dataclass(slots=True)
class _Seen:
    """What was seen of one stage."""

    waits: Waits
    still: Counter[int]


def _waits(
    found: Iterable[Journey], day: dt.date, since: dt.date | None
) -> defaultdict[str, _Seen]:
    seen: defaultdict[str, _Seen] = defaultdict(lambda: _Seen(Counter(), Counter()))
    for stay in (stay for journey in found for stay in journey):
        if since is not None and stay.entered < since:
            continue
        until = stay.lost or stay.left or day
        days = (until - stay.entered).days
        ended = stay.left is not None and stay.lost is None
        seen[stay.stage].waits[days, ended] += 1
        seen[stay.stage].still[days] += not ended and stay.lost is None
    return seen


def _wait(stage: str, seen: _Seen) -> Wait:
    points = survival.curve(seen.waits)
    return Wait(
        stage=stage,
        stays=seen.waits.total(),
        left=sum(n for (_, ended), n in seen.waits.items() if ended),
        still=seen.still.total(),
        quarter=survival.days_until(0.25, points),
        median=survival.days_until(0.5, points),
        three_quarters=survival.days_until(0.75, points),
        longest=max((days for days, n in seen.still.items() if n), default=None),
    )
