"""`sitrack report`: how the clinic is doing; one file for each report."""

from __future__ import annotations

from sitrack.cli.lazy import LazyGroup, Table

_TABLE: Table = {
    "census": ("sitrack.cli.reports.census:census", "How many are in each stage."),
    "time-in-stage": (
        "sitrack.cli.reports.time_in_stage:time_in_stage",
        "How long people wait in each stage.",
    ),
    "funnel": ("sitrack.cli.reports.funnel:funnel", "Where people leave."),
    "reach": (
        "sitrack.cli.reports.reach:reach",
        "Who came back after a reminder or a call.",
    ),
    "trend": (
        "sitrack.cli.reports.trend:trend",
        "Month by month, and trials reviewed in time.",
    ),
}

report = LazyGroup(
    "report",
    table=_TABLE,
    help="How the clinic is doing."
    "\n\n\b\n  sitrack report census\n  sitrack report time-in-stage --since 2025-01-01",
)
