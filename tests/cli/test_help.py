"""Help: it opens with an example, fits a terminal, answers at once, and suggests."""

import json
import re
import shlex
import subprocess
import sys

import click
import pytest

from sitrack.cli.root import root

from .keyboard import surroundings, typed
from .test_json import leaves

HEAVY = {
    *("sqlalchemy", "alembic", "apscheduler", "transitions"),
    *("psycopg", "rich", "icalendar", "cryptography", "matplotlib"),
}
COMMANDS = {path for path, _ in leaves()}
GROUPS = {path[:-1] for path in COMMANDS if len(path) > 1}


def spelled(path):
    return " ".join(("sitrack", *path))


@pytest.mark.parametrize("path", sorted(COMMANDS | GROUPS | {()}), ids=spelled)
def test_every_help_opens_with_an_example_and_fits_a_terminal(path):
    done = typed(*path, "--help")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith(f"Usage: {spelled(path)} ")
    assert max(map(len, lines)) <= 80
    options = lines.index("Options:")
    assert any(line.strip().startswith("sitrack ") for line in lines[1:options])
    assert typed(*path, "-h").out == done.out


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=spelled)
def test_every_example_of_a_command_is_one_of_that_command(path):
    lines = [line.strip() for line in typed(*path, "--help").out.splitlines()]
    assert any(is_example(line, path) for line in lines)


def is_example(line, path):
    """Whether a line types that command; a bulk one has a filter before its verb."""
    if path[0] == "bulk":
        return line.startswith("sitrack bulk ") and path[1] in line.split()
    return line.startswith(spelled(path))


def examples():
    """Every line of a help that types something, as sitrack is given it by a shell."""
    found = {}
    for path in sorted(COMMANDS | GROUPS | {()}):
        whole = re.sub(r"\\\n\s+", "", typed(*path, "--help").out)
        for line in whole.splitlines():
            if line.startswith("    sitrack ") or " | sitrack " in line:
                said = line[line.index("sitrack ") :]
                # Without what stands beside it, and where its answer goes.
                found[re.split(r"\s{3,}| >>? ", said)[0]] = None
    return list(found)


@pytest.mark.parametrize("example", examples())
def test_every_example_is_taken_as_it_stands(example):
    """Its command is there, and so are its options, with values that they take."""
    words = shlex.split(example)[1:]
    context = root.make_context("sitrack", words)
    while isinstance(command := context.command, click.Group):
        name, command, rest = command.resolve_command(context, context._protected_args)
        context = command.make_context(name, [*rest, *context.args], parent=context)


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=spelled)
def test_every_option_is_explained(path):
    [command] = [command for each, command in leaves() if each == path]
    assert [
        o.name for o in command.params if o.param_type_name == "option" and not o.help
    ] == []


@pytest.mark.parametrize("path", sorted(GROUPS), ids=spelled)
def test_a_bare_group_prints_its_help(path):
    assert typed(*path) == typed(*path, "--help")


def test_sitrack_alone_prints_its_help_and_what_comes_next():
    alone, asked = typed(), typed("--help")
    assert (alone.code, alone.err) == (0, "")
    step = alone.out.removeprefix(asked.out).splitlines()
    assert step == [
        "",
        "There is no record yet.",
        "To see it work first: sitrack demo",
        "Next: sitrack db init",
    ]


@pytest.mark.parametrize("path", sorted(COMMANDS - {("demo",)}), ids=spelled)
def test_what_stands_everywhere_stands_here(path):
    names = {
        name
        for each, command in leaves()
        if each == path
        for o in command.params
        for name in o.opts
    }
    assert {"--database", "-d", "--now", "--color", "--quiet", "-q"} <= names


@pytest.mark.parametrize("words", [[], ["record"], ["record", "score"], ["worklist"]])
def test_help_loads_nothing_heavy(words):
    assert HEAVY & loaded_by(*words, "--help") == set()


def test_nor_does_sitrack_alone_which_looks_how_far_the_record_is(desk):
    where = {"SITRACK_DATABASE_URL": desk.url}
    assert (HEAVY | {"sqlite3"}) & loaded_by(env=where) == {"sqlite3"}


@pytest.mark.parametrize("words", [["worklist"], ["show"], ["report", "census"]])
def test_what_is_asked_of_a_file_speaks_no_language_of_a_server(desk, words):
    about = [desk.key] if words == ["show"] else []
    where = {"SITRACK_DATABASE_URL": desk.url, "SITRACK_AS": "rivera"}
    loaded = loaded_by(*words, *about, env=where)
    assert not {each for each in loaded if "postgresql" in each or "psycopg" in each}


def loaded_by(*words, env=None):
    """The modules that a command loads, in a process of its own."""
    script = (
        "import json, sys; from sitrack.cli import run; "
        "code = run(sys.argv[1:]); "
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        check=True,
        env=surroundings(env),
    )
    code, loaded = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return set(loaded)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["worklst"], "did you mean worklist? see: sitrack --help"),
        (
            ["record", "scor"],
            "did you mean score or screen? see: sitrack record --help",
        ),
        (
            ["episode", "opne"],
            "did you mean open or reopen? see: sitrack episode --help",
        ),
        (["xyzzy"], "see: sitrack --help"),
    ],
)
def test_an_unknown_command_is_answered_with_the_nearest(words, near):
    done = typed(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: there is no command {words[-1]!r}\nhint: {near}\n"


def test_a_command_is_not_understood_by_its_beginning():
    for words in (["work"], ["hist"], ["record", "inj"], ["patient", "fin"]):
        assert typed(*words).code == 2


def test_an_unknown_option_is_answered_with_the_nearest():
    done = typed("record", "score", "P00013-R", "--nsr", "3")
    assert done.code == 2
    assert done.err.startswith(
        "error: there is no option --nsr\nhint: did you mean --nrs"
    )
    assert done.err.endswith("see: sitrack record score --help\n")


def test_an_unknown_stage_is_answered_with_the_nearest(desk):
    for typo, near in (
        ("relif", "relief"),
        ("block", "diagnostic-block"),
        ("fusio", "fusion-evaluation"),
    ):
        done = desk.type("why", "P00013-R", typo)
        assert (done.code, done.out) == (2, "")
        assert near in done.err


def test_the_words_of_the_root_are_the_words_of_the_commands():
    assert {path[0] for path in COMMANDS} == set(root.table)


def test_it_says_its_version():
    done = typed("--version")
    assert done.code == 0
    assert done.out.startswith("sitrack ")
