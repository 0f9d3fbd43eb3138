"""${message}

Revision: ${up_revision}, after ${down_revision | comma,n}
"""

from alembic import op
import sqlalchemy as sa

from sitrack.record import guards

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    guards.create(op.get_bind())


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
    guards.create(op.get_bind())
