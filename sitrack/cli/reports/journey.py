"""One journey as a picture; whose it is, is told by key and initials alone."""

from __future__ import annotations

from collections.abc import Iterator

from sitrack.exchange.charts import Bar, Chart, Dots, Stretches
from sitrack.journey.timeline import LOWEST, Timeline
from sitrack.pathway.stages import title_of

_NAMES = {"rfa": "RFA"}
_MOST = {"nrs": 10, "vas": 100}


def journey(title: str, found: Timeline) -> Chart:
    """Return the stays of an episode, and beneath them what was done and the pain."""
    stages = list(dict.fromkeys(stay.name for stay in found.stays))
    pain = list(found.pain())
    told = [(day, float(value)) for day, value, kind in pain if kind != LOWEST]
    low = [(day, float(value)) for day, value, kind in pain if kind == LOWEST]
    scale = found.scale or "nrs"
    days = {"first": found.first, "last": found.last}
    dots = Dots(
        series=[("pain", told), ("lowest of a diary", low)],
        events=[
            (each.day, _NAMES.get(each.kind, each.kind))
            for each in found.facts
            if each.is_procedure
        ],
        unit=f"pain, {scale.upper()}",
        most=_MOST[scale],
        **days,
    )
    rows = [title_of(stage) for stage in stages]
    return Chart(
        title=f"{title}, {found.first} to {found.last}",
        panels=[Stretches(rows, list(_bars(found, stages)), **days), dots],
        heads=("what", "since", "until", "pain"),
        rows=list(_told(found)),
        notes=["Hatched: on hold. An arrow: it lasts."],
    )


def _bars(found: Timeline, stages: list[str]) -> Iterator[Bar]:
    for stay in found.stays:
        row, lasts = stages.index(stay.name), stay.until is None
        until = stay.until or found.last
        yield Bar(row, stay.since, until, lasts=lasts)
        for hold in found.holds:
            first = max(stay.since, hold.since)
            last = min(until, hold.until or found.last)
            if first < last:
                yield Bar(row, first, last, held=True)


def _told(found: Timeline) -> Iterator[tuple[str, str, str, str]]:
    """The same as a table, in the order of its days."""
    lines = [
        (each.since, each.number, what, str(each.until or "-"), "-")
        for each, what in (
            *((stay, title_of(stay.name)) for stay in found.stays),
            *((hold, f"on hold: {hold.name}") for hold in found.holds),
        )
    ]
    lines += [
        (
            each.day,
            each.number,
            f"{_NAMES.get(each.kind, each.kind)}",
            str(each.day),
            "-" if each.pain is None else f"{each.pain.normalize():f} {each.scale}",
        )
        for each in found.facts
    ]
    for since, _, what, until, pain in sorted(lines):
        yield what, str(since), until, pain
