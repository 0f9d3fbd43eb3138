"""What every report takes: a filter, two times, and the day from which it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.pictures import out_option
from sitrack.cli.shell import Shell, reads_in_time

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.coordination.reports.asked import Asked


def reports(command: Callable[..., Any]) -> Callable[..., Any]:
    """A report: of the episodes that fit a filter, as of a day, as known at a moment."""
    words = click.argument("words", nargs=-1, metavar="[@VIEW | FILTER...]")
    return words(out_option(reads_in_time(command)))


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


def about(shell: Shell, of: Asked, *, filtered: bool) -> list[str]:
    """Return what limits a report, a sentence each.

    The filter itself is left out: it may name somebody, and a picture is handed on.
    """
    found = []
    if of.since is not None:
        found.append(f"Stays begun since {of.since}.")
    if filtered:
        found.append("Episodes that fit a filter, as they stood on the day.")
    if of.as_known is not None:
        known = of.as_known.astimezone(shell.ledger.zone)
        found.append(f"As known {known:%Y-%m-%d %H:%M}.")
    return found


def told(of: Any, words: Sequence[str]) -> dict[str, Any]:
    """Return what JSON says beside the rows of every report."""
    return {"as_known": of.as_known, "filter": list(words)}
