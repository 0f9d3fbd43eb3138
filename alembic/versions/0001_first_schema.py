"""The first schema: registry, record, standing, agenda, reminders.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from sitrack.record import guards

revision = "0001"
down_revision = None

_INSTANT = sa.Integer().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make every table, then the triggers."""
    op.create_table(
        "instance",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ledger_id", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_instance_one"),
        sa.CheckConstraint("synthetic IN (0, 1)", name="ck_instance_synthetic"),
        sa.PrimaryKeyConstraint("id", name="pk_instance"),
        sqlite_strict=True,
    )
    op.create_table(
        "patient",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("born", sa.Text(), nullable=True),
        sa.Column("mrn", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_patient"),
        sa.UniqueConstraint("mrn", name="uq_patient_mrn"),
        sa.UniqueConstraint("number", name="uq_patient_number"),
        sqlite_strict=True,
    )
    op.create_table(
        "protocol",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("adopted", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_protocol"),
        sqlite_strict=True,
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "role IN ('coordinator', 'clinician', 'auditor', 'scheduler', 'admin')",
            name="ck_staff_role",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sqlite_strict=True,
    )
    op.create_table(
        "stream",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_stream"),
        sqlite_strict=True,
    )
    op.create_table(
        "entry",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stage_from", sa.Text(), nullable=True),
        sa.Column("stage_to", sa.Text(), nullable=True),
        sa.Column("occurred", sa.Text(), nullable=False),
        sa.Column("recorded", sa.Text(), nullable=False),
        sa.Column("performer", sa.Text(), nullable=True),
        sa.Column("recorder", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=True),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq > 0", name="ck_entry_seq"),
        sa.ForeignKeyConstraint(
            ["protocol"], ["protocol.hash"], name="fk_entry_protocol"
        ),
        sa.PrimaryKeyConstraint("stream", "seq", name="pk_entry"),
        sa.UniqueConstraint("entry_id", name="uq_entry_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "episode",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("coordinator", sa.Text(), nullable=True),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'finished') = (stage = 'closed')", name="ck_episode_finished"
        ),
        sa.CheckConstraint("side IN ('left', 'right')", name="ck_episode_side"),
        sa.CheckConstraint(
            "status IN ('active', 'on-hold', 'lost', 'finished')",
            name="ck_episode_status",
        ),
        sa.ForeignKeyConstraint(
            ["patient"], ["patient.key"], name="fk_episode_patient"
        ),
        sa.ForeignKeyConstraint(
            ["protocol"], ["protocol.hash"], name="fk_episode_protocol"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_episode"),
        sqlite_strict=True,
    )
    op.create_index("ix_episode_patient", "episode", ["patient"], unique=False)
    op.create_table(
        "agenda",
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("show_from", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("step_on", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["episode"], ["episode.key"], name="fk_agenda_episode"),
        sa.PrimaryKeyConstraint(
            "episode", "visit", "rule", "occurrence", name="pk_agenda"
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_agenda_show_from", "agenda", ["show_from"], unique=False)
    op.create_index(
        "ix_agenda_step_on",
        "agenda",
        ["step_on"],
        unique=False,
        sqlite_where=sa.text("step_on IS NOT NULL"),
        postgresql_where=sa.text("step_on IS NOT NULL"),
    )
    op.create_table(
        "payload",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stream", "seq"], ["entry.stream", "entry.seq"], name="fk_payload_entry"
        ),
        sa.PrimaryKeyConstraint("stream", "seq", name="pk_payload"),
        sqlite_strict=True,
    )
    op.create_table(
        "reminder",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.Column("leased_until", _INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'done', 'cancelled', 'dead')", name="ck_reminder_status"
        ),
        sa.ForeignKeyConstraint(
            ["episode"], ["episode.key"], name="fk_reminder_episode"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reminder"),
        sa.UniqueConstraint(
            "episode",
            "visit",
            "rule",
            "occurrence",
            "step",
            "recipient",
            "channel",
            name="uq_reminder_once",
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_reminder_next_at",
        "reminder",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_reminder_open",
        "reminder",
        ["episode"],
        unique=False,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "stage_span",
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("entered", sa.Text(), nullable=False),
        sa.Column("left_on", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["episode"], ["episode.key"], name="fk_stage_span_episode"
        ),
        sa.PrimaryKeyConstraint("episode", "visit", name="pk_stage_span"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_stage_span_days",
        "stage_span",
        ["entered", "left_on", "stage"],
        unique=False,
    )
    op.create_table(
        "delivery",
        sa.Column(
            "reminder",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "event IN ('claimed', 'sent', 'failed', 'gave-up', 'suppressed')",
            name="ck_delivery_event",
        ),
        sa.ForeignKeyConstraint(
            ["reminder"], ["reminder.id"], name="fk_delivery_reminder"
        ),
        sa.PrimaryKeyConstraint("reminder", "attempt", "event", name="pk_delivery"),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_delivery_sent_once",
        "delivery",
        ["reminder"],
        unique=True,
        sqlite_where=sa.text("event = 'sent'"),
        postgresql_where=sa.text("event = 'sent'"),
    )
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take everything away again."""
    guards.drop(op.get_bind())
    op.drop_index(
        "uq_delivery_sent_once",
        table_name="delivery",
        sqlite_where=sa.text("event = 'sent'"),
        postgresql_where=sa.text("event = 'sent'"),
    )
    op.drop_table("delivery")
    op.drop_index("ix_stage_span_days", table_name="stage_span")
    op.drop_table("stage_span")
    op.drop_index(
        "ix_reminder_open",
        table_name="reminder",
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_index(
        "ix_reminder_next_at",
        table_name="reminder",
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_table("reminder")
    op.drop_table("payload")
    op.drop_index(
        "ix_agenda_step_on",
        table_name="agenda",
        sqlite_where=sa.text("step_on IS NOT NULL"),
        postgresql_where=sa.text("step_on IS NOT NULL"),
    )
    op.drop_index("ix_agenda_show_from", table_name="agenda")
    op.drop_table("agenda")
    op.drop_index("ix_episode_patient", table_name="episode")
    op.drop_table("episode")
    op.drop_table("entry")
    op.drop_table("stream")
    op.drop_table("staff")
    op.drop_table("protocol")
    op.drop_table("patient")
    op.drop_table("instance")
