"""`sitrack audit`: what auditors ask; one file for each command."""

from __future__ import annotations

from sitrack.cli.lazy import LazyGroup, Table

_TABLE: Table = {
    "verify": ("sitrack.cli.audit.verify:verify", "Does the record prove itself?"),
    "seal": ("sitrack.cli.audit.seal:seal", "Sign a head over everything written."),
    "witness": ("sitrack.cli.audit.witness:witness", "Remember elsewhere what it was."),
    "key": ("sitrack.cli.audit.key:key", "The keys that seal: make, rotate, show."),
    "trail": (
        "sitrack.cli.audit.trail:trail",
        "What was written, of any span, by any column.",
    ),
    "by": ("sitrack.cli.audit.trail:by", "Everything that one person did and read."),
    "who-saw": ("sitrack.cli.audit.who_saw:who_saw", "Who saw a patient or episode."),
    "variances": (
        "sitrack.cli.audit.variances:variances",
        "Moves that left the protocol's way.",
    ),
    "export": (
        "sitrack.cli.audit.export:export",
        "Entries in a folder that proves itself.",
    ),
    "reconcile": (
        "sitrack.cli.audit.reconcile:reconcile",
        "Hold the log of reads against the server's.",
    ),
    "sample": ("sitrack.cli.audit.sample:sample", "A random set to review."),
}

audit = LazyGroup(
    "audit",
    table=_TABLE,
    help="For auditors.\n\n\b\n  sitrack audit verify\n  sitrack audit seal\n",
)
