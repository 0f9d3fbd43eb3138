"""`sitrack episode`: the frame of a journey."""

from __future__ import annotations

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, show_view, table
from sitrack.cli.record import tell
from sitrack.cli.shell import Shell, read_text, reads, writes


@click.group(cls=Group, context_settings=CONTEXT)
def episode() -> None:
    """Open, list and reopen episodes of care.

    \b
      sitrack episode open P01428 --side right
      sitrack episode list
      sitrack episode reopen P01428-R --reason new-pain-report
    """


@episode.command("open", context_settings=CONTEXT)
@click.argument("patient")
@click.option(
    "--side", type=click.Choice(["left", "right"]), required=True, help="Which joint."
)
@click.option("--on", metavar="DATE", help="The first day of the episode.")
@click.option("--coordinator", metavar="WHO", help="Who looks after it (a staff id).")
@writes
def open_(
    shell: Shell,
    patient: str,
    side: str,
    on: str | None,
    coordinator: str | None,
    dry_run: bool,
) -> None:
    """Open an episode on one side; it begins in the stage injection.

    \b
      sitrack episode open P01428 --side right
      sitrack episode open P01428 --side left --on 2025-01-06
    """
    from sitrack.coordination.episodes import open_episode
    from sitrack.pathway.stages import Side

    done = open_episode(
        shell.ledger,
        shell.author,
        patient,
        Side(side),
        on=shell.day(on),
        coordinator=coordinator,
        dry_run=dry_run,
    )
    tell(shell, done)


@episode.command("list", context_settings=CONTEXT)
@click.argument("patient", required=False)
@reads
def list_(shell: Shell, patient: str | None) -> None:
    """List every episode, or one patient's.

    \b
      sitrack episode list
      sitrack episode list P01428
    """
    from sitrack.coordination.questions import all_standings, person, today_of
    from sitrack.journey.patient import read_patient_key
    from sitrack.pathway.stages import title_of

    key = read_patient_key(patient) if patient else None
    if key is not None:
        person(shell.ledger, key)
    standings = all_standings(shell.ledger, key)
    columns = ("episode", "initials", "stage", "status", "since", "coordinator")
    rows = [{name: getattr(row, name) for name in columns} for row in standings]
    cells = [
        (
            row.episode,
            row.initials,
            title_of(row.stage),
            row.status,
            str(row.since),
            row.coordinator or "-",
        )
        for row in standings
    ]
    heads = ("EPISODE", "PATIENT", "STAGE", "STATUS", "SINCE", "COORDINATOR")
    view = View(
        schema="sitrack.episodes/1",
        as_of=today_of(shell.ledger),
        columns=columns,
        rows=rows,
        screen=lambda _width: (
            table(heads, cells, (11, 7, 18, 8, 10, 16))
            if cells
            else [
                "No episode yet.",
                "Next: sitrack episode open PATIENT --side left|right",
            ]
        ),
    )
    show_view(view, shell.form, pager=shell.pager)


@episode.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@click.option("--reason", metavar="CODE", help="new-pain-report or consultant-reply.")
@click.option("--on", metavar="DATE", help="When it happened.")
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@click.option("--expect-version", type=int, metavar="N", help="Refuse if it moved on.")
@writes
def reopen(
    shell: Shell,
    episode_key: str,
    reason: str | None,
    on: str | None,
    text: str | None,
    expect_version: int | None,
    dry_run: bool,
) -> None:
    """Bring a referred or finished episode back to re-evaluation.

    \b
      sitrack episode reopen P01428-R --reason new-pain-report
    """
    from sitrack.coordination import episodes
    from sitrack.pathway.stages import Stage

    step = episodes.Step(
        target=Stage.REEVALUATION.value,
        command="episode reopen",
        on=shell.day(on),
        reason=reason,
        text=read_text(text),
    )
    done = episodes.advance(
        shell.ledger,
        shell.author,
        episodes.find_key(shell.ledger, episode_key),
        step,
        expect_version=expect_version,
        dry_run=dry_run,
    )
    tell(shell, done)
