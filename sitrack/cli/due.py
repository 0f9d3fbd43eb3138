"""`sitrack due`: what is due for one episode, and the arithmetic behind it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from sitrack.cli.output import View, show_view
from sitrack.cli.shell import Shell, reads_in_time


@click.command()
@click.argument("episode")
@click.option("--explain", is_flag=True, help="Show how each date came about.")
@reads_in_time
def due(
    shell: Shell, episode: str, explain: bool, as_of: str | None, as_known: str | None
) -> None:
    """Show what is due for an episode.

    \b
      sitrack due P01428-R
      sitrack due P01428-R --explain
    """
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.questions import When, card

    key = find_key(shell.ledger, episode)
    found = card(shell.ledger, key, When(shell.day(as_of), shell.instant(as_known)))
    zone = shell.ledger.zone.key
    rows = [_row(line, found, zone) for line in found.due]
    view = View(
        schema="sitrack.due/1",
        as_of=found.day,
        columns=("rule", "due", "days", "title", "anchor", "offset", "resolved_by"),
        rows=rows,
        screen=lambda width: _screen(found, rows, explain, width),
        extra={"episode": str(key), "stage": found.episode.stage, "zone": zone},
    )
    show_view(view, shell.form, pager=shell.pager)


def _row(line: Any, found: Any, zone: str) -> dict[str, Any]:
    rule = next(r for r in found.protocol.follow_ups if r.id == line.rule)
    return {
        "rule": line.rule,
        "due": line.due,
        "days": (line.due - found.day).days,
        "title": line.title,
        "waits_for": line.waits_for,
        "recipient": line.recipient,
        "show_from": line.show_from,
        "anchor": line.anchor,
        "anchor_is": rule.anchor,
        "offset": (line.due - line.anchor).days,
        "calendar": "every day",
        "holds": 0,
        "zone": zone,
        "sources": list(rule.citations),
        "resolved_by": line.resolved_by,
    }


def _screen(
    found: Any, rows: list[dict[str, Any]], explain: bool, width: int
) -> list[str]:
    from sitrack.cli.screens.worklist import when

    key = found.episode.key
    lines = [
        f"{key}  {found.patient.initials}  {key.side.value} SI joint  as of {found.day}"
    ]
    for row in rows:
        lines.append(
            f"  {when(row['due'], found.day):<18}{row['title']:<26}{row['rule']}"
        )
        if explain:
            lines += [f"      {text}"[:width] for text in _arithmetic(row)]
    return lines if rows else [*lines, "  Nothing is due."]


def _arithmetic(row: dict[str, Any]) -> list[str]:
    anchor: dt.date = row["anchor"]
    cited = ", ".join(row["sources"])
    named = "stage entered" if row["anchor_is"] == "entry" else row["anchor_is"]
    return [
        f"{named} {anchor} + {row['offset']} d = {row['due']:%a %Y-%m-%d}",
        f"calendar days in {row['zone']}, no days on hold",
        f"shown from {row['show_from']}; answered by {row['resolved_by']}",
        f"waits for the {row['waits_for']}; goes to the {row['recipient']} [{cited}]",
    ]
