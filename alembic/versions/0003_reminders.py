"""Reminders to people: whom they may reach, in which message, and how often it ran.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from sitrack.record import guards

revision = "0003"
down_revision = "0002"

_INSTANT = sa.Integer().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("status = 'open'")
_DIGEST = sa.text("alone = 0")


_REMINDER_INDEXES = (
    ("ix_reminder_recipient", "recipient"),
    ("ix_reminder_message", "message"),
)


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _people() -> None:
    op.create_table(
        "contact_point",
        sa.Column("id", _NUMBER, sa.Identity(always=True), nullable=False),
        sa.Column("patient", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_point"),
        sa.ForeignKeyConstraint(
            ["patient"], ["patient.key"], name="fk_contact_point_patient"
        ),
        sa.UniqueConstraint(
            "patient", "channel", "address", name="uq_contact_point_address"
        ),
        sa.CheckConstraint(
            "channel IN ('email', 'sms')", name="ck_contact_point_channel"
        ),
        sa.CheckConstraint(
            "consent IN ('given', 'withdrawn', 'wrong-number')",
            name="ck_contact_point_consent",
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "opt_out",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name="pk_opt_out"),
        sqlite_strict=True,
    )


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("alone", sa.Integer(), nullable=False),
        sa.Column("sent_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_message"),
        sqlite_strict=True,
    )
    op.create_index("ix_message_day", "message", ["recipient", "channel", "day"])
    op.create_index("ix_message_sent_at", "message", ["channel", "sent_at"])
    op.create_index(
        "uq_message_digest",
        "message",
        ["recipient", "channel", "day"],
        unique=True,
        sqlite_where=_DIGEST,
        postgresql_where=_DIGEST,
    )
    op.create_table(
        "period_run",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("leased_until", _INSTANT, nullable=True),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", "period", name="pk_period_run"),
        sqlite_strict=True,
    )


def upgrade() -> None:
    """Add what is new; plain columns, so that no table is rebuilt."""
    for table in ("patient", "staff"):
        op.add_column(table, sa.Column("zone", sa.Text(), nullable=True))
    op.add_column("episode", sa.Column("snoozed_until", sa.Text(), nullable=True))
    op.add_column("episode", sa.Column("stopped", sa.Text(), nullable=True))
    op.add_column("agenda", sa.Column("tries", sa.Integer(), nullable=True))
    op.add_column("agenda", _count("urgent"))
    for column in (
        _count("alone"),
        sa.Column("rung", sa.Integer(), nullable=True),
        _count("failures"),
        sa.Column("message", sa.Text(), nullable=True),
    ):
        op.add_column("reminder", column)
    for name, column in _REMINDER_INDEXES:
        op.create_index(
            name, "reminder", [column], sqlite_where=_OPEN, postgresql_where=_OPEN
        )
    _people()
    _messages()
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("period_run")
    op.drop_table("message")
    op.drop_table("opt_out")
    op.drop_table("contact_point")
    for name, _ in _REMINDER_INDEXES:
        op.drop_index(
            name, "reminder", sqlite_where=_OPEN, postgresql_where=_OPEN
        )
    for name in ("message", "failures", "rung", "alone"):
        op.drop_column("reminder", name)
    op.drop_column("agenda", "urgent")
    op.drop_column("agenda", "tries")
    op.drop_column("episode", "stopped")
    op.drop_column("episode", "snoozed_until")
    for table in ("staff", "patient"):
        op.drop_column(table, "zone")
