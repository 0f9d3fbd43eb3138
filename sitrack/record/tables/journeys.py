"""The record itself, and where everybody stands by it.

`stream`, `entry` and `payload` are what was written, for ever; `episode` and
`stage_span` are made of them, and can be made again.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from sitrack.record.columns import Day
from sitrack.record.tables.ledger import metadata

stream = Table(
    "stream",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", name="pk_stream"),
    sqlite_strict=True,
)

entry = Table(
    "entry",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("stage_from", Text),
    Column("stage_to", Text),
    Column("occurred", Text, nullable=False),
    Column("recorded", Text, nullable=False),
    Column("performer", Text),
    Column("recorder", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("protocol", Text, ForeignKey("protocol.hash", name="fk_entry_protocol")),
    Column("corrects", Integer),
    Column("batch", Text, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", "seq", name="pk_entry"),
    UniqueConstraint("entry_id", name="uq_entry_id"),
    CheckConstraint("seq > 0", name="ck_entry_seq"),
    # What one command wrote, wherever it wrote: the unit of undo.
    Index("ix_entry_batch", "batch"),
    # What was written since a moment, or in a span.
    Index("ix_entry_recorded", "recorded", "stream"),
    sqlite_strict=True,
)

payload = Table(
    "payload",
    metadata,
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("stream", "seq", name="pk_payload"),
    ForeignKeyConstraint(
        ["stream", "seq"], ["entry.stream", "entry.seq"], name="fk_payload_entry"
    ),
    sqlite_strict=True,
)

episode = Table(
    "episode",
    metadata,
    Column("key", Text, nullable=False),
    Column(
        "patient",
        Text,
        ForeignKey("patient.key", name="fk_episode_patient"),
        nullable=False,
    ),
    Column("side", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("visit", Integer, nullable=False),
    Column("since", Day, nullable=False),
    Column("coordinator", Text),
    Column(
        "protocol",
        Text,
        ForeignKey("protocol.hash", name="fk_episode_protocol"),
        nullable=False,
    ),
    Column("version", Integer, nullable=False),
    # Why it needs somebody before anything else, as a code; NULL where nothing does.
    Column("alert", Text),
    # Off the worklist until that day.
    Column("snoozed_until", Day),
    # What a contact found that stops every reminder: `declined`, say.
    Column("stopped", Text),
    # Whose it is; without a coordinator it waits in that team's queue.
    Column("team", Text),
    # Who was asked to take it over and has not answered, and until when they should.
    Column("offered_to", Text),
    Column("offered_until", Day),
    PrimaryKeyConstraint("key", name="pk_episode"),
    CheckConstraint("side IN ('left', 'right')", name="ck_episode_side"),
    CheckConstraint(
        "status IN ('active', 'on-hold', 'lost', 'finished')", name="ck_episode_status"
    ),
    CheckConstraint(
        "(status = 'finished') = (stage = 'closed')", name="ck_episode_finished"
    ),
    Index("ix_episode_patient", "patient"),
    sqlite_strict=True,
)

stage_span = Table(
    "stage_span",
    metadata,
    Column(
        "episode",
        Text,
        ForeignKey("episode.key", name="fk_stage_span_episode"),
        nullable=False,
    ),
    Column("visit", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("entered", Day, nullable=False),
    Column("left_on", Day),
    PrimaryKeyConstraint("episode", "visit", name="pk_stage_span"),
    Index("ix_stage_span_days", "entered", "left_on", "stage"),
    sqlite_strict=True,
)
