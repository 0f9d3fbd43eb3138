"""Groups that import a command only when it is asked for.

`sitrack --help` and shell completion read names and one-line helps from a table, so
that they answer before anything heavy is loaded.
"""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from sitrack.errors import BadInput, repeated

Table = Mapping[str, tuple[str, str]]
"""Name → (where the command stands: `module:attribute`, its help in one line)."""

COMPLETING = "_SITRACK_COMPLETE"
"""Set by the shell's script while it asks which words could follow."""

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


class Group(click.Group):
    """A group that answers, bare, with its help, and to a wrong word with a near one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Print the help where nothing is asked for."""
        if not (args or self.invoke_without_command or ctx.resilient_parsing):
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; abbreviations are refused like any other wrong word.

        Raises:
            BadInput: there is no such command; with the nearest ones.
        """
        if COMPLETING in os.environ:
            from sitrack.cli.completion import offered

            name, command, rest = super().resolve_command(ctx, args)
            return name, command and offered(command), rest
        names = self.list_commands(ctx)
        if args[0] in names or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(args[0], names, n=3, cutoff=0.5)
        near = near or [name for name in names if name.startswith(args[0])]
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise BadInput(
            f"there is no command {repeated(args[0], 'of that name')}",
            f"{hint}see: {ctx.command_path} --help",
        )


class LazyGroup(Group):
    """A group whose commands are imported on use."""

    def __init__(self, *args: Any, table: Table, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names, in the table's order."""
        return list(self.table)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> click.Command | None:
        """Import the command of that name."""
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)  # noqa: S101 - a table of our own
        return found

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the names by their helps in the table, importing none."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=text)
            for name, (_, text) in self.table.items()
            if name.startswith(incomplete)
        ]

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands by their helps in the table, importing none."""
        width = max(len(name) for name in self.table)
        rows = [(name.ljust(width), text) for name, (_, text) in self.table.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        del ctx
