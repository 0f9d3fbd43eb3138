"""`sitrack audit trail` and `audit by`: what was written, by whom and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from sitrack.cli.audit.span import read_span, spanned
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, counted, fitted, table
from sitrack.cli.shell import Shell, reads
from sitrack.legible import shown

_COLUMNS = (
    "entry",
    "recorded",
    "kind",
    "stage_from",
    "stage_to",
    "occurred",
    "performer",
    "recorder",
    "source",
    "protocol",
    "corrects",
    "batch",
    "stream",
    "seq",
    "entry_id",
    "commitment",
    "previous",
    "hash",
)
_WIDEST = 20
"""How many columns a cell of the screen takes at the most."""
_SORTED = [
    click.option("--sort", metavar="COLUMN", default="recorded", help="By what."),
    click.option("--reverse", is_flag=True, help="The last first."),
]


def _sorted(command: Any) -> Any:
    for option in reversed(_SORTED):
        command = option(command)
    return command


@click.command(context_settings=CONTEXT)
@click.argument("key", required=False)
@spanned
@click.option("--by", "who", metavar="WHO", help="Done or written by that person.")
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="Of that kind; again."
)
@click.option("--stage", metavar="STAGE", help="Into or out of that stage.")
@_sorted
@reads
def trail(
    shell: Shell,
    key: str | None,
    since: str | None,
    until: str | None,
    who: str | None,
    kinds: tuple[str, ...],
    stage: str | None,
    sort: str,
    reverse: bool,
) -> None:
    """Show the headers of all entries, or of those about a patient or an episode.

    Of a key, who read it stands among them. No header holds what was written.

    \b
      sitrack audit trail --since 2025-05-01 --until 2025-05-31
      sitrack audit trail P01428-R --sort recorder
      sitrack audit trail --kind corrections --by rivera
      sitrack audit trail --kind break-glass --kind exports --kind refused
      sitrack audit trail --stage rfa --format csv > rfa.csv
    """
    from sitrack.cli.why import stage_named
    from sitrack.record.trail import Wanted

    wanted = Wanted(
        span=read_span(shell, since, until),
        key=key,
        who=who,
        kinds=kinds,
        stage=stage_named(stage) if stage else None,
    )
    _show(shell, wanted, sort, reverse=reverse)


@click.command(context_settings=CONTEXT)
@click.argument("who")
@spanned
@_sorted
@reads
def by(
    shell: Shell,
    who: str,
    since: str | None,
    until: str | None,
    sort: str,
    reverse: bool,
) -> None:
    """Show everything that one person did, wrote and read.

    \b
      sitrack audit by rivera --since -30d
      sitrack audit by account:front-desk
    """
    from sitrack.record.trail import Wanted

    wanted = Wanted(span=read_span(shell, since, until), who=who)
    _show(shell, wanted, sort, reverse=reverse)


def _show(shell: Shell, wanted: Any, sort: str, *, reverse: bool) -> None:
    from sitrack.coordination.auditing import trail_of
    from sitrack.coordination.questions import today_of

    column = "seq" if sort == "number" else sort
    rows = [
        {"entry": entry_named(row), **row}
        for row in trail_of(shell.ledger, wanted, column, reverse=reverse)
    ]
    view = View(
        schema="sitrack.trail/1",
        as_of=today_of(shell.ledger),
        columns=_COLUMNS,
        rows=rows,
        screen=lambda width: _screen(shell, rows, width),
        extra={
            "since": wanted.span.since,
            "until": wanted.span.until,
            "sort": sort,
            "reverse": reverse,
        },
    )
    shell.show(view)


def entry_named(row: dict[str, Any]) -> str:
    """Return an entry as histories call it: `P01428-R#7`, `office#2`."""
    kind, _, name = row["stream"].partition("/")
    about = name if kind in {"episode", "patient"} else row["stream"]
    return f"{about}#{row['seq']}"


def _screen(shell: Shell, rows: Sequence[dict[str, Any]], width: int) -> list[str]:
    cells = [
        (
            written_at(shell, row["recorded"]),
            _cut(row["entry"]),
            shown(row["kind"]),
            shown(row["performer"] or row["recorder"]),
            _happened(row),
        )
        for row in rows
    ]
    longest = [max([8, *(len(row[place]) for row in cells)]) for place in (1, 2, 3)]
    widths = [16, *(min(each, _WIDEST) for each in longest)]
    rest = max(10, width - sum(widths) - 2 * len(widths))
    heads = ("WRITTEN", "ENTRY", "KIND", "BY", "HAPPENED")
    return [
        *(table(heads, cells, [*widths, rest]) if cells else ["Nothing of that."]),
        counted(len(rows), "entry", "entries"),
    ]


def _cut(entry: str) -> str:
    """Cut a long name in its stream, and keep the number that tells it from the next."""
    name, _, number = shown(entry).rpartition("#")
    return f"{fitted(name, _WIDEST - len(number) - 1).rstrip()}#{number}"


def _happened(row: dict[str, Any]) -> str:
    day = row["occurred"][:10]
    if row["corrects"] is not None:
        return f"{day} amends #{row['corrects']}"
    return f"{day} {row['stage_to']}" if row["stage_to"] else str(day)


def written_at(shell: Shell, text: str) -> str:
    """Return a moment of the record as the clinic's clocks show it."""
    import datetime as dt

    at = dt.datetime.fromisoformat(text).astimezone(shell.ledger.zone)
    return f"{at:%Y-%m-%d %H:%M}"
