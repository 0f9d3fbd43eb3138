"""What a ledger is: the line that says whose it is, and the protocols it has known."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()

instance = Table(
    "instance",
    metadata,
    Column("id", Integer, autoincrement=False),
    Column("ledger_id", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("synthetic", Integer, nullable=False),
    PrimaryKeyConstraint("id", name="pk_instance"),
    CheckConstraint("id = 1", name="ck_instance_one"),
    CheckConstraint("synthetic IN (0, 1)", name="ck_instance_synthetic"),
    sqlite_strict=True,
)

protocol = Table(
    "protocol",
    metadata,
    Column("hash", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("adopted", Text, nullable=False),
    PrimaryKeyConstraint("hash", name="pk_protocol"),
    sqlite_strict=True,
)
