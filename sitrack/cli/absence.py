"""`sitrack absence`: who is away, and who covers for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import NOT_KEPT, View, screen_width, table
from sitrack.cli.shell import Shell, reads, writes
from sitrack.cli.telling import Told, tell_entry


@click.group(cls=Group, context_settings=CONTEXT)
def absence() -> None:
    """Who is away, and who answers for their episodes meanwhile.

    \b
      sitrack absence add rivera --until +14d --cover okafor
      sitrack absence list
    """


@absence.command(context_settings=CONTEXT)
@click.argument("staff_id", metavar="WHO")
@click.option(
    "--from", "since", metavar="DATE", help="The first day; today if not given."
)
@click.option("--until", metavar="DATE", required=True, help="The last day.")
@click.option("--cover", metavar="WHO", help="Who answers for them.")
@writes
def add(
    shell: Shell,
    staff_id: str,
    since: str | None,
    until: str,
    cover: str | None,
    dry_run: bool,
) -> None:
    """Write down that somebody is away.

    During it their reminders go to the cover, and their episodes are the cover's on the
    worklist (`owner:me`). Without a cover they wait in their team's queue; those of no
    team stand in band !.

    \b
      sitrack absence add rivera --from +7d --until +21d --cover okafor
      sitrack absence add rivera --until +2d
    """
    from sitrack.coordination.questions import today_of
    from sitrack.coordination.teams import set_absence
    from sitrack.record.duty import Absence

    last = shell.day(until)
    assert last is not None  # noqa: S101 - an option that must be given
    away = Absence(staff_id, shell.day(since) or today_of(shell.ledger), last, cover)
    entry, left = set_absence(shell.ledger, shell.author, away, dry_run=dry_run)
    covered = f"{cover} covers" if cover else "nobody covers"
    said = f"{staff_id} is away from {away.since} to {away.until}; {covered}"
    days = f"--from {away.since} --until {away.until}" if since else f"--until {last}"
    # The same absence again: of two for the same days, the one written last counts.
    again = f"sitrack absence add {staff_id} {days}"
    then = f"{again} --cover WHO" if any(left) else None
    answer = {**_row(away), **left._asdict(), "next": then}
    told = _told(said, "sitrack.absence/1", answer)
    if then:
        shown = then if len(f"Next: {then}") <= screen_width() else _in_two_lines(again)
        told = replace(told, warnings=list(_left_to_nobody(left)), then=shown)
    tell_entry(shell, entry, told, dry_run=dry_run)


def _in_two_lines(again: str) -> str:
    """The command that names a cover, where it is too long for one line."""
    return f"{again} \\\n  --cover WHO"


def _left_to_nobody(left: Any) -> Iterator[str]:
    """How many open episodes are waiting meanwhile, and where they are found."""
    if left.alone:
        what = "open episode has" if left.alone == 1 else "open episodes have"
        yield f"{left.alone} {what} nobody who answers meanwhile: band ! while active"
    if left.queued:
        what = "open episode waits" if left.queued == 1 else "open episodes wait"
        yield f"{left.queued} {what} in the queue of a team meanwhile"


@absence.command(context_settings=CONTEXT)
@click.argument("staff_id", metavar="WHO")
@click.option("--on", metavar="DATE", help="The first day back; today if not given.")
@writes
def end(shell: Shell, staff_id: str, on: str | None, dry_run: bool) -> None:
    """Write down that somebody is back, or will not be away at all.

    \b
      sitrack absence end rivera
      sitrack absence end rivera --on +3d
    """
    from sitrack.coordination.teams import end_absence

    day, entry = end_absence(
        shell.ledger, shell.author, staff_id, shell.day(on), dry_run=dry_run
    )
    answer = {"staff": staff_id, "on": day}
    told = _told(f"{staff_id} is back on {day}", "sitrack.absence-ended/1", answer)
    tell_entry(shell, entry, told, dry_run=dry_run)


def _row(away: Any) -> dict[str, Any]:
    return {
        "staff": away.staff,
        "since": away.since,
        "until": away.until,
        "cover": away.cover,
    }


def _told(said: str, schema: str, answer: dict[str, Any]) -> Told:
    look = "sitrack absence list"
    return Told(said, f"{said}\n{NOT_KEPT}", schema, answer, look, then=look)


@absence.command("list", context_settings=CONTEXT)
@reads
def list_(shell: Shell) -> None:
    """List who is away today or later.

    \b
      sitrack absence list
    """
    from sitrack.coordination.teams import all_absences

    today, away = all_absences(shell.ledger)
    cells = [
        (each.staff, str(each.since), str(each.until), each.cover or "nobody")
        for each in away
    ]
    view = View(
        schema="sitrack.absences/1",
        as_of=today,
        columns=("staff", "since", "until", "cover"),
        rows=[_row(each) for each in away],
        screen=lambda _width: (
            table(("STAFF", "FROM", "UNTIL", "COVER"), cells, (20, 10, 10, 20))
            if cells
            else ["Nobody is away.", "Next: sitrack absence add WHO --until DATE"]
        ),
    )
    shell.show(view, pager=False)
