"""What to know about evidence that was taken down all the same. Pure.

What happened is recorded whatever the rules think of it. Where the founding document
says that it is unusual, or its day looks mistyped, whoever writes it down is told so at
once, and only told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from sitrack.journey.episode import Episode
from sitrack.journey.evidence import Evidence, drug_class
from sitrack.pathway.stages import Stage, title_of

_OF_ITS_TIME: Final = frozenset({"score", "exam", "screen", "visit", "contact"})
"""Kinds that tell how things are; all others may be a patient's history."""
_LATELY: Final = dt.timedelta(days=182)
"""Less than a year, lest the year before, typed by habit in January, goes unseen."""
_HISTORY: Final = dt.timedelta(days=5 * 365)
"""Earlier care, surgery and images lie years back; beyond this, ask."""


def advice(episode: Episode, seq: int) -> list[str]:
    """Return what to know about an entry, each in one line; mostly nothing.

    Args:
        episode: as it stands after that entry.
        seq: the number of the entry.
    """
    fact = episode.entry(seq)
    if fact is None:
        return []
    asked = [_long_ago, _ADVICE.get(fact.kind, _nothing)]
    return [said for ask in asked if (said := ask(episode, fact))]


def _nothing(_episode: Episode, _fact: Evidence) -> None:
    return None


def _long_ago(episode: Episode, fact: Evidence) -> str | None:
    """A mistyped year would stand unseen at the far end of the history."""
    # What belongs to an earlier procedure is history with it.
    is_new = fact.kind in _OF_ITS_TIME and fact.about is None
    before = _LATELY if is_new else _HISTORY
    if episode.opened - fact.day <= before:
        return None
    return (
        f"{fact.day} is long before the opening, {episode.opened}: is the year right?"
    )


def _unguided(_episode: Episode, fact: Evidence) -> str | None:
    """Without an image nobody knows where the needle was (founding 10)."""
    if fact.values.get("guidance") == "none":
        return "without image guidance it shows nothing about the joint"
    return None


def _therapy(_episode: Episode, fact: Evidence) -> str | None:
    """General stretching can worsen instability (founding 20)."""
    if fact.values["type"] == "stretching-only":
        return "stretching alone can worsen instability"
    return None


def _medication(_episode: Episode, fact: Evidence) -> str | None:
    """Gabapentinoids are for suspected nerve irritation (founding 24)."""
    drug = drug_class(fact.values)
    if drug in {"gabapentin", "pregabalin"} and not fact.values.get("neuropathic"):
        return f"{drug} has no indication: --neuropathic says that nerves are irritated"
    return None


def _belt(episode: Episode, fact: Evidence) -> str | None:
    """A belt belongs to conservative care, for a while (founding 26, 27)."""
    stage = [v.stage for v in episode.visits if v.entered <= fact.day][-1:]
    if stage in ([], [Stage.CONSERVATIVE_CARE]):
        return None
    return f"a belt belongs to conservative care; this is {title_of(stage[0]).lower()}"


def _rfa(episode: Episode, fact: Evidence) -> str | None:
    """An RFA is guided, and treats the nerves that the block proved (30, 35)."""
    if fact.values.get("guidance") == "none":
        return "an RFA is done under image guidance"
    blocks = [each for each in episode.of_kind("block") if each.day <= fact.day]
    proved = blocks[-1].values["nerves"] if blocks else fact.values["nerves"]
    beyond = [nerve.upper() for nerve in fact.values["nerves"] if nerve not in proved]
    if beyond:
        return f"{' '.join(beyond)} not among the nerves of block #{blocks[-1].seq}"
    return None


_ADVICE: Final[Mapping[str, Callable[[Episode, Evidence], str | None]]] = {
    "injection": _unguided,
    "therapy": _therapy,
    "medication": _medication,
    "belt": _belt,
    "rfa": _rfa,
}
