"""Asks at a terminal for what a form still needs, and says the command that it became.

Only what is missing is asked for. The line that is printed in the end does the same
without a question, so that people learn the short way from the long one.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click

from sitrack.errors import BadInput
from sitrack.journey import forms
from sitrack.journey.evidence import read_reading, read_value


def stands_at_terminal(given: Mapping[str, Any]) -> bool:
    """Whether somebody is there to be asked, and wants to be."""
    return not given.get("no_input") and sys.stdin.isatty()


def may_ask(given: Mapping[str, Any]) -> bool:
    """Whether a form may be filled in by asking, which two sides at once cannot."""
    return not given.get("both") and stands_at_terminal(given)


def ask_missing(kind: forms.Kind, given: dict[str, Any]) -> bool:
    """Ask for what is missing, into `given`; say whether anything was."""
    asked = False
    for field in _missing(kind, given):
        asked = True
        value = _asked(kind, field, optional=field.name in kind.one_of)
        given[f"value_{field.name}"] = value or None
    if kind.name == "diary" and not given.get("reading"):
        asked = True
        given["reading"] = tuple(_readings(given.get("value_scale") or "nrs"))
    return asked


def _missing(kind: forms.Kind, given: Mapping[str, Any]) -> list[forms.Field]:
    """The fields that must be given; of a group that needs one, all while none is."""
    told = {each.name for each in kind.fields if given.get(f"value_{each.name}")}
    wanted = {each.name for each in kind.fields if each.required}
    if kind.one_of and not told & set(kind.one_of):
        wanted |= set(kind.one_of)
    if kind.procedure and not told & {"nrs", "vas"}:
        wanted.add("nrs")
    return [
        each
        for each in kind.fields
        if each.name in wanted - told and each.default is None
    ]


def _asked(kind: forms.Kind, field: forms.Field, *, optional: bool) -> str:
    """Ask for one value until it can be understood; an optional one may stay empty."""
    text = (
        f"{field.about[:1].upper()}{field.about[1:]} (--{forms.option_of(field.name)}"
    )
    if field.choices:
        text += f": {', '.join(field.choices)}"
    while True:
        default = "" if optional else None
        typed = click.prompt(f"{text})", default=default, show_default=False, err=True)
        if optional and not typed:
            return ""
        try:
            read_value(kind.name, field, typed)
        except BadInput as error:
            click.echo(error.message, err=True)
        else:
            return str(typed)


def _readings(scale: str) -> Iterator[str]:
    """Ask for readings, one a line, until an empty line."""
    count = 0
    while True:
        text = "Reading, such as 1h=2" + (" (empty ends)" if count else "")
        default = "" if count else None
        typed = click.prompt(text, default=default, show_default=False, err=True)
        if not typed:
            return
        try:
            read_reading(typed, scale)
        except BadInput as error:
            click.echo(error.message, err=True)
        else:
            count += 1
            yield str(typed)


def as_typed(kind: forms.Kind, episode: str, given: Mapping[str, Any]) -> str:
    """Return the one line that does the same without asking."""
    words = ["sitrack", "record", kind.name, episode]
    if given.get("about") is not None:
        words += ["--for", str(given["about"])]
    for field in kind.fields:
        value = given.get(f"value_{field.name}")
        if value is True:
            words.append(f"--{forms.option_of(field.name)}")
        elif value:
            words += [f"--{forms.option_of(field.name)}", str(value)]
    for reading in given.get("reading", ()):
        words += ["--reading", reading]
    if given.get("on"):
        words += ["--on", given["on"]]
    return shlex.join(words)
