"""An option typed before its command: the same words, in the order that is understood.

The shared options stand on every command itself. Who types `sitrack -d URL worklist` is
told `sitrack worklist -d URL`, to be pasted.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click

from sitrack.cli.nameless import Nameless
from sitrack.errors import may_be_repeated


def mended(root: click.Group, words: Sequence[str]) -> str | None:
    """Return what was meant, or None where the order is not what is wrong.

    Args:
        root: the group that knows the commands.
        words: what was typed after `sitrack`.
    """
    found = _told_apart(root, words)
    if found is None:
        return None
    _, command, early = found
    return shlex.join(["sitrack", *map(_fit_to_show, [*command, *early])])


def _told_apart(
    group: click.Group, words: Sequence[str]
) -> tuple[click.Command, list[str], list[str]] | None:
    """The command, its words from its name on, and the options that came too early."""
    context = click.Context(group)
    for place, word in enumerate(words):
        command = group.get_command(context, word)
        if command is None:
            continue
        rest, early = list(words[place + 1 :]), list(words[:place])
        if isinstance(command, click.Group):
            within = _told_apart(command, rest)
            if within is None:
                continue
            command, rest, later = within
            early += later
        elif isinstance(command, Nameless):
            # What is typed behind it may be somebody's name.
            rest = []
        if _are_options_of(command, words[:place]):
            return command, [word, *rest], early
    return None


def _are_options_of(command: click.Command, words: Sequence[str]) -> bool:
    """Whether words are options of a command, each with its value, and nothing else."""
    takes_value = {
        name: not param.is_flag
        for param in command.params
        if isinstance(param, click.Option)
        for name in param.opts
    }
    left = iter(words)
    for word in left:
        name, joined, _ = word.partition("=")
        if name not in takes_value:
            return False
        if takes_value[name] and not joined and next(left, None) is None:
            return False
    return True


def _fit_to_show(word: str) -> str:
    """A word as it was typed; what may be a password or somebody's name is not."""
    name, joined, value = word.partition("=") if word[:2] == "--" else ("", "", word)
    if "@" in value or "password" in value.lower():
        return f"{name}{joined}URL"
    ours = may_be_repeated(value) or "/" in value or value == value.lower()
    return word if ours and " " not in value else f"{name}{joined}WORD"
