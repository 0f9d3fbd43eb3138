"""Where people leave: what became of every stay, stage by stage."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sitrack.coordination.reports.asked import Asked, day_of, journeys
from sitrack.pathway.stages import Stage
from sitrack.record.ledger import Ledger, reading
from sitrack.record.stays import Journey, Stay

_DECLINED: Final = "declined"

Fates = Counter[str]


@dataclass(frozen=True, slots=True)
class Step:
    """What became of the stays in one stage.

    Attributes:
        stage: the stage.
        entered: how many stays there were; the sum of the next five.
        moved_on: another stage followed.
        finished: the episode ended, but not because the patient declined.
        declined: the episode ended because the patient did.
        lost: the patient was lost to follow-up, whatever came after.
        still: the stay lasts.
        came_back: of the lost, how many returned to care.
    """

    stage: str
    entered: int
    moved_on: int
    finished: int
    declined: int
    lost: int
    still: int
    came_back: int


def funnel(ledger: Ledger, asked: Asked) -> tuple[dt.date, Sequence[Step]]:
    """Return (day, what became of the stays in each stage), of those begun since.

    Raises:
        BadInput: the day lies ahead.
    """
    with reading(ledger) as connection:
        day = day_of(connection, ledger, asked)
        fates = _fates(journeys(connection, ledger, asked, day), asked.since)
    stages = (stage for stage in Stage if stage is not Stage.CLOSED)
    return day, [_step(stage, fates[stage]) for stage in stages]


def _fates(found: Iterable[Journey], since: dt.date | None) -> defaultdict[str, Fates]:
    fates: defaultdict[str, Fates] = defaultdict(Counter)
    for journey in found:
        ends: list[Stay | None] = [*journey[1:], None]
        for stay, after in zip(journey, ends, strict=True):
            if since is not None and stay.entered < since:
                continue
            fate = _fate(stay, after)
            fates[stay.stage][fate] += 1
            back = after is not None and after.stage != Stage.CLOSED
            fates[stay.stage]["came_back"] += fate == "lost" and back
    return fates


def _fate(stay: Stay, after: Stay | None) -> str:
    if stay.lost is not None:
        return "lost"
    if after is None:
        return "still"
    if after.stage != Stage.CLOSED:
        return "moved_on"
    return "declined" if after.reason == _DECLINED else "finished"


def _step(stage: str, fates: Fates) -> Step:
    back = fates.pop("came_back", 0)
    return Step(
        stage=stage,
        entered=fates.total(),
        moved_on=fates["moved_on"],
        finished=fates["finished"],
        declined=fates["declined"],
        lost=fates["lost"],
        still=fates["still"],
        came_back=back,
    )
