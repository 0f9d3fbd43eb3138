"""Once a day the lead is told how many reminders could not be delivered.

They stand in band `!` of the worklist as well; but whoever does not look there, because
no reminder comes, should hear of it too. It is work of a period: one process does it.
"""

from __future__ import annotations

import datetime as dt

from sitrack.record import backlog, periods
from sitrack.reminders import rules
from sitrack.reminders.channels import Channel, DeliveryFailure
from sitrack.reminders.desk import Desk
from sitrack.reminders.wording import undeliverable_message

NAME = "undeliverable"
_LEASE = dt.timedelta(minutes=10)


def tell_of_undeliverable(desk: Desk, channel: Channel) -> None:
    """Tell the lead, or the clinic, of what earlier rounds had to give up.

    Nobody is told twice on one day.
    What fails here is tried again once the lease has run out, under the same key.
    """
    with desk.reading() as connection:
        count = len(backlog.dead_rows(connection))
        now = desk.now(connection)
    if not count or not desk.window(None).is_open(now):
        return
    day = desk.day_of(now)
    with desk.writing() as work:
        is_ours = periods.begin(
            work.connection,
            NAME,
            day.isoformat(),
            worker=desk.worker,
            real_now=desk.real_now(work.connection),
            lease=_LEASE,
        )
    if not is_ours:
        return
    key = rules.digest_key(desk.ledger.ledger_id, NAME, channel.name, day)
    to = desk.settings["clinic.lead_address"] or desk.settings["clinic.address"]
    try:
        channel.send(undeliverable_message(count, recipient_address=to, key=key))
    except DeliveryFailure:
        return
    with desk.writing() as work:
        periods.finish(work.connection, NAME, day.isoformat(), work.now)
