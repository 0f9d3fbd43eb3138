"""Who left, and the functions through which a login of their own writes.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

from sitrack.record import guards

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the day on which somebody left; the guards bring the functions."""
    op.add_column("staff", sa.Column("retired", sa.Text(), nullable=True))
    guards.create(op.get_bind())


def downgrade() -> None:
    """Forget who left; the entries say it."""
    op.drop_column("staff", "retired")
