"""`sitrack reminder`: plan, run, or keep watch."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, table
from sitrack.cli.shell import Shell, account_name, reads
from sitrack.errors import PartlyDone, SitrackError
from sitrack.settings import CHANNELS

if TYPE_CHECKING:
    from sitrack.reminders.channels import Channel

_COLUMNS = (
    "episode",
    "rule",
    "step",
    "due",
    "recipient",
    "channel",
    "outcome",
    "at",
    "reason",
)
_CHANNELS = click.Choice(CHANNELS)


@click.group(cls=Group, context_settings=CONTEXT)
def reminder() -> None:
    """Send what has become due.

    \b
      sitrack reminder plan --until +7d
      sitrack reminder run              one round, for cron
      sitrack reminder watch            rounds for as long as it runs
    """


@reminder.command(context_settings=CONTEXT)
@click.option("--until", metavar="DATE", help="The last day to look at.")
@click.option("--channel", type=_CHANNELS, help="As if sent this way.")
@reads
def plan(shell: Shell, until: str | None, channel: str | None) -> None:
    """Show what would be sent, to whom and when; writes nothing.

    After it stands what was given up, as `dead`, with the reason.

    \b
      sitrack reminder plan
      sitrack reminder plan --until +7d
    """
    from sitrack.coordination.questions import today_of
    from sitrack.reminders.plan import plan_round

    name = channel or shell.settings["reminders.channel"]
    planned = plan_round(
        shell.ledger,
        shell.settings,
        name,
        shell.day(until),
        for_patients=shell.settings["reminders.patient_channel"] or None,
    )
    zone = shell.ledger.zone
    view = View(
        schema="sitrack.reminder-plan/1",
        as_of=today_of(shell.ledger),
        columns=_COLUMNS,
        rows=[_row(each) for each in planned],
        screen=lambda _width: _screen(planned, zone, name) or ["Nothing to send."],
    )
    shell.show(view)


@reminder.command(context_settings=CONTEXT)
@click.option("--channel", type=_CHANNELS, help="Send this way.")
@reads
def run(shell: Shell, channel: str | None) -> None:
    """Do one round: make what is due, send what may leave now, write it down.

    \b
      sitrack reminder run
      */5 * * * * sitrack reminder run --quiet      (a line for cron)
    """
    from sitrack.reminders.round import run_round

    name = channel or shell.settings["reminders.channel"]
    # Where stdout carries data, the console channel speaks on stderr.
    out = sys.stdout if shell.form == "table" else sys.stderr
    with _opened(shell, name, out) as (staff, patients):
        report = run_round(shell.ledger, shell.settings, staff, for_patients=patients)
    _seal(shell)
    counts = _counts(report)
    zone = shell.ledger.zone
    view = View(
        schema="sitrack.reminder-run/1",
        as_of=report.now,
        columns=_COLUMNS,
        rows=[_row(each) for each in report.happenings],
        screen=lambda _width: [
            *_screen(report.happenings, zone, name),
            _summary(counts),
        ],
        extra=counts,
    )
    shell.show(view, pager=False)
    if counts["failed"]:
        raise PartlyDone(
            f"{counts['failed']} of the reminders could not be sent",
            "those that `failed` are tried again; those that are `dead` stand, "
            "with the reason, in: sitrack reminder plan",
        )


def _seal(shell: Shell) -> None:
    """Seal what is new where it is time; that it cannot be is no failure of a round."""
    from sitrack.coordination.sealing import seal_in_round

    try:
        seal_in_round(shell.ledger, shell.settings, account_name())
    except SitrackError as error:
        shell.say(f"warning: not sealed: {error.message}")


@contextlib.contextmanager
def _opened(
    shell: Shell, name: str, out: TextIO
) -> Iterator[tuple[Channel, Channel | None]]:
    """Open the ways out to staff and to patients, and close them in the end."""
    from sitrack.reminders.channels import open_channel

    to_patients = shell.settings["reminders.patient_channel"]
    with contextlib.ExitStack() as stack:
        staff = open_channel(name, shell.settings, out)
        stack.callback(staff.close)
        if to_patients in {"", name}:
            yield staff, staff if to_patients else None
            return
        patients = open_channel(to_patients, shell.settings, out)
        stack.callback(patients.close)
        yield staff, patients


def _counts(report: Any) -> dict[str, int]:
    return {
        "fired": report.count("fired"),
        "sent": report.count("sent"),
        "suppressed": report.count("suppressed"),
        "failed": report.count("failed", "dead"),
    }


def _summary(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts.items())


def _row(each: Any) -> dict[str, Any]:
    return {name: getattr(each, name) for name in _COLUMNS}


def _screen(happenings: Any, zone: Any, channel: str) -> list[str]:
    if not happenings:
        return []
    cells = [
        (
            each.outcome,
            each.episode,
            each.rule,
            each.step,
            str(each.due),
            each.recipient,
            f"{each.at.astimezone(zone):%a %m-%d %H:%M}",
        )
        for each in happenings
    ]
    heads = ("OUTCOME", "EPISODE", "RULE", "STEP", "DUE", "TO", "AT")
    head, *lines = table(heads, cells, (9, 9, 11, 6, 10, 8, 15))
    noted = [head]
    for line, each in zip(lines, happenings, strict=True):
        noted += [line, *(f"{'':9}  {note}" for note in _notes(each, channel))]
    return noted


def _notes(each: Any, channel: str) -> list[str]:
    """Return what somebody has to know of a reminder besides its line."""
    notes = [f"reason: {each.reason}"] if each.reason else []
    if each.outcome == "planned" and each.channel != channel:
        notes.append(f"leaves by: sitrack reminder run --channel {each.channel}")
    return notes


@reminder.command(context_settings=CONTEXT)
@click.option("--channel", type=_CHANNELS, help="Send this way.")
@click.option(
    "--every", type=click.IntRange(1, 3600), default=5, help="Seconds between rounds."
)
@reads
def watch(shell: Shell, channel: str | None, every: int) -> None:
    """Run a round every few seconds, in the foreground, until stopped.

    \b
      sitrack reminder watch
      sitrack reminder watch --channel email --every 30
    """
    from sitrack.reminders.round import run_round
    from sitrack.reminders.schedule import watch as keep_watch

    name = channel or shell.settings["reminders.channel"]
    ledger = shell.ledger

    def stepped(seconds: float) -> None:
        from sitrack.record.clock_steps import note_moved

        shell.say(f"warning: the clock moved by {seconds:.0f} s")
        note_moved(ledger, account_name(), seconds)

    def failed(error: BaseException) -> None:
        words = getattr(error, "message", "a round failed")
        shell.say(f"warning: {words}; trying again in {every} s")

    with _opened(shell, name, sys.stdout) as (staff, patients):

        def one_round(stopping: Callable[[], bool]) -> None:
            report = run_round(
                ledger,
                shell.settings,
                staff,
                stopping=stopping,
                for_patients=patients,
                keeps=False,
            )
            _seal(shell)
            if report.counts:
                at = f"{report.now:%Y-%m-%dT%H:%M:%SZ}"
                shell.say(f"{at} {_summary(_counts(report))}")

        shell.say(f"watching, a round every {every} s; stop with Ctrl-C")
        keep_watch(
            one_round,
            interval_seconds=every,
            on_clock_step=stepped,
            on_error=failed,
        )
