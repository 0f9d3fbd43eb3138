"""`sitrack audit`: what auditors ask; one file for each command."""

from __future__ import annotations

from sitrack.cli.lazy import LazyGroup, Table

_TABLE: Table = {
    "verify": ("sitrack.cli.audit.verify:verify", "Does the record prove itself?"),
}

audit = LazyGroup(
    "audit",
    table=_TABLE,
    help="For auditors.\n\n\b\n  sitrack audit verify\n",
)
