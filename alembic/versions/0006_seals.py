"""The sealed log: its heads, its leaves, and what no seal covers yet.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

from sitrack.record import guards

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and queue everything that was written before them."""
    op.create_table(
        "seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_seal"),
        sqlite_strict=True,
    )
    op.create_table(
        "leaf",
        sa.Column("position", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("reminder", _NUMBER, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_leaf"),
        sa.UniqueConstraint("stream", "seq", name="uq_leaf_entry"),
        sa.UniqueConstraint("reminder", "attempt", "event", name="uq_leaf_delivery"),
        sa.CheckConstraint("(stream IS NULL) <> (reminder IS NULL)", name="ck_leaf_one"),
        sqlite_strict=True,
    )
    op.create_table(
        "unsealed",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name="pk_unsealed"),
        sqlite_strict=True,
    )
    op.create_table(
        "unsealed_delivery",
        sa.Column("reminder", _NUMBER, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "reminder", "attempt", "event", name="pk_unsealed_delivery"
        ),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO unsealed SELECT stream, seq FROM entry")
    op.execute(
        "INSERT INTO unsealed_delivery SELECT reminder, attempt, event FROM delivery"
    )
    guards.create(op.get_bind())


def downgrade() -> None:
    """Take it away again; the entries keep their chains."""
    guards.drop(op.get_bind())
    for table in ("unsealed_delivery", "unsealed", "leaf", "seal"):
        op.drop_table(table)
    guards.create(op.get_bind())
