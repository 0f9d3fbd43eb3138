"""People who turned out to be one: whom somebody was merged into.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from sitrack.record import guards

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add what is new."""
    op.add_column("patient", sa.Column("merged_into", sa.Text(), nullable=True))
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("patient", "merged_into")
