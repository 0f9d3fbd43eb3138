"""What is due, and what goes out for it.

`agenda` is made of the entries and can be made again; `delivery` is only ever added to.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from sitrack.record.columns import Day, Instant, Number
from sitrack.record.tables.ledger import metadata

agenda = Table(
    "agenda",
    metadata,
    Column(
        "episode",
        Text,
        ForeignKey("episode.key", name="fk_agenda_episode"),
        nullable=False,
    ),
    Column("visit", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("anchor", Day, nullable=False),
    Column("show_from", Day, nullable=False),
    Column("due", Day, nullable=False),
    Column("title", Text, nullable=False),
    Column("waits_for", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("resolved_by", Text, nullable=False),
    # The next reminder step of this line and its day; NULL once the last was made.
    Column("step", Text),
    Column("step_on", Day),
    # Attempts to reach the patient since it was due; NULL where no ladder runs on it.
    Column("tries", Integer),
    # It stands before everything else on the worklist.
    Column("urgent", Integer, server_default=text("0"), nullable=False),
    PrimaryKeyConstraint("episode", "visit", "rule", "occurrence", name="pk_agenda"),
    Index("ix_agenda_show_from", "show_from"),
    sqlite_strict=True,
)
Index("ix_agenda_step_on", agenda.c.step_on)

reminder = Table(
    "reminder",
    metadata,
    Column("id", Number, Identity(always=True), nullable=False),
    Column(
        "episode",
        Text,
        ForeignKey("episode.key", name="fk_reminder_episode"),
        nullable=False,
    ),
    Column("visit", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("due", Day, nullable=False),
    Column("status", Text, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("attempts", Integer, nullable=False),
    Column("worker", Text),
    # Why it did not go, or not yet, as a code.
    Column("last_error", Text),
    # It goes in a message of its own, and not in the digest of the day.
    Column("alone", Integer, server_default=text("0"), nullable=False),
    # The attempt to reach the patient that it asks for; NULL where it asks for none.
    Column("rung", Integer),
    Column("failures", Integer, server_default=text("0"), nullable=False),
    # The digest that carries it, by its key.
    Column("message", Text),
    PrimaryKeyConstraint("id", name="pk_reminder"),
    UniqueConstraint(
        "episode",
        "visit",
        "rule",
        "occurrence",
        "step",
        "recipient",
        "channel",
        name="uq_reminder_once",
    ),
    CheckConstraint(
        "status IN ('open', 'done', 'cancelled', 'dead')", name="ck_reminder_status"
    ),
    sqlite_strict=True,
)
Index("ix_reminder_next_at", reminder.c.next_at)
Index("ix_reminder_open", reminder.c.episode)
Index("ix_reminder_dead", reminder.c.episode)
Index("ix_reminder_recipient", reminder.c.recipient)
Index("ix_reminder_message", reminder.c.message)

message = Table(
    "message",
    metadata,
    Column("key", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("day", Day, nullable=False),
    Column("alone", Integer, nullable=False),
    Column("sent_at", Instant),
    PrimaryKeyConstraint("key", name="pk_message"),
    Index("ix_message_day", "recipient", "channel", "day"),
    Index("ix_message_sent_at", "channel", "sent_at"),
    sqlite_strict=True,
)
# One digest for each person, channel and day of the clinic.
Index(
    "uq_message_digest",
    message.c.recipient,
    message.c.channel,
    message.c.day,
    unique=True,
)

period_run = Table(
    "period_run",
    metadata,
    Column("name", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("leased_until", Instant),
    Column("finished_at", Instant),
    PrimaryKeyConstraint("name", "period", name="pk_period_run"),
    sqlite_strict=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column(
        "reminder",
        Number,
        ForeignKey("reminder.id", name="fk_delivery_reminder"),
        nullable=False,
    ),
    Column("attempt", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("detail", Text),
    PrimaryKeyConstraint("reminder", "attempt", "event", name="pk_delivery"),
    CheckConstraint(
        "event IN ('claimed', 'sent', 'failed', 'gave-up', 'suppressed')",
        name="ck_delivery_event",
    ),
    sqlite_strict=True,
)
# At most one completed delivery for each row, whatever the workers think.
Index("uq_delivery_sent_once", delivery.c.reminder, unique=True)

# Written out, and not bound: both databases would plan a statement anew each time it is
# run, to see by its values whether one of the partial indexes serves.
IS_OPEN: Final = reminder.c.status == literal_column("'open'")
IS_DEAD: Final = reminder.c.status == literal_column("'dead'")
IS_CANCELLED: Final = reminder.c.status == literal_column("'cancelled'")

PARTIAL: Final = {
    "ix_agenda_step_on": "step_on IS NOT NULL",
    "ix_reminder_next_at": "status = 'open'",
    "ix_reminder_dead": "status = 'dead'",
    "ix_reminder_open": "status = 'open'",
    "ix_reminder_recipient": "status = 'open'",
    "ix_reminder_message": "status = 'open'",
    "uq_message_digest": "alone = 0",
    "uq_delivery_sent_once": "event = 'sent'",
}
"""What limits these indexes in the database (the migrations make them so).

Said on the index itself, it would load every dialect's package at each start: a tenth
of the time that a command takes.
"""
