"""`sitrack show KEY --timeline`: one episode over time, on the screen or as a picture."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sitrack.cli.output import View
from sitrack.cli.pictures import show_and_draw

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.cli.shell import Shell
    from sitrack.coordination.questions import When
    from sitrack.exchange.charts import Chart
    from sitrack.journey.patient import EpisodeKey
    from sitrack.journey.timeline import Timeline

_COLUMNS = ("what", "name", "since", "until", "scale", "pain", "number")


def show_timeline(shell: Shell, key: EpisodeKey, when: When, out: str | None) -> None:
    """Show the stays, procedures, pain and holds of one episode."""
    from sitrack.cli.screens import timeline as screens
    from sitrack.cli.show import timed
    from sitrack.coordination.questions import story
    from sitrack.journey.timeline import timeline

    patient, day, episode = story(shell.ledger, key, when)
    found = timeline(episode, day)
    title = f"{key}  {patient.initials}  {key.side.value} SI joint"
    view = View(
        schema="sitrack.timeline/1",
        as_of=day,
        columns=_COLUMNS,
        rows=list(_rows(found)),
        screen=lambda width: timed(
            screens.lines(title, found, width, _brush()), shell, when
        ),
        extra={
            "as_known": when.as_known,
            "episode": str(key),
            "initials": patient.initials,
            "side": key.side.value,
            "first": found.first,
        },
    )

    def chart() -> Chart:
        from sitrack.cli.reports.journey import journey

        return journey(title, found)

    show_and_draw(shell, view, out, chart)


def _brush() -> Any:
    """What the terminal can draw with."""
    from sitrack.cli.screens.timeline import FINE, PLAIN

    wanted = "".join(getattr(FINE, name) for name in FINE.__slots__)
    try:
        wanted.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return PLAIN
    return FINE


def _rows(found: Timeline) -> Iterator[dict[str, Any]]:
    """What happened, in the order of its days."""
    rows = [
        {"what": what, "name": each.name, "since": each.since, "until": each.until}
        | {"scale": None, "pain": None, "number": each.number}
        for what, stretches in (("stay", found.stays), ("hold", found.holds))
        for each in stretches
    ]
    rows += [
        {
            "what": "procedure" if each.is_procedure else each.kind,
            "name": each.kind,
            "since": each.day,
            "until": each.day,
            "scale": each.scale,
            "pain": None if each.pain is None else f"{each.pain.normalize():f}",
            "number": each.number,
        }
        for each in found.facts
    ]
    yield from sorted(rows, key=lambda row: (row["since"], row["number"]))
