"""Entries by the moment at which they were written: for auditors, and for "as known".

Revision: 0005, after 0004
"""

from alembic import op

from sitrack.record import guards

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what is new."""
    op.create_index("ix_entry_recorded", "entry", ["recorded", "stream"])
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_entry_recorded", table_name="entry")
