"""`sitrack pathway`: the protocol itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import View, dumped, show_view
from sitrack.cli.shell import Shell, reads
from sitrack.errors import BadInput, NotEligible


@click.group(no_args_is_help=True, context_settings=CONTEXT)
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
        as_of=_today(shell),
        columns=columns,
        rows=rows,
        screen=lambda width: _table(protocol, width),
        extra={"protocol": protocol.id, "hash": protocol.hash},
    )
    show_view(view, shell.form, pager=shell.pager)


def _today(shell: Shell) -> Any:
    from sitrack.clock import machine_clock

    del shell
    return machine_clock()


def _table(protocol: Any, width: int) -> list[str]:
    from sitrack.pathway.stages import title_of

    lines = [f"{protocol.title}  ({protocol.hash[:16]})"]
    for move in protocol.moves:
        ways = ", ".join(title_of(source) for source in move.sources)
        if move.command == "episode finish":
            ways = "any open stage"
        lines += ["", f"{move.title}: {ways} → {title_of(move.target or '')}"[:width]]
        lines += [f"  {text}"[:width] for text in map(_requirement, move.requirements)]
        if move.reasons:
            lines.append(f"  reasons: {', '.join(move.reasons)}"[:width])
    return lines


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
def draw(file: str | None, drawing: str) -> None:
    """Draw the stages and the moves between them.

    \b
      sitrack pathway draw
      sitrack pathway draw --format mermaid > pathway.mmd
    """
    from sitrack.pathway import drawing as sheets

    protocol = _from_file(file)
    drawn = sheets.mermaid(protocol) if drawing == "mermaid" else sheets.text(protocol)
    click.echo(drawn, nl=False)


@pathway.command(context_settings=CONTEXT)
@_FILE
@click.option("--json", "in_json", is_flag=True, help="Answer in JSON.")
def check(file: str | None, in_json: bool) -> None:
    """Prove that a protocol is sound; leaves with 10 if it is not.

    \b
      sitrack pathway check
      sitrack pathway check my-clinic.toml
    """
    from sitrack.journey.assessment import is_judged
    from sitrack.pathway.soundness import faults

    protocol = _from_file(file)
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
        body = {"schema": "sitrack.pathway-check/1", "protocol": protocol.id}
        more = {"hash": protocol.hash, "sound": not found, "rows": found}
        click.echo(dumped({**body, **more, "not_judged_yet": unjudged}))
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
            click.echo(f"  {', '.join(unjudged)}")
    if found:
        raise NotEligible(f"{protocol.id} is not sound: {found[0]}")
    if not in_json:
        click.echo("sound")


def _protocol(shell: Shell, file: str | None) -> Any:
    """The protocol of a file, or the one that the record adopted last."""
    if file is not None:
        return _from_file(file)
    from sitrack.coordination.questions import current_protocol

    return current_protocol(shell.ledger)


def _from_file(file: str | None) -> Any:
    from sitrack.pathway.protocol import load, shipped_text

    if file is None:
        return load(shipped_text())
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput("the protocol file cannot be read as text") from None
    return load(text)
