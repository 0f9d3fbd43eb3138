"""Reads the tests as sentences, without running them.

A test is named as a sentence, stands under a heading of its file, and may cite the
sentences of the founding document that it shows (`@pytest.mark.founding(5, 15)`), or
the complaints about other systems that it spares our users (`@pytest.mark.complaint(9)`).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HEADING = re.compile(r"# --- (.+)")
_SPELLED = {
    **{word: word.upper() for word in ("rfa", "nrs", "vas", "odi", "pgic", "nsaid")},
    "nsaids": "NSAIDs",
    "rfas": "RFAs",
    "ct": "CT",
}


@dataclass(frozen=True)
class Told:
    """One test.

    Attributes:
        path: its file, from the root of the checkout.
        line: where it stands there.
        heading: the last `# ---` above it, or the first sentence of the file.
        sentence: its name, as people read it.
        founding: the sentences of the founding document that it cites.
        complaints: the complaints that it spares our users.
        words: the texts that it names, by constants and functions of its file too.
        names: the names that it uses, through functions of its file too.
    """

    path: str
    line: int
    heading: str
    sentence: str
    founding: tuple[int, ...]
    complaints: tuple[int, ...]
    words: frozenset[str]
    names: frozenset[str]


@cache
def told_under(folder: str) -> tuple[Told, ...]:
    """Every test of a folder, by file and in the order of each file."""
    files = sorted((ROOT / folder).rglob("test_*.py"))
    return tuple(told for file in files for told in _tests_of(file))


@cache
def about(path: str) -> str:
    """The first sentence of a file, without its full stop."""
    text = ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    return (text or "").partition("\n")[0].rstrip(".")


def _tests_of(file: Path) -> Iterator[Told]:
    text = file.read_text(encoding="utf-8")
    module = ast.parse(text)
    headings = [
        (number, match.group(1))
        for number, line in enumerate(text.splitlines(), 1)
        if (match := _HEADING.match(line))
    ]
    constants, functions = _definitions(module)
    path = file.relative_to(ROOT).as_posix()
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            above = [name for line, name in headings if line < node.lineno]
            yield Told(
                path=path,
                line=node.lineno,
                heading=above[-1] if above else "",
                sentence=sentence(node.name),
                founding=_cited(node, FOUNDING),
                complaints=_cited(node, COMPLAINT),
                words=frozenset(_words(node, constants, functions)),
                names=frozenset(_names(node, functions)),
            )


def sentence(name: str) -> str:
    """`test_pain_below_nrs_four_is_little` as `Pain below NRS four is little`."""
    words = name.removeprefix("test_").split("_")
    spelled = " ".join(_SPELLED.get(word, word) for word in words)
    spelled = spelled.replace("re evaluation", "re-evaluation")
    return spelled[:1].upper() + spelled[1:]


def _definitions(
    module: ast.Module,
) -> tuple[dict[str, ast.expr], dict[str, ast.FunctionDef]]:
    constants: dict[str, ast.expr] = {}
    for node in module.body:
        if isinstance(node, ast.Assign):
            [target] = node.targets
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
            else:
                pairs = iter([(target, node.value)])
            constants |= {
                one.id: value for one, value in pairs if isinstance(one, ast.Name)
            }
    functions = {n.name: n for n in module.body if isinstance(n, ast.FunctionDef)}
    return constants, functions


def _cited(node: ast.FunctionDef, name: str) -> tuple[int, ...]:
    """The numbers of every mark of that name on a test."""
    return tuple(
        argument.value
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == name
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    )


FOUNDING = "pytest.mark.founding"
COMPLAINT = "pytest.mark.complaint"


def _words(
    node: ast.AST,
    constants: dict[str, ast.expr],
    functions: dict[str, ast.FunctionDef],
) -> Iterator[str]:
    for inner in (node, *_called(node, functions)):
        for each in ast.walk(inner):
            if isinstance(each, ast.Name) and each.id in constants:
                yield from _texts(constants[each.id])
        yield from _texts(inner)


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _names(node: ast.AST, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    for inner in (node, *_called(node, functions)):
        for each in ast.walk(inner):
            if isinstance(each, ast.Name):
                yield each.id
            elif isinstance(each, ast.Attribute):
                yield each.attr


def _called(
    node: ast.AST, functions: dict[str, ast.FunctionDef]
) -> list[ast.FunctionDef]:
    """The functions of the file that a test uses, and those that they use."""
    found: list[ast.FunctionDef] = []
    waiting: list[ast.AST] = [node]
    while waiting:
        for each in ast.walk(waiting.pop()):
            named = functions.get(each.id) if isinstance(each, ast.Name) else None
            if named is not None and named not in found:
                found.append(named)
                waiting.append(named)
    return found
