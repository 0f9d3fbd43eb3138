"""An index that no statement used: the worklist looks at every open episode anyway.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from sitrack.record import guards

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Drop it: each write had kept it up."""
    op.drop_index("ix_episode_alert", table_name="episode")
    guards.create(op.get_bind())


def downgrade() -> None:
    """Make it again."""
    op.create_index(
        "ix_episode_alert",
        "episode",
        ["alert"],
        unique=False,
        sqlite_where=sa.text("alert IS NOT NULL"),
        postgresql_where=sa.text("alert IS NOT NULL"),
    )
