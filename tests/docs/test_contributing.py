"""What CONTRIBUTING tells to type can be typed, and what it points to is there."""

import importlib.util
import re
import shlex

import pytest

from tests.docs.told import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", PAGE)
MODULES = sorted(set(re.findall(r"python -m ((?:tests|benchmarks)[\w.]*)", PAGE)))
RUNS = [code for code in CODE if "-m pytest" in code]
PLACES = [
    code
    for code in CODE
    if re.fullmatch(r"[a-z_.]+(/[a-z_.]+)*(/|\.(py|md))", code) and "/" in code
]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_that_is_to_be_run_is_there(module):
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("line", RUNS)
def test_every_run_of_the_tests_has_only_options_that_pytest_knows(line, pytestconfig):
    words = shlex.split(line.partition("-m pytest")[2])
    known, unknown = pytestconfig._parser.parse_known_and_unknown_args(words)
    assert unknown == []
    assert all((ROOT / place).exists() for place in known.file_or_dir)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_is_named_is_there(place):
    assert (ROOT / place).exists() or (ROOT / "sitrack" / place).exists()


def test_there_are_such_things_to_look_at():
    assert min(len(MODULES), len(RUNS), len(PLACES)) > 3
