"""Corrections reach back: alerts, the payer of a patient, commands by their batch.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from sitrack.record import guards

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what is new; plain columns, so that no table is rebuilt."""
    op.add_column("patient", sa.Column("payer", sa.Text(), nullable=True))
    op.add_column("episode", sa.Column("alert", sa.Text(), nullable=True))
    op.create_index(
        "ix_episode_alert",
        "episode",
        ["alert"],
        unique=False,
        sqlite_where=sa.text("alert IS NOT NULL"),
        postgresql_where=sa.text("alert IS NOT NULL"),
    )
    op.create_index("ix_entry_batch", "entry", ["batch"], unique=False)
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_entry_batch", table_name="entry")
    op.drop_index("ix_episode_alert", table_name="episode")
    op.drop_column("episode", "alert")
    op.drop_column("patient", "payer")
