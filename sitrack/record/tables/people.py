"""Staff and patients, how they are reached, and the views that somebody saved.

Who a patient is stands here and nowhere else.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from sitrack.record.columns import Day, Number
from sitrack.record.tables.ledger import metadata

staff = Table(
    "staff",
    metadata,
    Column("id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("email", Text),
    # Where it is not the clinic's.
    Column("zone", Text),
    # The day from which they work with the record no more.
    Column("retired", Day),
    PrimaryKeyConstraint("id", name="pk_staff"),
    CheckConstraint(
        "role IN ('coordinator', 'clinician', 'auditor', 'scheduler', 'admin')",
        name="ck_staff_role",
    ),
    sqlite_strict=True,
)

patient = Table(
    "patient",
    metadata,
    Column("key", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("given", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("born", Day),
    Column("mrn", Text),
    Column("payer", Text),
    # Where it is not the clinic's.
    Column("zone", Text),
    # Under whose key they are cared for, where two turned out to be one.
    Column("merged_into", Text),
    PrimaryKeyConstraint("key", name="pk_patient"),
    UniqueConstraint("number", name="uq_patient_number"),
    UniqueConstraint("mrn", name="uq_patient_mrn"),
    sqlite_strict=True,
)

contact_point = Table(
    "contact_point",
    metadata,
    Column("id", Number, Identity(always=True), nullable=False),
    Column(
        "patient",
        Text,
        ForeignKey("patient.key", name="fk_contact_point_patient"),
        nullable=False,
    ),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("since", Day, nullable=False),
    PrimaryKeyConstraint("id", name="pk_contact_point"),
    UniqueConstraint("patient", "channel", "address", name="uq_contact_point_address"),
    CheckConstraint("channel IN ('email', 'sms')", name="ck_contact_point_channel"),
    CheckConstraint(
        "consent IN ('given', 'withdrawn', 'wrong-number')",
        name="ck_contact_point_consent",
    ),
    sqlite_strict=True,
)

# Addresses from which somebody said STOP, whoever else may use them.
opt_out = Table(
    "opt_out",
    metadata,
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("since", Day, nullable=False),
    PrimaryKeyConstraint("channel", "address", name="pk_opt_out"),
    sqlite_strict=True,
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("shared", Integer, nullable=False),
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("owner", "name", name="pk_saved_view"),
    CheckConstraint("shared IN (0, 1)", name="ck_saved_view_shared"),
    sqlite_strict=True,
)
