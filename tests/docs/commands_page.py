"""Makes `docs/reference/commands.md` from the commands themselves.

`python -m tests.docs.commands_page --write` writes it; without the option it is printed.
What stands on many commands (`--format`, `--as`) is explained once, at the top.
"""

import inspect
import itertools
from collections.abc import Iterable, Iterator

import click

from sitrack.cli import shell
from sitrack.cli.lazy import CONTEXT
from sitrack.cli.root import root
from tests.docs.made import print_or_write
from tests.docs.told import ROOT

PAGE = ROOT / "docs/reference/commands.md"
COMMAND = "python -m tests.docs.commands_page --write"

Path = tuple[str, ...]


def _made(options: Iterable[object]) -> list[click.Option]:
    """The options that these decorators add."""

    def bare() -> None:
        """Take them."""

    for option in reversed(list(options)):
        option(bare)
    return click.command()(bare).params


SHARED = {
    "Everywhere": _made(shell._EVERYWHERE),
    "On what answers a question": _made([*shell._READS, shell._GLASS]),
    "On what can be asked of the past": _made(shell._TIMES),
    "On what writes": _made(shell._WRITES),
}
"""The options that stand on many commands, by where they stand."""


def commands(
    command: click.Command = root, path: Path = ()
) -> Iterator[tuple[Path, click.Command]]:
    """Every group and every command, in the order of the help."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))


def page() -> str:
    """The whole page."""
    parts = [head(), *itertools.starmap(about, commands())]
    lines = itertools.chain.from_iterable((*part, "") for part in parts)
    return "\n".join(lines).rstrip() + "\n"


def head() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "What `--help` says, on one page."
    yield "What was refused, and why, is told by the [exit code](exit-codes.md)."
    yield "Every answer has a twin in [JSON](json.md)."
    yield ""
    yield "## Options of many commands"
    for where, options in SHARED.items():
        yield from ("", f"{where}:", "")
        yield from table(options)


def about(path: Path, command: click.Command) -> Iterator[str]:
    """One group or command."""
    yield f"{'#' * min(2 + len(path[1:]), 3)} {spelled(path)}"
    yield ""
    yield from explained(command)
    yield "```"
    # A command keeps the help option of the first context that asks for it.
    settings = CONTEXT | dict(command.context_settings)
    context = click.Context(command, info_name=spelled(path), **settings)
    yield from command.get_usage(context).removeprefix("Usage: ").splitlines()
    yield "```"
    own = [option for option in command.params if is_its_own(option)]
    if own:
        yield ""
        yield from table(own)


def spelled(path: Path) -> str:
    return " ".join(("sitrack", *path))


def explained(command: click.Command) -> Iterator[str]:
    """Its help: sentences as they are, examples as a block."""
    for part in inspect.cleandoc(command.help or "").split("\n\n"):
        if part.startswith("\b"):
            block = part.removeprefix("\b\n").splitlines()
            yield from ("```", *(line.removeprefix("  ") for line in block), "```")
        else:
            yield " ".join(part.split())
        yield ""


def is_its_own(param: click.Parameter) -> bool:
    if not isinstance(param, click.Option) or param.hidden or param.name == "help":
        return False
    shared = {tuple(each.opts) for options in SHARED.values() for each in options}
    return tuple(param.opts) not in shared


def table(options: Iterable[click.Option]) -> Iterator[str]:
    """Options with what they take and what they do."""
    yield "| option | what it does |"
    yield "|---|---|"
    for option in options:
        said = option.get_help_record(click.Context(click.Command("sitrack")))
        assert said is not None, option.name
        names, words = said
        words = " ".join(words.replace("|", "\\|").split())
        yield f"| `{names.replace('|', ', ')}` | {words} |"


if __name__ == "__main__":
    print_or_write(page, PAGE, __doc__)
