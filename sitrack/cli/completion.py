"""`sitrack completion`, and what the shell is offered: keys, stages, staff, policies.

Names of people are never offered, and nothing is kept in a cache. What stands in the
record is read by the bare driver, for SQLAlchemy takes longer to load than a person
who presses TAB will wait.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem, get_completion_class

from sitrack.cli.lazy import COMPLETING, CONTEXT
from sitrack.cli.shell import Shell, plain
from sitrack.errors import SitrackError

FILTERS = (
    *("stage:", "status:", "side:", "band:", "waits:", "rule:", "owner:", "patient:"),
    *("episode:", "due:", "overdue:", "in-stage:", "tries:", "alert:", "held:"),
    *("snoozed:", "lapsed:", "lost:", "team:", "offered:"),
)
"""The fields of a filter; the grammar itself would load the database library."""

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command(context_settings=CONTEXT)
@click.argument("program", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
@plain
def completion(_shell: Shell, program: str) -> None:
    """Print the script that lets your shell complete sitrack's words.

    \b
      sitrack completion bash >> ~/.bashrc
      sitrack completion zsh >> ~/.zshrc
      sitrack completion fish > ~/.config/fish/completions/sitrack.fish
    """
    from sitrack.cli.root import root

    made = get_completion_class(program)
    assert made is not None  # noqa: S101 - one of the three that click knows
    click.echo(made(root, {}, "sitrack", COMPLETING).source())


def offered(command: click.Command) -> click.Command:
    """Return a command whose arguments offer what stands in the record."""
    for param in command.params:
        offer = _OFFERS.get(str(param.name))
        if offer is not None and not isinstance(param.type, click.Choice):
            param._custom_shell_complete = offer  # noqa: SLF001 - what click asks
    return command


def _items(words: Iterable[str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(typed)]


def _keys(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    return _items(_in_record(ctx, "keys", typed.upper()), typed.upper())


def _staff(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    return _items(_in_record(ctx, "staff", typed), typed)


def _stages(
    _ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    from sitrack.pathway.stages import Stage

    return _items([stage.value for stage in Stage], typed)


def _policies(
    _ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    from sitrack.pathway.policy import names

    return _items(names(), typed)


def _filters(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    if typed.startswith("@"):
        return _items(
            [f"@{name}" for name in _in_record(ctx, "views", typed[1:])], typed
        )
    return _items(FILTERS, typed)


def _in_record(ctx: click.Context, what: str, typed: str) -> list[str]:
    """Words of the record that is named; none where it cannot be read."""
    from sitrack import settings
    from sitrack.record.glance import glance

    given = {"database_url": ctx.params.get("database")}
    with contextlib.suppress(SitrackError):
        known = settings.load(given, os.environ, ctx.params.get("config"))
        return glance(known["database_url"], what, typed)
    return []


_OFFERS: dict[str, Offer] = {
    "episode": _keys,
    "episode_key": _keys,
    "key": _keys,
    "patient": _keys,
    "into": _keys,
    "target": _keys,
    "stage": _stages,
    "name": _staff,
    "performer": _staff,
    "clinician": _staff,
    "coordinator": _staff,
    "cover": _staff,
    "lead": _staff,
    "join": _staff,
    "leave": _staff,
    "staff_id": _staff,
    "episode_keys": _keys,
    "policy": _policies,
    "payer": _policies,
    "words": _filters,
    "view_name": _filters,
}
"""What is offered for an argument or option, by its name."""
