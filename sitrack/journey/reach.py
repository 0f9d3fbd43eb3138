"""Did it help to remind and to call? Who came back within fifteen days. Pure.

A *try* is a reminder that was sent about something that waits for the patient, or an
attempt to reach the patient. Whoever gave evidence in person afterwards came back. What
came back counts for each try that went before it, for nobody can say which one it was.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

RETURN_WITHIN: Final = 15
"""Days from a try: whoever comes later was not brought back by it."""

IN_PERSON: Final = (
    *("injection", "block", "rfa", "fusion", "visit"),
    *("diary", "score", "exam", "screen", "therapy", "imaging", "lab"),
)
"""Evidence that there is only where the patient came, or answered for themselves."""

Name = tuple[str, ...]
Fate = Literal["returned", "not", "waiting"]


@dataclass(frozen=True, slots=True)
class Try:
    """One try to bring a patient back.

    Attributes:
        episode: the key of the episode.
        day: the clinical day on which it was made.
        way: `reminder` or `contact`.
        to: `patient`, or `staff` where a coordinator was told to see to it.
        channel: how it went.
        outcome: `sent` of a reminder, or what came of the contact.
    """

    episode: str
    day: dt.date
    way: str
    to: str
    channel: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Row:
    """What became of some tries.

    Attributes:
        name: what they have in common.
        tries: how many there were.
        episodes: about how many episodes.
        returned: tries after which the patient came back in time.
        waiting: tries of which that cannot be said yet.
        median_days: from the try to the return, or None where nobody returned.
    """

    name: Name
    tries: int
    episodes: int
    returned: int
    waiting: int
    median_days: float | None

    @property
    def decided(self) -> int:
        """The tries of which it is known whether the patient came back in time."""
        return self.tries - self.waiting

    @property
    def share(self) -> int | None:
        """Of the decided tries, how many in a hundred were followed by a return."""
        return round(100 * self.returned / self.decided) if self.decided else None


@dataclass(frozen=True, slots=True)
class Reach:
    """What the tries of a span brought.

    Attributes:
        rows: in the order of their names.
        episodes: how many episodes were tried to be brought back.
        returned: of these, who came back in time after any try.
        waiting: of the others, whose days are not over yet.
    """

    rows: Sequence[Row]
    episodes: int
    returned: int
    waiting: int


def by_way(each: Try) -> Name:
    """Name a try by how it was made and what came of it."""
    return each.way, each.to, each.channel, each.outcome


def by_week(each: Try) -> Name:
    """Name a try by the Monday of its week."""
    return ((each.day - dt.timedelta(days=each.day.weekday())).isoformat(),)


def reach_of(
    tries: Iterable[Try],
    seen: Mapping[str, Sequence[dt.date]],
    today: dt.date,
    name_of: Callable[[Try], Name],
) -> Reach:
    """Return what became of tries.

    Args:
        tries: of a span that ends today.
        seen: by episode, the days on which there is evidence given in person.
        today: the last day that is looked at.
        name_of: what tries of one row have in common.
    """
    rows: dict[Name, list[tuple[Try, int | None]]] = defaultdict(list)
    fates: dict[str, set[Fate]] = defaultdict(set)
    for each in tries:
        after = _days_until_return(each, seen.get(each.episode, ()))
        rows[name_of(each)].append((each, after))
        fates[each.episode].add(_fate(each, after, today))
    back = sum("returned" in each for each in fates.values())
    undecided = sum(
        "waiting" in each and "returned" not in each for each in fates.values()
    )
    return Reach(
        rows=[_row(name, rows[name], today) for name in sorted(rows)],
        episodes=len(fates),
        returned=back,
        waiting=undecided,
    )


def _days_until_return(each: Try, seen: Sequence[dt.date]) -> int | None:
    after = ((day - each.day).days for day in seen)
    return min((days for days in after if 0 <= days <= RETURN_WITHIN), default=None)


def _fate(each: Try, after: int | None, today: dt.date) -> Fate:
    if after is not None:
        return "returned"
    return "waiting" if (today - each.day).days < RETURN_WITHIN else "not"


def _row(name: Name, found: Sequence[tuple[Try, int | None]], today: dt.date) -> Row:
    days = [after for _, after in found if after is not None]
    fates = [_fate(each, after, today) for each, after in found]
    return Row(
        name=name,
        tries=len(found),
        episodes=len({each.episode for each, _ in found}),
        returned=len(days),
        waiting=fates.count("waiting"),
        median_days=statistics.median(days) if days else None,
    )
