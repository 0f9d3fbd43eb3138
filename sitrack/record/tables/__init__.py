"""The tables, as SQLAlchemy Core knows them; the same on SQLite and PostgreSQL.

One file a subject. Every constraint has a name.
"""

from __future__ import annotations

from typing import Final

from sitrack.record.tables.due import (
    IS_CANCELLED,
    IS_DEAD,
    IS_OPEN,
    PARTIAL,
    agenda,
    delivery,
    message,
    period_run,
    reminder,
)
from sitrack.record.tables.journeys import (
    entry,
    episode,
    payload,
    stage_span,
    stream,
)
from sitrack.record.tables.ledger import (
    instance,
    metadata,
    protocol,
)
from sitrack.record.tables.people import (
    contact_point,
    opt_out,
    patient,
    saved_view,
    staff,
)
from sitrack.record.tables.sealing import (
    leaf,
    seal,
    unsealed,
    unsealed_delivery,
)

__all__ = [
    "ERASED_FROM",
    "IS_CANCELLED",
    "IS_DEAD",
    "IS_OPEN",
    "PARTIAL",
    "agenda",
    "contact_point",
    "delivery",
    "entry",
    "episode",
    "instance",
    "leaf",
    "message",
    "metadata",
    "opt_out",
    "patient",
    "payload",
    "period_run",
    "protocol",
    "reminder",
    "saved_view",
    "seal",
    "staff",
    "stage_span",
    "stream",
    "unsealed",
    "unsealed_delivery",
]

ERASED_FROM: Final = ("payload", "patient", "contact_point", "opt_out", "entry")
"""The tables that are swept once a patient was erased by law."""
