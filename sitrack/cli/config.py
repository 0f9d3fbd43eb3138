"""`sitrack config`: which settings there are, where each came from, and a file to begin."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, shown_url, table
from sitrack.cli.shell import Shell, plain, reads_keys
from sitrack.errors import BadInput

_COLUMNS: Final = ("setting", "value", "origin")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FOLDER_MODE: Final = 0o700
_ADDRESS: Final = "someone@clinic.example"
_HEAD: Final = """\
# Settings of sitrack. A line that begins with # is not read: take the # away to set it.
# A flag of a command, and a variable SITRACK_..., come before what stands here.
"""


@click.group(cls=Group, context_settings=CONTEXT)
def config() -> None:
    """Show the settings, and where each value came from.

    \b
      sitrack config show
      sitrack config init
    """


@config.command(context_settings=CONTEXT)
@reads_keys
def show(shell: Shell) -> None:
    """Show every setting: its value, and where that came from.

    \b
      sitrack config show
      sitrack config show --json
    """
    from sitrack.clock import machine_clock

    rows = [
        {"setting": name, "value": _said(name, value), "origin": origin}
        for name, value in shell.settings.values.items()
        for origin in [shell.settings.origins[name]]
    ]
    view = View(
        schema="sitrack.config/1",
        as_of=machine_clock(),
        columns=_COLUMNS,
        rows=rows,
        screen=lambda width: _screen(rows, width),
    )
    shell.show(view)


@config.command(context_settings=CONTEXT)
@plain
def path(shell: Shell) -> None:
    """Print the settings file that is read, and nothing else; it need not be there.

    \b
      sitrack config path
    """
    click.echo(str(_place(shell)))


@config.command(context_settings=CONTEXT)
@plain
def init(shell: Shell) -> None:
    """Write a settings file that holds every setting as a comment, for its owner alone.

    A file that is there already stays as it is.

    \b
      sitrack config init
      sitrack config init --config clinic.toml
    """
    from sitrack.exchange.files import new_file

    place = _place(shell)
    if place.exists():
        raise BadInput(
            f"there is a settings file already at {place}", "sitrack config show"
        )
    _make_folder(place.parent)
    with new_file(place, "--config") as file:
        file.write(commented().encode("utf-8"))
    click.echo(f"wrote {place}")
    if not shell.quiet:
        click.echo("Next: sitrack config show")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"its folder cannot be made: {error.strerror}", "another with --config"
        ) from None


def _place(shell: Shell) -> Path:
    from sitrack.settings import files

    return files(os.environ, shell.config)[0]


def commented() -> str:
    """Return a settings file in which every setting stands as a comment."""
    return "\n".join([_HEAD, *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    from sitrack.settings import OPTIONS

    section = ""
    for option in OPTIONS:
        group, _, name = option.name.rpartition(".")
        if group != section:
            yield f"[{group}]"
            section = group
        yield f"# {option.about}{_wanted(option)}"
        yield f"# {name} = {_in_toml(_example(option))}"
        yield ""


def _wanted(option: Any) -> str:
    """The words that it takes, where it takes a few only."""
    try:
        option.read("?")
    except (ValueError, TypeError) as error:
        words = str(error)
        return f": {words}" if words.startswith("one of ") else ""
    return ""


def _example(option: Any) -> Any:
    """Its default; where that is "none", and none can be written, one of its kind."""
    try:
        option.read(option.default)
    except ValueError:
        return _ADDRESS
    return option.default


def _in_toml(value: Any) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, dt.time):
        return value.isoformat()
    if isinstance(value, tuple):
        return json.dumps([_WEEKDAYS[day] for day in value])
    return json.dumps(value)


def _said(name: str, value: Any) -> str:
    """A value as words; what may hold a password or a token is not told."""
    if name == "database_url":
        return _database(value)
    if name == "webhook.url" and value:
        parts = urlsplit(value)
        return f"{parts.scheme}://{parts.hostname or ''}/…"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(_WEEKDAYS[day] for day in value)
    return f"{value:%H:%M}" if isinstance(value, dt.time) else str(value)


def _database(text: str) -> str:
    from sitrack.record.connection import read_url

    try:
        return shown_url(read_url(text))
    except BadInput:
        return "not understood"


def _screen(rows: list[dict[str, str]], width: int) -> list[str]:
    setting = max(len(row["setting"]) for row in rows)
    origin = min(max(len(row["origin"]) for row in rows), 30)
    widths = [setting, max(20, width - setting - origin - 4), origin]
    heads = tuple(name.upper() for name in _COLUMNS)
    return table(heads, [[row[name] for name in _COLUMNS] for row in rows], widths)
