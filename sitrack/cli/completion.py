"""`sitrack completion`, and what the shell is offered: keys, stages, codes, teams, filters.

Names of people are never offered, and nothing is kept in a cache. What stands in the
record is read by the bare driver, for SQLAlchemy takes longer to load than a person
who presses TAB will wait.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    get_completion_class,
)

from sitrack.cli.lazy import COMPLETING, CONTEXT
from sitrack.cli.shell import Shell, plain
from sitrack.errors import SitrackError

FILTERS = (
    *("stage:", "status:", "side:", "band:", "waits:", "rule:", "owner:", "patient:"),
    *("episode:", "due:", "overdue:", "in-stage:", "tries:", "alert:", "held:"),
    *("snoozed:", "lapsed:", "lost:", "team:", "offered:"),
)
"""The fields of a filter; the grammar itself would load the database library."""

_YES_OR_NO = ("alert", "held", "snoozed", "lapsed", "lost")

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


class _Bash(BashComplete):
    """Bash takes `owner:rivera` for three words, and puts a space after `owner:`.

    The words are told apart by their spaces instead, unless something is quoted; what
    is on the line up to the last colon is not said again.
    """

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' response completion type value before=""
    local line=${COMP_LINE:0:COMP_POINT} current=$COMP_CWORD
    local -a words=("${COMP_WORDS[@]}")

    if [[ $line != *[\\'\\"]* ]]; then
        IFS=' ' read -ra words <<< "$line"
        [[ $line == *' ' ]] && words+=("")
        current=$((${#words[@]} - 1))
    fi
    if [[ $COMP_WORDBREAKS == *:* && ${words[current]} == *:* ]]; then
        before=${words[current]%%:*}:
    fi
    response=$(env COMP_WORDS="${words[*]}" COMP_CWORD=$current \\
        %(complete_var)s=bash_complete $1)
    for completion in $response; do
        IFS=',' read type value <<< "$completion"
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("${value#"$before"}")
            [[ $value == *: ]] && compopt -o nospace
        fi
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


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

    made = _Bash if program == "bash" else get_completion_class(program)
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
    what = "patients" if _is_of_patients(ctx) else "keys"
    return _items(_in_record(ctx, what, typed.upper()), typed.upper())


def _is_of_patients(ctx: click.Context) -> bool:
    """Whether it is a command of `sitrack patient`, which takes the key of a person."""
    return ctx.parent is not None and ctx.parent.info_name == "patient"


def _patients(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    return _items(_in_record(ctx, "patients", typed.upper()), typed.upper())


def _staff(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    return _items(_in_record(ctx, "staff", typed), typed)


def _who_or_team(
    ctx: click.Context, param: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Somebody; and where it may be a queue as well, a team."""
    people = _in_record(ctx, "staff", typed)
    takes_a_team = str(param.metavar).endswith("TEAM")
    return _items([*people, *(_in_record(ctx, "teams", typed) * takes_a_team)], typed)


def _teams(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    """A team that there is; a new one has a name of its own."""
    if ctx.info_name == "add":
        return []
    return _items(_in_record(ctx, "teams", typed), typed)


def _codes(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    """The reasons of the moves that a command makes, to whatever stage.

    A clinic's own protocol keeps the reasons of the shipped one.
    """
    from sitrack.pathway.loading import SHIPPED, shipped

    protocol = shipped(SHIPPED)
    makes = {ctx.info_name, f"episode {ctx.info_name}"}
    codes = (
        code
        for move in protocol.moves + protocol.status_moves
        if ctx.info_name == "why" or move.command in makes
        for code in move.reasons
    )
    return _items(dict.fromkeys(codes), typed)


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


def _views(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    return _items(_in_record(ctx, "views", typed), typed)


def _filters(
    ctx: click.Context, _param: click.Parameter, typed: str
) -> list[CompletionItem]:
    return filters_for(ctx, typed)


def filters_for(ctx: click.Context, typed: str) -> list[CompletionItem]:
    """Return the words of a filter, or the views, that begin with what was typed."""
    if typed.startswith("@"):
        return _items(
            [f"@{name}" for name in _in_record(ctx, "views", typed[1:])], typed
        )
    field, colon, value = typed.partition(":")
    if not colon:
        return _items(FILTERS, typed)
    found = _values(ctx, field, value)
    return [CompletionItem(f"{field}:{item.value}") for item in found]


def _values(ctx: click.Context, field: str, typed: str) -> list[CompletionItem]:
    """What a field of a filter may be, where that can be listed."""
    if field in {"owner", "offered"}:
        return _items(["me", "none", *_in_record(ctx, "staff", typed)], typed)
    if field == "team":
        return _items(["mine", "none", *_in_record(ctx, "teams", typed)], typed)
    if field in {"patient", "episode"}:
        what = "patients" if field == "patient" else "keys"
        return _items(_in_record(ctx, what, typed.upper()), typed.upper())
    from sitrack.pathway.stages import Side, Stage, Status

    words = {
        "stage": [stage.value for stage in Stage],
        "status": [status.value for status in Status],
        "side": [side.value for side in Side],
        "waits": ["patient", "staff"],
        **{name: ["yes", "no"] for name in _YES_OR_NO},
    }
    return _items(words.get(field, ()), typed)


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
    "patient": _patients,
    "into": _patients,
    "target": _keys,
    "stage": _stages,
    "name": _staff,
    "performer": _staff,
    "clinician": _staff,
    "coordinator": _who_or_team,
    "cover": _staff,
    "lead": _staff,
    "join": _staff,
    "leave": _staff,
    "staff_id": _staff,
    "episode_keys": _keys,
    "team_name": _teams,
    "reason": _codes,
    "disposition": _codes,
    "policy": _policies,
    "payer": _policies,
    "words": _filters,
    "view_name": _views,
}
"""What is offered for an argument or option, by its name."""
