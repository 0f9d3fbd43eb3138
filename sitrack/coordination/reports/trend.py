"""How the clinic changes from month to month, and whether trials are reviewed in time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sitrack.coordination.reports.asked import Asked, day_of, journeys
from sitrack.journey.trials import Trial, trials
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Stage
from sitrack.record import history, library
from sitrack.record.ledger import Ledger, Reader, reading
from sitrack.record.stays import Journey, Stay

_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Month:
    """What happened in one month.

    Attributes:
        first: its first day.
        last: its last day, or the day of the report where that comes sooner.
        opened: episodes that were opened.
        moved: moves from stage to stage.
        lost: losses to follow-up.
        returned: returns to care after a loss.
        finished: episodes that ended.
        decided: trials of which it became known whether they were reviewed in time.
        in_time: of these, how many were.
        running: trials that ran at its end.
        overdue: of these, how many were past the day of their review.
    """

    first: dt.date
    last: dt.date
    opened: int
    moved: int
    lost: int
    returned: int
    finished: int
    decided: int
    in_time: int
    running: int
    overdue: int

    @property
    def in_time_share(self) -> int | None:
        """Of a hundred trials, how many were reviewed in time; None where none was."""
        return round(100 * self.in_time / self.decided) if self.decided else None

    @property
    def overdue_share(self) -> int | None:
        """Of a hundred trials that ran at its end, how many were past their day."""
        return round(100 * self.overdue / self.running) if self.running else None


def trend(
    ledger: Ledger, asked: Asked, months: int, tell: Callable[[int], None]
) -> tuple[dt.date, Sequence[Month]]:
    """Return (day, the last months up to it, earliest first).

    Args:
        ledger: the record.
        asked: which episodes, as of when.
        months: how many, the one that the day is in among them.
        tell: called with how many in a hundred journeys were read.

    Raises:
        BadInput: the day lies ahead.
    """
    with reading(ledger) as connection:
        day = day_of(connection, ledger, asked)
        spans = _months(day, months)
        counts: dict[dt.date, Counter[str]] = {first: Counter() for first, _ in spans}
        tried = []
        for journey in journeys(connection, ledger, asked, day):
            for what, on in _happened(journey):
                if on >= spans[0][0]:
                    counts[on.replace(day=1)][what] += 1
            if _since(journey, spans[0][0]):
                tried.append(journey[0].episode)
        for trial in _trials(connection, ledger, asked, day, tried, tell):
            _count_trial(trial, spans, counts, day)
    return day, [
        Month(first, last, **{name: counts[first][name] for name in _COUNTED})
        for first, last in spans
    ]


_COUNTED: Final = (
    *("opened", "moved", "lost", "returned", "finished"),
    *("decided", "in_time", "running", "overdue"),
)


def _months(day: dt.date, number: int) -> list[tuple[dt.date, dt.date]]:
    """The first and the last day of each month, up to a day."""
    spans: list[tuple[dt.date, dt.date]] = []
    first, last = day.replace(day=1), day
    for _ in range(number):
        spans.insert(0, (first, last))
        last = first - _DAY
        first = last.replace(day=1)
    return spans


def _happened(journey: Journey) -> Iterator[tuple[str, dt.date]]:
    before: Stay | None = None
    for stay in journey:
        if before is None:
            yield "opened", stay.entered
        elif stay.stage == Stage.CLOSED:
            yield "finished", stay.entered
        elif before.lost is not None:
            yield "returned", stay.entered
        else:
            yield "moved", stay.entered
        if stay.lost is not None:
            yield "lost", stay.lost
        before = stay


def _since(journey: Journey, first: dt.date) -> bool:
    """Whether anything of a journey was under way since a day."""
    last = journey[-1]
    return last.stage != Stage.CLOSED or last.entered >= first


# --- trials


def _trials(
    connection: Reader,
    ledger: Ledger,
    asked: Asked,
    day: dt.date,
    keys: Sequence[str],
    tell: Callable[[int], None],
) -> Iterator[Trial]:
    """The trials of journeys, each read from its entries."""
    protocols: dict[str, Protocol] = {}
    found = history.episodes_at(
        connection, ledger, keys, as_of=day, as_known=asked.as_known
    )
    for number, episode in enumerate(found, 1):
        if episode.protocol not in protocols:
            name = episode.protocol
            protocols[name] = library.pinned(connection, name)
        yield from trials(episode, protocols[episode.protocol])
        tell(100 * number // len(keys))


def _count_trial(
    trial: Trial,
    spans: Iterable[tuple[dt.date, dt.date]],
    counts: dict[dt.date, Counter[str]],
    day: dt.date,
) -> None:
    if trial.is_decided(day):
        known = trial.ended if trial.in_time and trial.ended else trial.until + _DAY
        if (month := counts.get(known.replace(day=1))) is not None:
            month["decided"] += 1
            month["in_time"] += trial.in_time
    for first, last in spans:
        if trial.begun <= last and trial.runs(last):
            counts[first]["running"] += 1
            counts[first]["overdue"] += trial.due < last
