"""One round: due, claim, send, write down. Level-triggered, so that nothing is lost.

Each round asks the record what is due; no timer holds any truth, and a round never
touches an episode's stream. It has an end: it takes what was due at its own start, and
no more. It stops when it is asked to, and gives back what it still holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sitrack.errors import Unavailable
from sitrack.record import library
from sitrack.record.ledger import Ledger, present_instant, reading
from sitrack.reminders.channels import Channel
from sitrack.reminders.desk import Desk
from sitrack.reminders.happening import Happening, RoundReport
from sitrack.reminders.making import Ways, make_rows
from sitrack.reminders.rules import kind_of_address
from sitrack.reminders.sending import Post
from sitrack.reminders.undeliverable import tell_of_undeliverable
from sitrack.settings import Settings

AnyDesk = TypeVar("AnyDesk", bound=Desk)


def run_round(
    ledger: Ledger,
    settings: Settings,
    channel: Channel,
    tell: Callable[[Happening], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
    *,
    for_patients: Channel | None = None,
    keeps: bool = True,
) -> RoundReport:
    """Make the rows whose day has come, then send what may leave now.

    Args:
        ledger: the record.
        settings: for the send windows, caps, the lease, and the clinic's addresses.
        channel: the way out to staff; rows of other channels are left alone.
        tell: called with each happening of the sending, as it comes.
        stopping: asked before each message; True ends the round there.
        for_patients: the way out to consenting patients; None reminds no patient.
        keeps: whether the report remembers every happening, or only counts them.

    Raises:
        Unavailable: the database cannot be written, or no address is set for e-mail.
    """
    refuse_nowhere(settings, channel.name)
    desk = opened(Desk, ledger, settings)
    desk.report.tell, desk.report.keeps = tell, keeps
    tell_of_undeliverable(desk, channel)
    do_round(desk, channel, for_patients, stopping)
    return desk.report


def opened(kind: type[AnyDesk], ledger: Ledger, settings: Settings) -> AnyDesk:
    """Return a desk at which a round can begin now."""
    with reading(ledger) as connection:
        report = RoundReport(present_instant(connection, ledger))
        calendar = library.current(connection).calendar
    return kind(ledger, settings, calendar, report)


def do_round(
    desk: Desk,
    channel: Channel,
    for_patients: Channel | None,
    stopping: Callable[[], bool],
) -> None:
    """Do one round at a desk: the real one, or that of a rehearsal."""
    patients = for_patients.name if for_patients else None
    make_rows(desk, Ways(channel.name, patients))
    Post(desk, channel, stopping).send_due()
    if for_patients is not None and for_patients.name != channel.name:
        Post(desk, for_patients, stopping).send_due()


def refuse_nowhere(settings: Settings, channel: str) -> None:
    """Refuse to send where what belongs to nobody would be lost.

    Raises:
        Unavailable: no address of the clinic is set.
    """
    if kind_of_address(channel) == "email" and not settings["clinic.address"]:
        raise Unavailable(
            "reminders without a coordinator would go nowhere",
            "set clinic.address in the settings, or SITRACK_CLINIC_ADDRESS",
        )
