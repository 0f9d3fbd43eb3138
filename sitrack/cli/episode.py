"""`sitrack episode`: the frame of a journey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sitrack.cli import handing
from sitrack.cli.advance import make_move
from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, table
from sitrack.cli.record import tell
from sitrack.cli.shell import Shell, read_text, reads_in_time, writes
from sitrack.errors import BadInput
from sitrack.journey.patient import is_episode_key, is_patient_key


@click.group(cls=Group, context_settings=CONTEXT)
def episode() -> None:
    """The frame of a journey: open it, hold it, finish it, bring it back.

    \b
      sitrack episode open P01428 --side right
      sitrack episode hold P01428-R --reason pregnancy --review +90d
      sitrack episode finish P01428-R --disposition resolved
      sitrack episode reopen P01428-R --reason new-pain-report
    """


@episode.command("open", context_settings=CONTEXT)
@click.argument("patient")
@click.option(
    "--side", type=click.Choice(["left", "right"]), required=True, help="Which joint."
)
@click.option("--on", metavar="DATE", help="The first day of the episode.")
@click.option(
    "--coordinator", metavar="WHO|TEAM", help="Who looks after it; you, if not given."
)
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
@reads_in_time
def list_(
    shell: Shell, patient: str | None, as_of: str | None, as_known: str | None
) -> None:
    """List every episode, or one patient's.

    \b
      sitrack episode list
      sitrack episode list P01428
      sitrack episode list --as-of 2025-05-01
    """
    from sitrack.coordination.questions import When, all_standings, person
    from sitrack.journey.patient import read_patient_key
    from sitrack.pathway.stages import title_of

    key = read_patient_key(patient) if patient else None
    when = When(shell.day(as_of), shell.instant(as_known))
    if key is not None:
        key = person(shell.ledger, key, when)[0].key
    day, standings = all_standings(shell.ledger, key, when)
    columns = (
        *("episode", "initials", "stage", "status", "since"),
        *("coordinator", "team"),
    )
    rows = [{name: getattr(row, name) for name in columns} for row in standings]
    cells = [
        (
            row.episode,
            row.initials,
            title_of(row.stage),
            row.status,
            str(row.since),
            row.coordinator or (f"team {row.team}" if row.team else "-"),
        )
        for row in standings
    ]
    heads = ("EPISODE", "PATIENT", "STAGE", "STATUS", "SINCE", "COORDINATOR")
    view = View(
        schema="sitrack.episodes/1",
        as_of=day,
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
        extra={"as_known": when.as_known},
    )
    shell.show(view)


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
    from sitrack.coordination.episodes import Step
    from sitrack.pathway.stages import Stage

    step = Step(
        target=Stage.REEVALUATION.value,
        command="episode reopen",
        on=shell.day(on),
        reason=reason,
        text=read_text(text),
    )
    make_move(shell, episode_key, step, expect_version=expect_version, dry_run=dry_run)


@episode.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@click.option("--disposition", metavar="CODE", required=True, help="How it ends.")
@click.option("--on", metavar="DATE", help="When it happened.")
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@click.option("--expect-version", type=int, metavar="N", help="Refuse if it moved on.")
@writes
def finish(
    shell: Shell,
    episode_key: str,
    disposition: str,
    on: str | None,
    text: str | None,
    expect_version: int | None,
    dry_run: bool,
) -> None:
    """Finish an episode; nothing is due after it.

    \b
      sitrack episode finish P01428-R --disposition resolved
      sitrack episode finish P01428-R --disposition declined
    Codes: resolved, fusion-complete, declined, transferred, deceased,
    opened-in-error
    """
    from sitrack.coordination.episodes import Step
    from sitrack.pathway.stages import Stage

    step = Step(
        target=Stage.CLOSED.value,
        command="episode finish",
        on=shell.day(on),
        reason=disposition,
        text=read_text(text),
    )
    make_move(shell, episode_key, step, expect_version=expect_version, dry_run=dry_run)


_STATUS = [
    click.option("--on", metavar="DATE", help="When it happened."),
    click.option("--text", metavar="FILE", help="Why, in words: a file, or - (stdin)."),
    click.option(
        "--expect-version", type=int, metavar="N", help="Refuse if it moved on."
    ),
]


def _changes_status(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every change of status takes."""
    for option in reversed(_STATUS):
        command = option(command)
    return command


def _change(
    shell: Shell, typed: str, decide: Callable[[Any], Any], given: dict[str, Any]
) -> None:
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.parking import change_status

    done = change_status(
        shell.ledger,
        shell.author,
        find_key(shell.ledger, typed),
        decide,
        on=shell.day(given["on"]),
        text=read_text(given["text"]),
        expect_version=given["expect_version"],
        dry_run=given["dry_run"],
    )
    tell(shell, done)


@episode.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@click.option("--reason", metavar="CODE", help="Why, as a code.")
@click.option("--review", metavar="DATE", help="Look at it again then; always needed.")
@click.option(
    "--renew", type=int, metavar="N", help="Keep hold N instead of a new one."
)
@_changes_status
@writes
def hold(
    shell: Shell,
    episode_key: str,
    reason: str | None,
    review: str | None,
    renew: int | None,
    **given: Any,
) -> None:
    """Put an episode on hold: its clock stands still until it is resumed.

    \b
      sitrack episode hold P01428-R --reason pregnancy --review +90d
      sitrack episode hold P01428-R --renew 12 --review +60d
    Codes: pregnancy, hospitalised, acute-illness, authorisation-pending,
    optimisation, patient-request
    """
    from sitrack.journey import parking

    _refuse_half_a_hold(episode_key, reason, review, renew)
    day = shell.day(review)
    assert day is not None  # noqa: S101 - refused above where it is missing
    if renew is not None:
        _change(
            shell, episode_key, lambda asked: parking.renew(asked, renew, day), given
        )
    else:
        code = str(reason)
        _change(shell, episode_key, lambda asked: parking.hold(asked, code, day), given)


def _refuse_half_a_hold(
    key: str, reason: str | None, review: str | None, renew: int | None
) -> None:
    """Refuse a hold without all that it needs, and name everything that is missing.

    What was typed as a reason is not said again: it may be a word of a person.
    """
    if reason is not None and renew is not None:
        raise BadInput("give --reason for a new hold, or --renew N for one that lasts")
    missing = []
    if reason is None and renew is None:
        missing.append("--reason CODE (or --renew N)")
    if review is None:
        missing.append("--review DATE")
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        known = is_episode_key(key) or is_patient_key(key)
        why = "--reason pregnancy" if renew is None else f"--renew {renew}"
        raise BadInput(
            f"hold: {' and '.join(missing)} {verb} missing",
            f"sitrack episode hold {key if known else 'EPISODE'} {why} --review +60d",
        )


@episode.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@click.argument("number", type=int, required=False)
@_changes_status
@writes
def resume(shell: Shell, episode_key: str, number: int | None, **given: Any) -> None:
    """Release a hold; the last one brings the clock back.

    \b
      sitrack episode resume P01428-R
      sitrack episode resume P01428-R 12      one of several holds
    """
    from sitrack.journey import parking

    _change(shell, episode_key, lambda asked: parking.resume(asked, number), given)


@episode.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@_changes_status
@writes
def lost(shell: Shell, episode_key: str, **given: Any) -> None:
    """Mark an episode as lost to follow-up, once the patient was sought enough.

    \b
      sitrack episode lost P01428-R
    """
    from sitrack.journey import parking

    _change(shell, episode_key, parking.lose, given)


@episode.command("return", context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@_changes_status
@writes
def return_(shell: Shell, episode_key: str, **given: Any) -> None:
    """Return a lost patient to care.

    \b
      sitrack episode return P01428-R
    """
    from sitrack.journey import parking

    _change(shell, episode_key, parking.come_back, given)


for command in handing.COMMANDS:
    episode.add_command(command)
