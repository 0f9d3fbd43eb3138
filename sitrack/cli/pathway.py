"""`sitrack pathway`: the protocol itself."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, dumped, screen_width, show_view
from sitrack.cli.shell import Shell, plain, reads
from sitrack.clock import machine_clock
from sitrack.errors import BadInput, NotEligible


@click.group(cls=Group, context_settings=CONTEXT)
def pathway() -> None:
    """Look at the protocol, draw it, and prove that it is sound.

    \b
      sitrack pathway show
      sitrack pathway draw
      sitrack pathway check my-clinic.toml
    """


_FILE = click.argument("file", required=False)


@pathway.command("list", context_settings=CONTEXT)
@reads
def list_(shell: Shell) -> None:
    """List the protocols that the record keeps, the current one first.

    \b
      sitrack pathway list
    """
    from sitrack.coordination.questions import adopted_protocols, today_of

    kept = adopted_protocols(shell.ledger)
    rows = [
        {"protocol": name, "hash": digest, "adopted": adopted}
        for name, digest, adopted in kept
    ]
    view = View(
        schema="sitrack.protocols/1",
        as_of=today_of(shell.ledger),
        columns=("protocol", "hash", "adopted"),
        rows=rows,
        screen=lambda _width: [
            f"{row['protocol']}  {row['hash'][:16]}  adopted {row['adopted'][:10]}"
            for row in rows
        ],
    )
    show_view(view, shell.form)


@pathway.command(context_settings=CONTEXT)
@_FILE
@reads
def show(shell: Shell, file: str | None) -> None:
    """Print the table of moves with their requirements and sources.

    \b
      sitrack pathway show
      sitrack pathway show my-clinic.toml
    """
    protocol = _protocol(shell, file)
    rows = [
        {
            "from": source,
            "to": move.target,
            "move": move.id,
            "command": move.command,
            "requirement": rule.id,
            "parameters": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in rule.parameters.items()
            },
            "hard": rule.hard,
            "sources": list(rule.sources),
        }
        for move in protocol.moves
        for source in move.sources
        for rule in move.requirements
    ]
    columns = ("from", "to", "move", "command", "requirement", "hard", "sources")
    view = View(
        schema="sitrack.pathway/1",
        as_of=_today(shell, of_record=file is None),
        columns=columns,
        rows=rows,
        screen=lambda width: _table(protocol, width),
        extra={"protocol": protocol.id, "hash": protocol.hash},
    )
    show_view(view, shell.form, pager=shell.pager)


def _today(shell: Shell, *, of_record: bool) -> dt.date:
    """The day of the record that was read; of a file, the day of this machine."""
    if of_record:
        from sitrack.coordination.questions import today_of

        return today_of(shell.ledger)
    return machine_clock().date()


def _table(protocol: Any, width: int) -> list[str]:
    from sitrack.pathway.stages import title_of

    lines = [f"{protocol.title}  ({protocol.hash[:16]})"]
    for move in protocol.moves:
        ways = ", ".join(title_of(source) for source in move.sources)
        if move.command == "episode finish":
            ways = "any open stage"
        heading = f"{move.title}: {ways} → {title_of(move.target or '')}"
        lines += ["", *textwrap.wrap(heading, width, subsequent_indent="  ")]
        texts = [_requirement(rule) for rule in move.requirements]
        if move.reasons:
            texts.append(f"reasons: {', '.join(move.reasons)}")
        for text in texts:
            lines += _indented(text, width)
    return lines


def _indented(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent="  ",
        subsequent_indent="      ",
        break_on_hyphens=False,
    )


def _requirement(rule: Any) -> str:
    values = " ".join(
        f"{name}={','.join(value) if isinstance(value, tuple) else value}"
        for name, value in rule.parameters.items()
    )
    hard = " (hard)" if rule.hard else ""
    cited = f" [{', '.join(rule.sources)}]" if rule.sources else ""
    return f"{rule.id}{hard} {values}{cited}".rstrip()


@pathway.command(context_settings=CONTEXT)
@_FILE
@click.option(
    "--format",
    "drawing",
    type=click.Choice(["text", "mermaid"]),
    default="text",
    help="For a terminal, or for a page.",
)
@plain
def draw(shell: Shell, file: str | None, drawing: str) -> None:
    """Draw the stages and the moves between them.

    \b
      sitrack pathway draw
      sitrack pathway draw --format mermaid > pathway.mmd
    """
    from sitrack.pathway import drawing as sheets

    protocol = _shipped_or(shell, file)
    drawn = sheets.mermaid(protocol) if drawing == "mermaid" else sheets.text(protocol)
    click.echo(drawn, nl=False)


@pathway.command(context_settings=CONTEXT)
@_FILE
@click.option("--json", "in_json", is_flag=True, help="Answer in JSON.")
@plain
def check(shell: Shell, file: str | None, in_json: bool) -> None:
    """Prove that a protocol is sound; leaves with 10 if it is not.

    \b
      sitrack pathway check
      sitrack pathway check my-clinic.toml
    """
    from sitrack.journey.assessment import is_judged
    from sitrack.pathway.soundness import faults

    protocol = _shipped_or(shell, file)
    found = faults(protocol)
    unjudged = sorted(
        {
            r.kind
            for move in protocol.moves
            for r in move.requirements
            if not is_judged(r)
        }
    )
    if in_json:
        body = {
            "schema": "sitrack.pathway-check/1",
            "as_of": _today(shell, of_record=_is_of_record(shell, file)),
            "protocol": protocol.id,
            "hash": protocol.hash,
            "sound": not found,
            "not_judged_yet": unjudged,
            "rows": [{"fault": fault} for fault in found],
        }
        click.echo(dumped(body))
    else:
        numbers = len(protocol.numbers)
        click.echo(f"{protocol.id}  {protocol.hash[:16]}")
        click.echo(
            f"{len(protocol.stages)} stages, {len(protocol.moves)} moves, "
            f"{len(protocol.follow_ups)} follow-ups, {numbers} numbers with sources"
        )
        for fault in found:
            click.echo(f"  unsound: {fault}")
        if unjudged:
            click.echo("not judged by this version yet (such moves are refused):")
            for line in _indented(", ".join(unjudged), screen_width()):
                click.echo(line)
    if found:
        raise NotEligible(f"{protocol.id} is not sound: {found[0]}")
    if not in_json:
        click.echo("sound")


def _is_of_record(shell: Shell, file: str | None) -> bool:
    return file is None and shell.flags["database_url"] is not None


def _shipped_or(shell: Shell, file: str | None) -> Any:
    """The protocol of a file, of the record named with -d, or the shipped one."""
    return _protocol(shell, None) if _is_of_record(shell, file) else _from_file(file)


def _protocol(shell: Shell, file: str | None) -> Any:
    """The protocol of a file, or the one that the record adopted last."""
    if file is not None:
        return _from_file(file)
    from sitrack.coordination.questions import current_protocol

    return current_protocol(shell.ledger)


def _from_file(file: str | None) -> Any:
    from sitrack.pathway.loading import load, shipped_text

    if file is None:
        return load(shipped_text())
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput("the protocol file cannot be read as text") from None
    return load(text)
