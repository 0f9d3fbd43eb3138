"""What every report takes: a filter, two times, and the day from which it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.shell import Shell, reads_in_time

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.coordination.reports.asked import Asked


def reports(command: Callable[..., Any]) -> Callable[..., Any]:
    """A report: of the episodes that fit a filter, as of a day, as known at a moment."""
    words = click.argument("words", nargs=-1, metavar="[@VIEW | FILTER...]")
    return words(reads_in_time(command))


def since(what: str) -> Callable[..., Any]:
    """Add the day from which a report counts."""
    return click.option("--since", metavar="DATE", help=f"Only {what} since that day.")


def asked(
    shell: Shell,
    words: Sequence[str],
    as_of: str | None,
    as_known: str | None,
    since: str | None = None,
) -> Asked:
    """Return what was asked for; the grammar is loaded only where a filter was typed."""
    from sitrack.cli.worklist import filter_of
    from sitrack.coordination.reports.asked import Asked

    return Asked(
        as_of=shell.day(as_of),
        as_known=shell.instant(as_known),
        since=shell.day(since),
        fits=filter_of(shell, words) if words else None,
    )


def told(of: Any, words: Sequence[str]) -> dict[str, Any]:
    """Return what JSON says beside the rows of every report."""
    return {"as_known": of.as_known, "filter": list(words)}
