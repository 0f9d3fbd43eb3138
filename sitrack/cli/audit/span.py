"""The span that an auditor asks about: `--since` and `--until`, of when it was written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from sitrack.clock import is_day, start_of
from sitrack.errors import BadInput

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.cli.shell import Shell
    from sitrack.record.trail import Span

_OPTIONS = (
    click.option("--since", metavar="TIME", help="Written from then on."),
    click.option("--until", metavar="TIME", help="Written until then."),
)


def spanned(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the two ends of a span."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_span(shell: Shell, since: str | None, until: str | None) -> Span:
    """Return the span that was typed: a day begins with its first moment.

    Raises:
        BadInput: it ends before it begins, or one of them is no time.
    """
    from sitrack.record.trail import Span

    first, last = _first_of(shell, since), shell.instant(until)
    if first is not None and last is not None and last < first:
        raise BadInput("--until lies before --since")
    return Span(first, last)


def _first_of(shell: Shell, text: str | None) -> dt.datetime | None:
    if text is None or not is_day(text):
        return shell.instant(text)
    day = shell.day(text)
    return start_of(day, shell.ledger.zone) if day is not None else None
