"""`sitrack show`: one patient or one episode on one screen."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.access import masks
from sitrack.cli.failures import finding_json
from sitrack.cli.output import View
from sitrack.cli.pictures import out_option, refuse_unless_drawable
from sitrack.cli.shell import Shell, reads_in_time
from sitrack.cli.why import broken_json
from sitrack.errors import BadInput

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.coordination.questions import When
    from sitrack.journey.patient import EpisodeKey

COLUMNS = ("episode", "rule", "due", "days", "title", "waits_for")
"""What is due of one episode, in a pipe."""


@click.command()
@click.argument("key")
@click.option("--mask/--no-mask", default=True, help="Initials, or names in full.")
@click.option("--timeline", is_flag=True, help="Stages, procedures and pain over time.")
@out_option
@reads_in_time
def show(
    shell: Shell,
    key: str,
    mask: bool,
    timeline: bool,
    out: str | None,
    as_of: str | None,
    as_known: str | None,
) -> None:
    """Show one patient or one episode on one screen.

    \b
      sitrack show P01428
      sitrack show P01428-R
      sitrack show P01428-R --as-of 2025-05-01
      sitrack show P01428-R --timeline --out journey.svg
    """
    from sitrack.coordination.questions import When
    from sitrack.journey.patient import is_patient_key, read_patient_key

    if out and not timeline:
        raise BadInput("only a timeline can be drawn", "--timeline --out FILE.svg")
    refuse_unless_drawable(out)
    when = When(shell.day(as_of), shell.instant(as_known))
    if timeline:
        from sitrack.cli.timeline import show_timeline
        from sitrack.coordination.episodes import find_key

        show_timeline(shell, find_key(shell.ledger, key), when, out)
        return
    masked = masks(shell, wanted=mask)
    if is_patient_key(key):
        show_patient(shell, read_patient_key(key), when, masked=masked)
    else:
        from sitrack.coordination.episodes import find_key

        show_episode(shell, find_key(shell.ledger, key), when, masked=masked)


def show_patient(shell: Shell, key: str, when: When, *, masked: bool) -> None:
    """Show one patient: who, and where each side stands."""
    from sitrack.cli.consent import row_of
    from sitrack.cli.screens import card
    from sitrack.coordination.consent import ways_to
    from sitrack.coordination.merging import merged_into
    from sitrack.coordination.questions import person

    found, day, standings = person(shell.ledger, key, when)
    ways = ways_to(shell.ledger, found.key)
    merged = merged_into(shell.ledger, found.key)
    extra: dict[str, Any] = {
        "as_known": when.as_known,
        "patient": found.key,
        "initials": found.initials,
        "payer": found.payer,
        "merged": merged,
        "reach": [
            row_of(way) | ({} if masked else {"address": way.address}) for way in ways
        ],
    }
    extra |= {} if masked else _in_full(found)
    columns = ("episode", "side", "stage", "status", "since", "coordinator")
    view = View(
        schema="sitrack.patient/1",
        as_of=day,
        columns=columns,
        rows=[{name: getattr(row, name) for name in columns} for row in standings],
        screen=lambda _width: timed(
            card.patient(found, standings, ways, day, masked=masked, merged=merged),
            shell,
            when,
        ),
        extra=extra,
    )
    shell.show(view)


def timed(lines: list[str], shell: Shell, when: When) -> list[str]:
    """A screen that says, below its first line, of which times it speaks."""
    from sitrack.cli.screens.history import times_asked

    if when.as_of is None and when.as_known is None:
        return lines
    known = when.as_known and when.as_known.astimezone(shell.ledger.zone)
    return [lines[0], times_asked(when.as_of, known), *lines[1:]]


def _in_full(found: Any) -> dict[str, Any]:
    who = found.person
    return {
        "given": who.given,
        "family": who.family,
        "born": who.born,
        "mrn": who.mrn,
    }


def show_episode(
    shell: Shell,
    key: EpisodeKey,
    when: When,
    *,
    masked: bool = True,
) -> None:
    """Show one episode: where it stands, what is due, where it may go."""
    from sitrack.cli.screens import card as screens
    from sitrack.cli.screens import quiet
    from sitrack.coordination.questions import card

    found = card(shell.ledger, key, when)
    story = found.episode
    moves = [
        {
            "move": each.move.id,
            "stage": each.move.target,
            "allowed": each.allowed,
            "findings": [finding_json(finding) for finding in each.unmet],
        }
        for each in found.ways
    ]
    view = View(
        schema="sitrack.show/1",
        as_of=found.day,
        columns=COLUMNS,
        rows=[{"episode": str(key), **_due_row(line, found.day)} for line in found.due],
        alone={"episode": str(key)},
        screen=lambda width: timed(
            screens.episode(found, width, masked=masked), shell, when
        ),
        extra={
            "as_known": when.as_known,
            "episode": str(key),
            "initials": found.patient.initials,
            **({} if masked else _in_full(found.patient)),
            "payer": found.patient.payer,
            "side": key.side.value,
            "stage": story.stage,
            "status": story.status.value,
            "since": story.visit.entered,
            **quiet.twin(story, found.day),
            "protocol": found.protocol.id,
            "coordinator": story.coordinator,
            "team": story.team,
            "offered_to": story.offer.to if story.offer else None,
            "version": story.version,
            "broken": broken_json(story),
            "moves": moves,
        },
    )
    shell.show(view)


def _due_row(line: Any, day: dt.date) -> dict[str, Any]:
    return {
        "rule": line.rule,
        "due": line.due,
        "days": (line.due - day).days,
        "title": line.title,
        "waits_for": line.waits_for,
    }
