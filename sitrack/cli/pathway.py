"""`sitrack pathway`: the protocol itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from sitrack.cli.adoption import adopt, migrate
from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import View, dumped, screen_width, table
from sitrack.cli.protocol_files import current_or, is_of_record, meant, shipped_or
from sitrack.cli.shell import Shell, plain, reads
from sitrack.clock import machine_clock
from sitrack.errors import NotEligible


@click.group(cls=Group, context_settings=CONTEXT)
def pathway() -> None:
    """Look at the protocol, prove that it is sound, and adopt one of your own.

    \b
      sitrack pathway show
      sitrack pathway check my-clinic.toml
      sitrack pathway diff si-2026.1 my-clinic.toml
      sitrack pathway adopt my-clinic.toml --clinician osei
    """


pathway.add_command(adopt)
pathway.add_command(migrate)

_FILE = click.argument("file", required=False)


@pathway.command("list", context_settings=CONTEXT)
@reads
def list_(shell: Shell) -> None:
    """List the protocols that the record keeps, the current one first.

    After them stand those that are shipped and were not adopted here.

    \b
      sitrack pathway list
    """
    from sitrack.coordination.protocols import known_protocols
    from sitrack.coordination.questions import today_of

    rows = [
        {
            "protocol": each.id,
            "hash": each.hash,
            "adopted": each.adopted,
            "current": place == 0,
            "running": each.running,
        }
        for place, each in enumerate(known_protocols(shell.ledger))
    ]
    view = View(
        schema="sitrack.protocols/1",
        as_of=today_of(shell.ledger),
        columns=("protocol", "hash", "adopted", "current", "running"),
        rows=rows,
        screen=lambda _width: _listed(rows),
    )
    shell.show(view, pager=False)


def _listed(rows: list[dict[str, Any]]) -> list[str]:
    cells = [
        (
            row["protocol"],
            row["hash"][:16],
            row["adopted"][:10] if row["adopted"] else "shipped, not adopted",
            str(row["running"]),
            "current" if row["current"] else "",
        )
        for row in rows
    ]
    heads = ("PROTOCOL", "HASH", "ADOPTED", "RUNNING", "")
    width = max(len(row["protocol"]) for row in rows)
    return table(heads, cells, (min(width, 24), 16, 20, 7, 7))


@pathway.command(context_settings=CONTEXT)
@_FILE
@reads
def show(shell: Shell, file: str | None) -> None:
    """Print the moves with their requirements, and the numbers with their sources.

    FILE may also be the id of a protocol that the record keeps. What a clinic
    changed of the protocol that it derives from is marked.

    \b
      sitrack pathway show
      sitrack pathway show my-clinic.toml
    """
    from sitrack.cli.screens.protocol import whole

    protocol = current_or(shell, file)
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
        screen=lambda width: whole(protocol, width),
        extra={
            "protocol": protocol.id,
            "hash": protocol.hash,
            "derived": _derived(protocol),
            "numbers": _numbers(protocol),
            "settings": _settings(protocol),
        },
    )
    shell.show(view)


def _derived(protocol: Any) -> dict[str, Any] | None:
    if protocol.derived is None:
        return None
    return {
        "protocol": protocol.derived.protocol,
        "hash": protocol.derived.hash,
        "changed": sorted(protocol.derived.changed),
    }


def _numbers(protocol: Any) -> list[dict[str, Any]]:
    changed = protocol.derived.changed if protocol.derived else ()
    return [
        {
            "name": name,
            "value": number.value,
            "unit": number.unit,
            "sources": list(number.sources),
            "changed": f"numbers.{name}" in changed,
        }
        for name, number in protocol.numbers.items()
    ]


def _settings(protocol: Any) -> list[dict[str, Any]]:
    from sitrack.pathway.loading import document_of

    changed = protocol.derived.changed if protocol.derived else ()
    return [
        {
            "name": name,
            "value": row["value"],
            "sources": row["sources"],
            "changed": f"settings.{name}" in changed,
        }
        for name, row in document_of(protocol.text)["settings"].items()
    ]


def _today(shell: Shell, *, of_record: bool) -> dt.date:
    """The day of the record that was read; of a file, the day of this machine."""
    if of_record:
        from sitrack.coordination.questions import today_of

        return today_of(shell.ledger)
    return machine_clock().date()


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

    protocol = shipped_or(shell, file)
    drawn = sheets.mermaid(protocol) if drawing == "mermaid" else sheets.text(protocol)
    click.echo(drawn, nl=False)


@pathway.command(context_settings=CONTEXT)
@_FILE
@click.option("--json", "in_json", is_flag=True, help="Answer in JSON.")
@plain
def check(shell: Shell, file: str | None, in_json: bool) -> None:
    """Prove that a protocol is sound; leaves with 10 if it is not.

    Of a derived file, every override that does not fit is named.

    \b
      sitrack pathway check
      sitrack pathway check my-clinic.toml
    """
    from sitrack.pathway.derivation import Unfit
    from sitrack.pathway.soundness import emptied, faults

    try:
        protocol = shipped_or(shell, file)
    except Unfit as unfit:
        _tell_faults(shell, file, unfit.faults, in_json=in_json)
        first = unfit.faults[0]
        raise NotEligible(f"the overrides do not fit: {first}") from None
    found = faults(protocol) + emptied(protocol)
    if in_json:
        _tell_faults(shell, file, found, in_json=True, protocol=protocol)
    else:
        for line in _counted(protocol):
            click.echo(line)
        _tell_faults(shell, file, found, in_json=False)
    if found:
        raise NotEligible(f"{protocol.id} is not sound: {found[0]}")
    if not in_json:
        click.echo("sound")


def _tell_faults(
    shell: Shell,
    file: str | None,
    found: Any,
    *,
    in_json: bool,
    protocol: Any = None,
) -> None:
    if not in_json:
        for fault in found:
            click.echo(f"  unsound: {fault}")
        return
    body = {
        "schema": "sitrack.pathway-check/1",
        "as_of": _today(shell, of_record=is_of_record(shell, file)),
        "protocol": protocol and protocol.id,
        "hash": protocol and protocol.hash,
        "derived": protocol and _derived(protocol),
        "sound": not found,
        "not_judged_yet": _unjudged(protocol) if protocol else [],
        "rows": [{"fault": fault} for fault in found],
    }
    click.echo(dumped(body))


def _counted(protocol: Any) -> list[str]:
    from sitrack.cli.screens.protocol import indented

    lines = [f"{protocol.id}  {protocol.hash[:16]}"]
    if protocol.derived is not None:
        base, changed = protocol.derived, len(protocol.derived.changed)
        lines.append(
            f"derived from {base.protocol}  {base.hash[:16]}, {changed} changed"
        )
    lines.append(
        f"{len(protocol.stages)} stages, {len(protocol.moves)} moves, "
        f"{len(protocol.follow_ups)} follow-ups, "
        f"{len(protocol.numbers)} numbers with sources"
    )
    unjudged = _unjudged(protocol)
    if unjudged:
        lines.append("not judged by this version yet (such moves are refused):")
        lines += indented(", ".join(unjudged), screen_width())
    return lines


def _unjudged(protocol: Any) -> list[str]:
    from sitrack.journey.assessment import is_judged

    kinds = {r.kind for m in protocol.moves for r in m.requirements if not is_judged(r)}
    return sorted(kinds)


@pathway.command(context_settings=CONTEXT)
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@reads
def diff(shell: Shell, first: str, second: str) -> None:
    """Show every value in which two protocols differ.

    A and B are files, ids, or content hashes.

    \b
      sitrack pathway diff si-2026.1 my-clinic.toml
      sitrack pathway diff north-2026.1 north-2026.2
    """
    from sitrack.cli.screens.protocol import compared
    from sitrack.pathway.difference import differences

    before, after = meant(shell, first), meant(shell, second)
    found = differences(before, after)
    columns = ("part", "name", "what", "was", "now")
    view = View(
        schema="sitrack.pathway-diff/1",
        as_of=_today(shell, of_record=shell.flags["database_url"] is not None),
        columns=columns,
        rows=[{name: getattr(each, name) for name in columns} for each in found],
        screen=lambda width: compared(before, after, found, width),
        extra={
            key: {"protocol": each.id, "hash": each.hash}
            for key, each in (("from", before), ("to", after))
        },
    )
    shell.show(view)
