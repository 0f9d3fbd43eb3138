"""The tables, as SQLAlchemy Core knows them; the same on SQLite and PostgreSQL.

The file is long because the schema is. Every constraint has a name.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sitrack.record.columns import Day, Instant, Number

metadata = MetaData()

instance = Table(
    "instance",
    metadata,
    Column("id", Integer, autoincrement=False),
    Column("ledger_id", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("synthetic", Integer, nullable=False),
    PrimaryKeyConstraint("id", name="pk_instance"),
    CheckConstraint("id = 1", name="ck_instance_one"),
    CheckConstraint("synthetic IN (0, 1)", name="ck_instance_synthetic"),
    sqlite_strict=True,
)

protocol = Table(
    "protocol",
    metadata,
    Column("hash", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("adopted", Text, nullable=False),
    PrimaryKeyConstraint("hash", name="pk_protocol"),
    sqlite_strict=True,
)

staff = Table(
    "staff",
    metadata,
    Column("id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("email", Text),
    # Where it is not the clinic's.
    Column("zone", Text),
    # The day from which they work with the record no more.
    Column("retired", Day),
    PrimaryKeyConstraint("id", name="pk_staff"),
    CheckConstraint(
        "role IN ('coordinator', 'clinician', 'auditor', 'scheduler', 'admin')",
        name="ck_staff_role",
    ),
    sqlite_strict=True,
)

patient = Table(
    "patient",
    metadata,
    Column("key", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("given", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("born", Day),
    Column("mrn", Text),
    Column("payer", Text),
    # Where it is not the clinic's.
    Column("zone", Text),
    # Under whose key they are cared for, where two turned out to be one.
    Column("merged_into", Text),
    PrimaryKeyConstraint("key", name="pk_patient"),
    UniqueConstraint("number", name="uq_patient_number"),
    UniqueConstraint("mrn", name="uq_patient_mrn"),
    sqlite_strict=True,
)

contact_point = Table(
    "contact_point",
    metadata,
    Column("id", Number, Identity(always=True), nullable=False),
    Column(
        "patient",
        Text,
        ForeignKey("patient.key", name="fk_contact_point_patient"),
        nullable=False,
    ),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("since", Day, nullable=False),
    PrimaryKeyConstraint("id", name="pk_contact_point"),
    UniqueConstraint("patient", "channel", "address", name="uq_contact_point_address"),
    CheckConstraint("channel IN ('email', 'sms')", name="ck_contact_point_channel"),
    CheckConstraint(
        "consent IN ('given', 'withdrawn', 'wrong-number')",
        name="ck_contact_point_consent",
    ),
    sqlite_strict=True,
)

# Addresses from which somebody said STOP, whoever else may use them.
opt_out = Table(
    "opt_out",
    metadata,
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("since", Day, nullable=False),
    PrimaryKeyConstraint("channel", "address", name="pk_opt_out"),
    sqlite_strict=True,
)

stream = Table(
    "stream",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", name="pk_stream"),
    sqlite_strict=True,
)

entry = Table(
    "entry",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("stage_from", Text),
    Column("stage_to", Text),
    Column("occurred", Text, nullable=False),
    Column("recorded", Text, nullable=False),
    Column("performer", Text),
    Column("recorder", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("protocol", Text, ForeignKey("protocol.hash", name="fk_entry_protocol")),
    Column("corrects", Integer),
    Column("batch", Text, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", "seq", name="pk_entry"),
    UniqueConstraint("entry_id", name="uq_entry_id"),
    CheckConstraint("seq > 0", name="ck_entry_seq"),
    # What one command wrote, wherever it wrote: the unit of undo.
    Index("ix_entry_batch", "batch"),
    # What was written since a moment, or in a span.
    Index("ix_entry_recorded", "recorded", "stream"),
    sqlite_strict=True,
)

payload = Table(
    "payload",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("stream", "seq", name="pk_payload"),
    ForeignKeyConstraint(
        ["stream", "seq"], ["entry.stream", "entry.seq"], name="fk_payload_entry"
    ),
    sqlite_strict=True,
)

episode = Table(
    "episode",
    metadata,
    Column("key", Text, nullable=False),
    Column(
        "patient",
        Text,
        ForeignKey("patient.key", name="fk_episode_patient"),
        nullable=False,
    ),
    Column("side", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("visit", Integer, nullable=False),
    Column("since", Day, nullable=False),
    Column("coordinator", Text),
    Column(
        "protocol",
        Text,
        ForeignKey("protocol.hash", name="fk_episode_protocol"),
        nullable=False,
    ),
    Column("version", Integer, nullable=False),
    # Why it needs somebody before anything else, as a code; NULL where nothing does.
    Column("alert", Text),
    # Off the worklist until that day.
    Column("snoozed_until", Day),
    # What a contact found that stops every reminder: `declined`, say.
    Column("stopped", Text),
    # Whose it is; without a coordinator it waits in that team's queue.
    Column("team", Text),
    # Who was asked to take it over and has not answered, and until when they should.
    Column("offered_to", Text),
    Column("offered_until", Day),
    PrimaryKeyConstraint("key", name="pk_episode"),
    CheckConstraint("side IN ('left', 'right')", name="ck_episode_side"),
    CheckConstraint(
        "status IN ('active', 'on-hold', 'lost', 'finished')", name="ck_episode_status"
    ),
    CheckConstraint(
        "(status = 'finished') = (stage = 'closed')", name="ck_episode_finished"
    ),
    Index("ix_episode_patient", "patient"),
    sqlite_strict=True,
)

stage_span = Table(
    "stage_span",
    metadata,
    Column(
        "episode",
        Text,
        ForeignKey("episode.key", name="fk_stage_span_episode"),
        nullable=False,
    ),
    Column("visit", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("entered", Day, nullable=False),
    Column("left_on", Day),
    PrimaryKeyConstraint("episode", "visit", name="pk_stage_span"),
    Index("ix_stage_span_days", "entered", "left_on", "stage"),
    sqlite_strict=True,
)

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

saved_view = Table(
    "saved_view",
    metadata,
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("shared", Integer, nullable=False),
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("owner", "name", name="pk_saved_view"),
    CheckConstraint("shared IN (0, 1)", name="ck_saved_view_shared"),
    sqlite_strict=True,
)

# A head of the log, signed; `edge` is what it takes to append to it.
seal = Table(
    "seal",
    metadata,
    Column("number", Integer, autoincrement=False, nullable=False),
    Column("size", Number, nullable=False),
    Column("note", Text, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("number", name="pk_seal"),
    sqlite_strict=True,
)

# Which leaf of the log an entry became, or a line of `delivery`. It refers to nothing:
# a leaf has to stay, and to tell, when what it was made of is gone.
leaf = Table(
    "leaf",
    metadata,
    Column("position", Number, autoincrement=False, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("stream", Text),
    Column("seq", Integer),
    Column("reminder", Number),
    Column("attempt", Integer),
    Column("event", Text),
    PrimaryKeyConstraint("position", name="pk_leaf"),
    UniqueConstraint("stream", "seq", name="uq_leaf_entry"),
    UniqueConstraint("reminder", "attempt", "event", name="uq_leaf_delivery"),
    CheckConstraint("(stream IS NULL) <> (reminder IS NULL)", name="ck_leaf_one"),
    sqlite_strict=True,
)

# What no seal covers yet: filled by triggers, emptied by the next seal.
unsealed = Table(
    "unsealed",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    PrimaryKeyConstraint("stream", "seq", name="pk_unsealed"),
    sqlite_strict=True,
)

unsealed_delivery = Table(
    "unsealed_delivery",
    metadata,
    Column("reminder", Number, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("event", Text, nullable=False),
    PrimaryKeyConstraint("reminder", "attempt", "event", name="pk_unsealed_delivery"),
    sqlite_strict=True,
)

ERASED_FROM: Final = ("payload", "patient", "contact_point", "opt_out", "entry")
"""The tables that are swept once a patient was erased by law."""

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
