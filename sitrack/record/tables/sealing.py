"""What seals rest on: the heads of the log, its leaves, and what waits for the next."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from sitrack.record.columns import Number
from sitrack.record.tables.ledger import metadata

# A head of the log, signed; `edge` is what it takes to append to it.
seal = Table(
    "seal",
    metadata,
    Column("number", Integer, autoincrement=False, nullable=False),
    Column("size", Number, nullable=False),
    Column("note", Text, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("number", name="pk_seal"),
    sqlite_strict=True,
)

# Which leaf of the log an entry became, or a line of `delivery`. It refers to nothing:
# a leaf has to stay, and to tell, when what it was made of is gone.
leaf = Table(
    "leaf",
    metadata,
    Column("position", Number, autoincrement=False, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("stream", Text),
    Column("seq", Integer),
    Column("reminder", Number),
    Column("attempt", Integer),
    Column("event", Text),
    PrimaryKeyConstraint("position", name="pk_leaf"),
    UniqueConstraint("stream", "seq", name="uq_leaf_entry"),
    UniqueConstraint("reminder", "attempt", "event", name="uq_leaf_delivery"),
    CheckConstraint("(stream IS NULL) <> (reminder IS NULL)", name="ck_leaf_one"),
    sqlite_strict=True,
)

# What no seal covers yet: filled by triggers, emptied by the next seal.
unsealed = Table(
    "unsealed",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    PrimaryKeyConstraint("stream", "seq", name="pk_unsealed"),
    sqlite_strict=True,
)

unsealed_delivery = Table(
    "unsealed_delivery",
    metadata,
    Column("reminder", Number, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("event", Text, nullable=False),
    PrimaryKeyConstraint("reminder", "attempt", "event", name="pk_unsealed_delivery"),
    sqlite_strict=True,
)
