"""A command that takes no words: what somebody types there may be a name or a number."""

from __future__ import annotations

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.errors import BadInput

TAKING_ANYTHING = {**CONTEXT, "allow_extra_args": True}


class Nameless(click.Command):
    """Takes surplus words, and repeats none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse surplus words without saying them.

        Raises:
            BadInput: there are some.
        """
        surplus = super().parse_args(ctx, args)
        if surplus and not ctx.resilient_parsing:
            raise BadInput(
                "names are never typed on the command line",
                f"run {ctx.command_path} and answer, or give a file with --from",
            )
        return surplus
