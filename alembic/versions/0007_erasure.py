"""A content may go once an entry says that it is erased by law.

Revision: 0007, after 0006
"""

from alembic import op

from sitrack.record import guards

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the guards anew; no table changes."""
    guards.create(op.get_bind())


def downgrade() -> None:
    """Nothing goes back: an older version makes its own guards."""
