"""`sitrack reminder`: plan, run, keep watch, and look at it; one file for each command."""

from __future__ import annotations

from sitrack.cli.lazy import LazyGroup, Table

_TABLE: Table = {
    "plan": ("sitrack.cli.reminder.plan:plan", "What would be sent, and why not."),
    "run": ("sitrack.cli.reminder.run:run", "One round, for cron."),
    "watch": ("sitrack.cli.reminder.watch:watch", "Rounds for as long as it runs."),
    "status": ("sitrack.cli.reminder.status:status", "Is anything wrong with them?"),
    "list": ("sitrack.cli.reminder.rows:list_rows", "The rows of the outbox."),
    "ledger": ("sitrack.cli.reminder.rows:ledger", "Every attempt for an episode."),
    "dead": ("sitrack.cli.reminder.rows:dead", "What could not be delivered."),
    "retry": ("sitrack.cli.reminder.retry:retry", "Try again what was given up."),
}

reminder = LazyGroup(
    "reminder",
    table=_TABLE,
    help=(
        "Send what has become due.\n\n\b\n"
        "  sitrack reminder plan --until +7d\n"
        "  sitrack reminder run              one round, for cron\n"
        "  sitrack reminder watch            rounds for as long as it runs\n"
        "  sitrack reminder status           is anything wrong?\n"
    ),
)
