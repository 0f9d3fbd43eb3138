"""What leaves on stdout: a screen for a terminal, whole data for a pipe, JSON for programs.

A command hands over a `View`: rows with columns, and a function that draws the screen.
Nothing that came from outside reaches a terminal without passing `legible.shown`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from sitrack.legible import is_harmless, plain, separated, shown

FORMATS = ("table", "json", "ndjson", "csv", "tsv")
NOT_KEPT = "Nothing was kept (dry run)."
"""What a command says that was only tried."""


@dataclass(frozen=True)
class View:
    """One answer, before it is given a form.

    Attributes:
        schema: its name in JSON: `sitrack.worklist/1`.
        as_of: the day or instant it speaks of.
        columns: the columns of a pipe, in their order.
        rows: one mapping for each row; may hold more than the columns.
        screen: draws it for a terminal of so many columns.
        extra: what JSON carries beside the rows.
        alone: what a pipe is told of whom it is about where there is no row, or None.
    """

    schema: str
    as_of: dt.date | dt.datetime
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    screen: Callable[[int], Sequence[str]]
    extra: Mapping[str, Any] = field(default_factory=dict)
    alone: Mapping[str, Any] | None = None


def show_view(view: View, form: str, *, pager: bool = False) -> None:
    """Write the answer to stdout in the form that was asked for."""
    if form == "table":
        lines = [pasteable(line) for line in view.screen(screen_width())]
        _page(lines, pager=pager)
    elif form == "json":
        click.echo(as_json(view))
    elif form == "ndjson":
        for row in view.rows:
            click.echo(dumped(row))
    else:
        rows = view.rows or ([view.alone] if view.alone else [])
        click.echo(separated(view.columns, rows, form), nl=False)


def pasteable(line: str) -> str:
    """Return a `Next:` line that names the same record as the command that said it."""
    if not line.startswith("Next: sitrack ") or line.endswith("\\"):
        return line
    return on_this_record(line)


def on_this_record(line: str) -> str:
    """Return a command that names the same record as the one that said it.

    Keys coincide between ledgers: a line pasted without its `-d` would write elsewhere.
    """
    context = click.get_current_context(silent=True)
    named = naming(context.params.get("database") if context else None)
    whole = f"{line}{named}"
    fits = not named or len(whole) <= screen_width()
    return whole if fits else f"{line} \\\n {named}"


def naming(url: str | None) -> str:
    """Return the ` -d URL` that names a record; nothing where it may tell a password."""
    if not url or "@" in url or "password" in url.lower():
        return ""
    import shlex

    return f" -d {shlex.quote(url)}"


def as_json(view: View) -> str:
    """Return the answer as one JSON object."""
    return dumped(
        {
            "schema": view.schema,
            "as_of": view.as_of,
            **view.extra,
            "rows": list(view.rows),
        }
    )


def dumped(value: Any) -> str:
    """Return a value as JSON: times as RFC 3339, text as it is.

    What could act on a terminal is escaped, which JSON undoes when it is read.
    """
    text = json.dumps(value, ensure_ascii=False, default=plain)
    if text.isprintable():
        return text
    return "".join(
        char if is_harmless(char) else json.dumps(char)[1:-1] for char in text
    )


def shown_url(url: Any) -> str:
    """Return a database URL without any password, wherever in it one stands."""
    hidden = {name: "***" for name in url.query if "password" in name.lower()}
    text: str = url.update_query_dict(hidden).render_as_string(hide_password=True)
    return text.replace("%2A%2A%2A", "***")


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun: `1 entry`, `2 entries`."""
    return f"{number} {one if number == 1 else many}"


def screen_width() -> int:
    """Return the columns of the terminal; 80 where there is none."""
    return max(40, min(_terminal().columns, 200))


def _terminal() -> os.terminal_size:
    import shutil

    return shutil.get_terminal_size((80, 24))


def _page(lines: list[str], *, pager: bool) -> None:
    tall = len(lines) > _terminal().lines - 1
    if pager and tall and sys.stdout.isatty():
        os.environ.setdefault("LESS", "-FIRX")
        click.echo_via_pager("\n".join(lines) + "\n")
        return
    for line in lines:
        click.echo(line)


def fitted(text: str, width: int) -> str:
    """Return text that fills exactly `width` columns, cut with a mark if it must be."""
    if len(text) > width:
        return text[: max(0, width - 1)] + "…"
    return text.ljust(width)


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> list[str]:
    """Return aligned lines; the last column is not padded."""
    lines = []
    for row in (heads, *rows):
        cells = [fitted(shown(c), w) for c, w in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while something long goes on, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)
