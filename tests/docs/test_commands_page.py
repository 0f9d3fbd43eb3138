"""The page about the commands is the one that the commands make."""

import re

from tests.cli.test_help import is_example
from tests.cli.test_json import leaves
from tests.docs.commands_page import COMMAND, PAGE, SHARED, page, spelled

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_of_the_commands_is_not_stale():
    assert page() == TEXT, f"make it anew: {COMMAND}"


def by_heading():
    """What stands on the page under each heading."""
    pieces = re.split(r"^#{2,3} (.*)$", TEXT, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def test_every_command_and_each_of_its_options_stands_there():
    sections = by_heading()
    shared = {name for each in SHARED.values() for o in each for name in o.opts}
    for path, command in leaves():
        section = sections[spelled(path)]
        for param in command.params:
            named = param.opts if param.param_type_name == "option" else []
            for option in {*named} - shared:
                assert f"{option}" in section, (path, option)


def test_every_command_has_an_example_there():
    sections = by_heading()
    for path, _ in leaves():
        blocks = sections[spelled(path)].split("```\n")[1::2]
        lines = [line for block in blocks[:-1] for line in block.splitlines()]
        assert any(is_example(line, path) for line in lines), path  # the last is usage


def test_the_page_names_no_place_of_this_machine():
    assert "/home/" not in TEXT.replace("sqlite:////home/clinic/", "")
    assert "/root" not in TEXT
