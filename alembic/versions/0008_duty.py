"""Whose an episode is: its team, and a hand-off that waits for an answer.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from sitrack.record import guards

revision = "0008"
down_revision = "0007"

_NEW = ("team", "offered_to", "offered_until")


def upgrade() -> None:
    """Add what is new."""
    for name in _NEW:
        op.add_column("episode", sa.Column(name, sa.Text(), nullable=True))
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take it away again."""
    for name in reversed(_NEW):
        op.drop_column("episode", name)
