"""`sitrack doctor`: is anything wrong, with somebody's care or with the record?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, show_view
from sitrack.cli.shell import Shell, reads
from sitrack.errors import NotEligible, Unavailable

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.coordination.checkup import Check

_COLUMNS: Final = ("check", "result", "what", "command")
_ROUND_WITHIN: Final = dt.timedelta(minutes=15)
_DUE_WITHIN: Final = dt.timedelta(hours=1)
_REMINDERS: Final = {
    "no-round": "rounds",
    "late": "backlog",
    "dead": "undeliverable",
    "full": "channels",
}
"""The check that answers for each problem of the reminders."""


@click.command(context_settings=CONTEXT)
@click.option("--exit-code", is_flag=True, help="End with 10 where something is wrong.")
@reads
def doctor(shell: Shell, exit_code: bool) -> None:
    """Look for what is wrong, with care and with the record, and say what mends it.

    It is quick, and shows keys alone. Every entry is read by: sitrack audit verify

    \b
      sitrack doctor
      sitrack doctor --json --exit-code      (for a monitor)
    """
    from sitrack.cli.screens.doctor import lines, row_of
    from sitrack.coordination.checkup import ASKS_FOR_SOMEBODY

    found, day = _examined(shell)
    view = View(
        schema="sitrack.doctor/1",
        as_of=day,
        columns=_COLUMNS,
        rows=[row_of(each) for each in found],
        screen=lambda width: lines(found, width),
        extra={"well": not any(each.result in ASKS_FOR_SOMEBODY for each in found)},
    )
    show_view(view, shell.form)
    if exit_code and not view.extra["well"]:
        raise click.exceptions.Exit(NotEligible.code)


def _examined(shell: Shell) -> tuple[list[Check], dt.date]:
    """Every check, and its day; that it was looked at is written down first.

    Where the record cannot be opened, or not be written, that is what is wrong, and
    nothing of anybody is told.
    """
    from sitrack.clock import machine_clock
    from sitrack.coordination.checkup import Check, Result
    from sitrack.coordination.questions import today_of

    try:
        checks = list(_of_the_record(shell))
        day = today_of(shell.ledger)
        shell.note(list(dict.fromkeys(key for each in checks for key in each.episodes)))
    except Unavailable as error:
        wrong = Check("record", Result.ERROR, error.message, error.hint)
        alone = _of_the_machine(shell, others_write=False)
        return [wrong, *alone], machine_clock().date()
    # Rounds that go on are another process, which writes beside this one.
    rounds = Check("rounds") in checks
    return [Check("record"), *checks, *_of_the_machine(shell, others_write=rounds)], day


def _of_the_machine(shell: Shell, *, others_write: bool) -> Iterator[Check]:
    from sitrack.coordination.checkup import machine

    yield from machine.checks(shell.settings, others_write=others_write)


def _of_the_record(shell: Shell) -> Iterator[Check]:
    from sitrack.coordination.checkup import care, ground
    from sitrack.coordination.questions import today_of
    from sitrack.record.ledger import reading

    today = today_of(shell.ledger)
    with reading(shell.ledger) as connection:
        yield from care.checks(connection, shell.ledger, today)
        yield from ground.checks(connection, shell.ledger)
    yield from _of_the_reminders(shell)


def _of_the_reminders(shell: Shell) -> Iterator[Check]:
    from sitrack.coordination.checkup import Check, Result
    from sitrack.reminders.health import Limits, health

    limits = Limits(_ROUND_WITHIN, _DUE_WITHIN)
    # What waits or was given up is somebody's work; without rounds nothing works.
    found = health(shell.ledger, shell.settings, limits)
    pulse = found.pulse
    # A record at which nobody has begun yet misses no round.
    unbegun = pulse.last_round is None and pulse.idle
    grave = {"no-round": Result.NOTE if unbegun else Result.ERROR}
    problems = {
        code: Check(_REMINDERS[code], grave.get(code, Result.WARNING), what, command)
        for code, what, command in found.problems
    }
    for code, name in _REMINDERS.items():
        yield problems.get(code, Check(name))
