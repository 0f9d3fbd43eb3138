"""Which kinds of entries the product writes: every `Draft` in its source, read.

There is no list of them, on purpose: a kind is a word of whoever writes it. So the word
is looked up where the draft is made, or where a function that makes it is called.
"""

import ast
import importlib
from pathlib import Path

import sitrack
from sitrack.journey import forms

ROOT = Path(sitrack.__file__).parent

ELSEWHERE = {
    "ledger-made": "written with the database itself: there is nothing before it",
    "restored": "written into a database that was just made: a copy that is thrown away",
    "granted": "written as the roles of a whole server are made, which no copy keeps apart",
    "database-away": "written by a process that keeps watch, once an outage is over",
}
"""Kinds that no row of the table appends, and why."""

OF_EVIDENCE = {"kind.name", "before.kind"}
"""What stands for a kind of evidence, or for a kind that was written before."""


def kinds_written():
    """Every kind of entry that some code of the product may append."""
    found = set(forms.KINDS)
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text("utf-8")
        tree = ast.parse(text if "Draft(" in text else "")
        drafts = [call for call in _calls(tree) if _name(call) == "Draft"]
        found |= {word for draft in drafts for word in _words(path, tree, draft)}
    return found


def _calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _name(call):
    return ast.unparse(call.func).rpartition(".")[2]


def _words(path, tree, call, name="kind", place=0):
    """What an argument of a call may be."""
    value = _argument(call, name, place)
    spelled = ast.unparse(value)
    if spelled in OF_EVIDENCE:
        return set()
    for maker in _around(tree, call):
        taken = [each.arg for each in maker.args.args]
        if spelled in taken:
            # What it is, whoever calls the function says.
            place = taken.index(spelled) - (taken[0] == "self")
            callers = [each for each in _calls(tree) if _name(each) == maker.name]
            assert callers, f"{path.name}: nobody calls {maker.name}"
            found = [_words(path, tree, each, spelled, place) for each in callers]
            return set().union(*found)
        value = _assigned(maker, spelled) or value
    chosen = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    return {_constant(path, each) for each in chosen}


def _argument(call, name, place):
    named = [each.value for each in call.keywords if each.arg == name]
    return named[0] if named else call.args[place]


def _around(tree, call):
    """The functions in which a call is made, the innermost first."""
    makers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and call in ast.walk(node)
    ]
    return makers[::-1]


def _assigned(maker, name):
    """What a function gives that name to, if it does."""
    for node in ast.walk(maker):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value
    return None


def _constant(path, value):
    """The word itself, or the constant of the module that holds it."""
    if isinstance(value, ast.Constant):
        return value.value
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    module = importlib.import_module(".".join(parts))
    found = module
    for name in ast.unparse(value).split("."):
        assert hasattr(found, name), f"{path.name}: which kind is {ast.unparse(value)}?"
        found = getattr(found, name)
    return found
