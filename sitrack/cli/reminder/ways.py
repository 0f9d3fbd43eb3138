"""What every run has around it: its channels, for staff and for patients, and its seal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

import click

from sitrack.cli.shell import Shell, account_name
from sitrack.errors import SitrackError
from sitrack.settings import CHANNELS

if TYPE_CHECKING:
    from sitrack.reminders.channels import Channel

CHANNEL = click.option(
    "--channel", type=click.Choice(CHANNELS), help="Remind staff this way."
)


def staff_channel(shell: Shell, given: str | None) -> str:
    """Return the channel for staff: of the flag, else of the settings."""
    return given or str(shell.settings["reminders.channel"])


def patient_channel(shell: Shell) -> str | None:
    """Return the channel for patients, or None where they are not reminded."""
    return str(shell.settings["reminders.patient_channel"]) or None


@contextlib.contextmanager
def opened(
    shell: Shell, given: str | None, out: TextIO
) -> Iterator[tuple[Channel, Channel | None]]:
    """Open the channels for staff and for patients, and close them in the end."""
    from sitrack.reminders.channels import open_channel

    name, to_patients = staff_channel(shell, given), patient_channel(shell)
    with contextlib.ExitStack() as stack:
        staff = open_channel(name, shell.settings, out)
        stack.callback(staff.close)
        if to_patients in {None, name}:
            yield staff, staff if to_patients else None
            return
        patients = open_channel(str(to_patients), shell.settings, out)
        stack.callback(patients.close)
        yield staff, patients


def seal_what_is_new(shell: Shell, before: str = "") -> str:
    """Seal where it is time; that it cannot be is no failure of a round.

    Args:
        shell: the run.
        before: what went wrong the last time: it is not said again.

    Returns:
        What went wrong, or nothing.
    """
    from sitrack.coordination.sealing import seal_in_round

    try:
        seal_in_round(shell.ledger, shell.settings, account_name())
    except SitrackError as error:
        if error.message != before:
            shell.say(f"warning: not sealed: {error.message}")
        return error.message
    return ""
