"""The worklist: saved views, and the reminders that nobody could be sent.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from sitrack.record import guards

revision = "0004"
down_revision = "0003"

_DEAD = sa.text("status = 'dead'")


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "saved_view",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("shared", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name="pk_saved_view"),
        sa.CheckConstraint("shared IN (0, 1)", name="ck_saved_view_shared"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_reminder_dead",
        "reminder",
        ["episode"],
        sqlite_where=_DEAD,
        postgresql_where=_DEAD,
    )
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take it away again."""
    op.drop_index(
        "ix_reminder_dead",
        table_name="reminder",
        sqlite_where=_DEAD,
        postgresql_where=_DEAD,
    )
    op.drop_table("saved_view")
