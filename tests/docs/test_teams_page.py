"""The page about teams types commands that there are, with options that they have."""

import re
import shlex

import click
import pytest

from sitrack.cli.root import root
from tests.docs.told import ROOT

PAGE = (ROOT / "docs/reference/teams.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"(?s)```sh\n(.*?)```", PAGE)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_every_command_is_one_that_there_is(line):
    name, *words = shlex.split(line)
    command, context = root, root.make_context(name, words)
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
    assert context.command.callback is not None


def test_every_verb_of_teams_absences_and_hands_is_on_it():
    verbs = ("assign", "claim", "handoff", "accept", "decline")
    typed = {tuple(line.split()[1:3]) for line in LINES}
    wanted = {("episode", verb) for verb in verbs}
    wanted |= {("team", verb) for verb in ("add", "edit", "list")}
    wanted |= {("absence", verb) for verb in ("add", "end", "list")}
    assert wanted <= typed
