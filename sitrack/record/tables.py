"""The tables, as SQLAlchemy Core knows them; the same on SQLite and PostgreSQL.

Instants are UTC with microseconds: text in the record (they are hashed as text), a
number or `timestamptz` where the database compares them with its clock. Clinical
days are ISO text, which sorts as days do. Every constraint has a name.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
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
)
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class Day(TypeDecorator[dt.date]):
    """A clinical day, kept as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self,
        value: dt.date | None,
        dialect: Dialect,  # noqa: ARG002 - the base class names it
    ) -> str | None:
        """Write the day."""
        return None if value is None else value.isoformat()

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002 - the base class names it
    ) -> dt.date | None:
        """Read the day."""
        return None if value is None else dt.date.fromisoformat(value)


class Instant(TypeDecorator[dt.datetime]):
    """An instant that the database compares: `timestamptz`, or microseconds."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(Integer())

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """Write the instant; a naive one is a fault of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone")
        if dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Read the instant, in UTC."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            moment: dt.datetime = value
            return moment.astimezone(dt.UTC)
        return _EPOCH + int(value) * _MICROSECOND


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
    PrimaryKeyConstraint("key", name="pk_patient"),
    UniqueConstraint("number", name="uq_patient_number"),
    UniqueConstraint("mrn", name="uq_patient_mrn"),
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
    PrimaryKeyConstraint("episode", "visit", "rule", "occurrence", name="pk_agenda"),
    Index("ix_agenda_show_from", "show_from"),
    sqlite_strict=True,
)
Index("ix_agenda_step_on", agenda.c.step_on)

reminder = Table(
    "reminder",
    metadata,
    Column(
        "id",
        BigInteger().with_variant(Integer, "sqlite"),
        Identity(always=True),
        nullable=False,
    ),
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
    Column("last_error", Text),
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

delivery = Table(
    "delivery",
    metadata,
    Column(
        "reminder",
        BigInteger().with_variant(Integer, "sqlite"),
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

PARTIAL: Final = {
    "ix_agenda_step_on": "step_on IS NOT NULL",
    "ix_reminder_next_at": "status = 'open'",
    "ix_reminder_open": "status = 'open'",
    "uq_delivery_sent_once": "event = 'sent'",
}
"""What limits these indexes in the database (the migrations make them so).

Said on the index itself, it would load every dialect's package at each start: a tenth
of the time that a command takes.
"""
