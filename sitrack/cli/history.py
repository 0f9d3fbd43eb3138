"""`sitrack history`: every entry, as of a day and as known at a moment."""

from __future__ import annotations

from typing import Any

import click

from sitrack.cli.output import View
from sitrack.cli.shell import Shell, reads_in_time


@click.command()
@click.argument("episode")
@click.option("--reverse", is_flag=True, help="Latest first.")
@reads_in_time
def history(
    shell: Shell,
    episode: str,
    reverse: bool,
    as_of: str | None,
    as_known: str | None,
) -> None:
    """Show every entry of an episode.

    \b
      sitrack history P01428-R
      sitrack history P01428-R --as-of 2025-05-01      what was true that day
      sitrack history P01428-R --as-known 2025-05-01   what was written by then
    """
    from sitrack.cli.screens import history as screens
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.questions import When, chain_of, past

    key = find_key(shell.ledger, episode)
    when = When(shell.day(as_of), shell.instant(as_known))
    patient, today, lines = past(shell.ledger, key, when)
    chain = chain_of(shell.ledger, key)
    ordered = list(reversed(lines)) if reverse else list(lines)
    title = f"{key}  {patient.initials}  {key.side.value} SI joint"
    known = when.as_known and when.as_known.astimezone(shell.ledger.zone)
    times = screens.times_asked(when.as_of, known)
    view = View(
        schema="sitrack.history/1",
        as_of=when.as_of or today,
        columns=(
            "entry",
            "kind",
            "happened",
            "recorded",
            "what",
            "performer",
            "recorder",
            "source",
            "late",
            "corrects",
            "amended_by",
            "retracted",
        ),
        rows=[_row(str(key), line) for line in ordered],
        screen=lambda width: screens.lines(
            patient, title, times, ordered, chain, width
        ),
        extra={"episode": str(key), "as_known": when.as_known, "chain": chain},
    )
    shell.show(view)


def _row(key: str, line: Any) -> dict[str, Any]:
    from sitrack.cli.screens.entries import what

    entry = line.entry
    return {
        "entry": f"{key}#{entry.seq}",
        "number": entry.seq,
        "kind": entry.kind,
        "happened": line.day,
        "recorded": entry.recorded,
        "what": what(entry),
        "performer": entry.provenance.performer,
        "recorder": entry.provenance.recorder,
        "source": entry.provenance.source,
        "stage_from": entry.stage_from,
        "stage_to": entry.stage_to,
        "late": line.is_late,
        "corrects": entry.corrects,
        "amended_by": line.amended_by,
        "retracted": line.retracted,
        "batch": entry.batch,
        "hash": entry.hash,
        "payload": entry.payload,
    }
