"""The page about reminders says the words that rounds say, and commands that there are."""

import ast
import re
import shlex

import click
import pytest

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.root import root
from sitrack.journey.forms import STOPPING
from sitrack.reminders.channels import email, webhook
from tests.docs.told import ROOT
from tests.reminders.test_suppressed import ENDS

PAGE = (ROOT / "docs/reference/reminders.md").read_text(encoding="utf-8")
SAID = {
    text.value
    for room in ("record", "reminders", "journey")
    for path in (ROOT / "sitrack" / room).rglob("*.py")
    for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(text, ast.Constant) and isinstance(text.value, str)
}
"""Every text of the rooms that rounds are made of."""


def words_of(state):
    return set(re.findall(rf"(?m)^\| `([a-z-]+)` \| {state} \|", PAGE))


def test_every_reason_for_which_a_row_ends_is_explained():
    ends = {reason for _, _, reason in ENDS.values()}
    assert words_of("cancelled") == ends | {
        *("consent", "stale", "duplicate", "reassigned", "imported"),
    }
    assert set(STOPPING) <= ends


def test_no_reason_is_explained_that_nothing_says():
    explained = words_of("cancelled") | words_of("open")
    assert {"quiet", "cap", "next-digest"} == words_of("open")
    assert explained <= SAID


def test_every_state_is_that_of_a_row():
    states = re.findall(r"(?m)^\| `([a-z]+)` \| [^|]+ \|$", PAGE)
    assert {"open", "done", "cancelled", "dead"} <= set(states)


@pytest.mark.parametrize("channel", [email, webhook])
def test_every_failure_without_a_number_is_explained(channel):
    assert [word for _, word in channel._WORDS if f"`{word}`" not in PAGE] == []


def commands():
    for block in re.findall(r"(?s)```sh\n(.*?)```", PAGE):
        for line in block.splitlines():
            yield "sitrack " + line.partition("sitrack ")[2]


@pytest.mark.parametrize("line", list(commands()))
def test_every_command_is_one_that_there_is(line):
    words = shlex.split(line)[1:]
    # With its settings: a command keeps the help option that it is first asked for.
    command, context = root, click.Context(root, **CONTEXT)
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context, info_name=words[0])
        command = command.get_command(context, words.pop(0))
        assert command is not None, line
    command.make_parser(context).parse_args(words)
