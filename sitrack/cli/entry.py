"""`sitrack entry`: amend what was written; nothing is ever erased."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from sitrack.cli.amend import amend, amends
from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.shell import Shell, read_text
from sitrack.errors import BadInput


@click.group(cls=Group, context_settings=CONTEXT)
def entry() -> None:
    """Amend what was written: the first entry stays, and stays visible.

    \b
      sitrack entry correct P01428-R 7 --set nrs=6 --reason typing-error
      sitrack entry retract P01428-R 7 --reason duplicate
      sitrack entry transfer P01428-R 7 --to P01428-L --reason wrong-side
    The effects are shown before anything is kept.
    """


_WHY = [
    click.option("--reason", metavar="CODE", required=True, help="Why, as a code."),
    click.option("--text", metavar="FILE", help="Why, in words: a file, or - (stdin)."),
    click.option(
        "--expect-version", type=int, metavar="N", help="Refuse if it moved on."
    ),
]


def _amends(command: Callable[..., Any]) -> Callable[..., Any]:
    command = amends(command)
    for option in reversed(_WHY):
        command = option(command)
    return command


def _because(given: dict[str, Any]) -> Any:
    from sitrack.coordination.page import Because

    return Because(given["reason"], read_text(given["text"]))


def _run(shell: Shell, key: Any, given: dict[str, Any], act: Any) -> None:
    """Run an act on one episode; a version that was given is one that was seen."""
    expected = given["expect_version"]

    def at_version(seen: Any, dry_run: bool) -> Any:
        if expected is not None:
            seen = {**(seen or {}), key: expected}
        return act(seen, dry_run)

    amend(
        shell,
        at_version,
        yes=given["yes"],
        no_input=given["no_input"],
        dry_run=given["dry_run"],
    )


@entry.command(context_settings=CONTEXT)
@click.argument("episode")
@click.argument("number", type=int)
@click.option(
    "--set",
    "changes",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="A field and its right value; on=DATE is the day. May be repeated.",
)
@_amends
def correct(
    shell: Shell, episode: str, number: int, changes: tuple[str, ...], **given: Any
) -> None:
    """Give an entry other values.

    \b
      sitrack entry correct P01428-R 7 --set nrs=6 --reason typing-error
      sitrack entry correct P01428-R 7 --set on=2025-05-02 --reason wrong-date
      sitrack entry correct P01428-R 15 --reason wrong-patient \\
        --set reading=1h=6 --set reading=2h=6
      sitrack entry correct P01428-R 9 --set on=2025-05-01 \\
        --set 12.on=2025-05-02 --reason wrong-date    two that go together
    An empty value takes a field away; readings replace all readings.
    Codes: typing-error, wrong-patient, wrong-side, wrong-date, duplicate,
    not-done, source-corrected
    """
    from sitrack.coordination import amendments
    from sitrack.coordination.episodes import find_key

    key = find_key(shell.ledger, episode)
    pairs = _changes(shell, number, changes)
    because = _because(given)
    _run(
        shell,
        key,
        given,
        lambda seen, dry_run: amendments.correct(
            shell.ledger, shell.author, key, pairs, because, seen=seen, dry_run=dry_run
        ),
    )


def _changes(
    shell: Shell, number: int, typed: tuple[str, ...]
) -> dict[int, list[tuple[str, str]]]:
    """Sort what was typed by the entry that it is about: `12.on=…` names another."""
    found: dict[int, list[tuple[str, str]]] = {number: []}
    for text in typed:
        field, separator, value = text.partition("=")
        entry_number, dot, rest = field.partition(".")
        about = number
        if dot and _NUMBER.match(entry_number):
            about, field = int(entry_number), rest
        if not separator or not field:
            raise BadInput("--set takes a field and its value", "such as --set nrs=6")
        if field == "on":
            value = str(shell.day(value))
        found.setdefault(about, []).append((field, value))
    if not found[number]:
        raise BadInput(f"nothing is set of #{number}", "such as --set on=2025-05-02")
    return found


_NUMBER = re.compile(r"[0-9]{1,9}\Z", re.ASCII)


@entry.command(context_settings=CONTEXT)
@click.argument("episode")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="N...")
@_amends
def retract(shell: Shell, episode: str, numbers: tuple[int, ...], **given: Any) -> None:
    """Take entries out: they stay visible, and count for nothing.

    \b
      sitrack entry retract P01428-R 7 --reason duplicate
      sitrack entry retract P01428-R 9 12 --reason not-done   together
    Codes: typing-error, wrong-patient, wrong-side, wrong-date, duplicate,
    not-done, source-corrected
    """
    from sitrack.coordination import amendments
    from sitrack.coordination.episodes import find_key

    key = find_key(shell.ledger, episode)
    because = _because(given)
    _run(
        shell,
        key,
        given,
        lambda seen, dry_run: amendments.retract(
            shell.ledger,
            shell.author,
            key,
            numbers,
            because,
            seen=seen,
            dry_run=dry_run,
        ),
    )


@entry.command(context_settings=CONTEXT)
@click.argument("episode")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="N...")
@click.option(
    "--to", "target", metavar="EPISODE", required=True, help="Where it is right."
)
@_amends
def transfer(
    shell: Shell, episode: str, numbers: tuple[int, ...], target: str, **given: Any
) -> None:
    """Set evidence right on the other side, or on the right patient.

    \b
      sitrack entry transfer P01428-L 7 --to P01428-R --reason wrong-side
    What belongs to a procedure, such as its diary, goes with it.
    Codes: typing-error, wrong-patient, wrong-side, wrong-date, duplicate,
    not-done, source-corrected
    """
    from sitrack.coordination import amendments
    from sitrack.coordination.episodes import find_key

    key = find_key(shell.ledger, episode)
    to = find_key(shell.ledger, target)
    because = _because(given)
    _run(
        shell,
        key,
        given,
        lambda seen, dry_run: amendments.transfer(
            shell.ledger,
            shell.author,
            key,
            numbers,
            to,
            because,
            seen=seen,
            dry_run=dry_run,
        ),
    )
