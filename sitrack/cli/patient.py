"""`sitrack patient`: people. Names are typed at a prompt or read from a file, never argv."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from sitrack.cli import leaving, merging
from sitrack.cli.access import masks
from sitrack.cli.consent import consent
from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.nameless import TAKING_ANYTHING, Nameless
from sitrack.cli.output import View, on_this_record, table
from sitrack.cli.shell import Shell, read_text, reads, reads_in_time, writes
from sitrack.cli.show import show_patient
from sitrack.cli.telling import Told, tell_entry
from sitrack.errors import BadInput
from sitrack.legible import shown

_FIELDS = {
    "given": "Given name",
    "family": "Family name",
    "born": "Date of birth (YYYY-MM-DD, Enter if unknown)",
    "mrn": "Record number (Enter for none)",
}


@click.group(cls=Group, context_settings=CONTEXT)
def patient() -> None:
    """Add, find and show people.

    \b
      sitrack patient add
      sitrack patient find
      sitrack patient consent P01428 --channel sms
    """


patient.add_command(consent)


@patient.command(cls=Nameless, context_settings=TAKING_ANYTHING)
@click.option("--from", "path", metavar="FILE", help="JSON with the person: file or -.")
@click.option("--payer", metavar="NAME", help="Who pays: one word, as a policy's.")
@click.option("--no-input", is_flag=True, help="Never ask anything.")
@writes
def add(
    shell: Shell, path: str | None, payer: str | None, no_input: bool, dry_run: bool
) -> None:
    """Register a patient, and get the key.

    \b
      sitrack patient add
      sitrack patient add --from person.json --payer medicare-lcd-2023
    The file: {"given": "…", "family": "…", "born": "1970-05-31", "mrn": "…",
    "zone": "Europe/Paris"}, all but the names as far as they are known.
    Whoever has nearly the same name and birth date is told, by key.
    """
    from sitrack.coordination import likeness, people
    from sitrack.record.registry import read_person

    raw = _person(path, no_input, required=("given", "family"))
    person = read_person(raw)
    # Whoever may not is told so before anybody is looked for.
    people.enrol(shell.ledger, shell.author, person, payer=payer, dry_run=True)
    near = likeness.who_looks_like(shell.ledger, person)
    if near:
        shell.note(near, "rehearsed" if dry_run else "shown")
    found, entry = people.enrol(
        shell.ledger, shell.author, person, payer=payer, dry_run=dry_run
    )
    told = Told(
        f"{found.key}  {found.initials}  enrolled",
        f"would enrol {found.initials} as the next patient",
        "sitrack.enrolled/1",
        {"patient": found.key, "initials": found.initials, "near": near},
        warnings=tuple(_near(found.key, near, dry_run=dry_run)),
        look=f"sitrack show {found.key}",
        then=f"sitrack episode open {found.key} --side left|right",
    )
    tell_entry(shell, entry, told, found.key, dry_run=dry_run)


def _near(key: str, near: Sequence[str], *, dry_run: bool) -> Iterator[str]:
    """Say who may be the same person, and what joins the two."""
    if near:
        more = f" or {len(near) - 1} more" if near[1:] else ""
        said = f"warning: {near[0]}{more} may be the same person"
        yield f"{said} (sitrack show {near[0]}){'' if dry_run else '; if so:'}"
        if not dry_run:
            yield on_this_record(f"  sitrack patient merge {key} {near[0]}")


@patient.command(cls=Nameless, context_settings=TAKING_ANYTHING)
@click.option("--from", "path", metavar="FILE", help="JSON with what is known, or -.")
@click.option("--mask/--no-mask", default=True, help="Initials, or names in full.")
@click.option("--no-input", is_flag=True, help="Never ask anything.")
@reads
def find(shell: Shell, path: str | None, mask: bool, no_input: bool) -> None:
    """Look a patient up by the beginning of a name, birth date or record number.

    \b
      sitrack patient find
      sitrack patient find --from known.json
    """
    from sitrack.coordination.questions import people_like, today_of

    raw = _person(path, no_input, required=())
    masked = masks(shell, wanted=mask)
    people = people_like(shell.ledger, raw)
    rows = [_row(each, masked=masked) for each in people]
    columns = ["patient", "initials", *([] if masked else ["given", "family", "born"])]
    cells = [[shown(str(row.get(name) or "")) for name in columns] for row in rows]
    heads = [name.upper() for name in columns]
    view = View(
        schema="sitrack.patients/1",
        as_of=today_of(shell.ledger),
        columns=columns,
        rows=rows,
        screen=lambda _width: (
            table(heads, cells, [9, 8, 18, 18, 10][: len(heads)])
            if rows
            else ["Nobody like that."]
        ),
    )
    shell.show(view)


def _row(found: Any, *, masked: bool) -> dict[str, Any]:
    row = {"patient": found.key, "initials": found.initials}
    if not masked:
        person = found.person
        row |= {"given": person.given, "family": person.family, "born": person.born}
    return row


@patient.command(context_settings=CONTEXT)
@click.argument("key")
@click.option("--payer", metavar="NAME", required=True, help="Who pays, or: none.")
@click.option("--on", metavar="DATE", help="Since when; today if not given.")
@writes
def edit(shell: Shell, key: str, payer: str, on: str | None, dry_run: bool) -> None:
    """Say who pays for a patient from a day on.

    Where a shipped policy of that name does not cover an RFA, a signed financial notice
    is asked for before one. Nothing else follows from it.

    \b
      sitrack patient edit P01428 --payer medicare-lcd-2023
      sitrack patient edit P01428 --payer none --on 2025-05-01
    """
    from sitrack.coordination import people
    from sitrack.pathway.policy import NOBODY

    name = None if payer == NOBODY else payer
    found, entry = people.set_payer(
        shell.ledger, shell.author, key, name, on=shell.day(on), dry_run=dry_run
    )
    said = f"payer {payer} since {entry.day(shell.ledger.zone)}"
    answer = {"patient": found.key, "initials": found.initials, "payer": found.payer}
    told = Told(
        f"{found.key}  {found.initials}  {said}",
        f"would set {said} for {found.key}",
        "sitrack.patient-edited/1",
        answer,
        look=f"sitrack patient show {found.key}",
        then=f"sitrack patient show {found.key}",
    )
    tell_entry(shell, entry, told, found.key, dry_run=dry_run)


@patient.command(context_settings=CONTEXT)
@click.argument("key")
@click.option("--mask/--no-mask", default=True, help="Initials, or names in full.")
@reads_in_time
def show(
    shell: Shell, key: str, mask: bool, as_of: str | None, as_known: str | None
) -> None:
    """Show one patient and where each side stands.

    \b
      sitrack patient show P01428
      sitrack patient show P01428 --as-of 2025-05-01
    What somebody is called has one time only, which is now.
    """
    from sitrack.coordination.questions import When
    from sitrack.journey.patient import read_patient_key

    when = When(shell.day(as_of), shell.instant(as_known))
    masked = masks(shell, wanted=mask)
    show_patient(shell, read_patient_key(key), when, masked=masked)


def _person(
    path: str | None, no_input: bool, required: tuple[str, ...]
) -> dict[str, Any]:
    """The person as JSON from a file, or asked for at the terminal."""
    if path is not None:
        try:
            raw = json.loads(read_text(path) or "")
        except (json.JSONDecodeError, RecursionError):
            raise BadInput(
                "the person is not JSON", '{"given": "…", "family": "…"}'
            ) from None
        if not isinstance(raw, dict):
            raise BadInput("the person is not a JSON object")
        return raw
    if no_input or not sys.stdin.isatty():
        raise BadInput("nobody is named: --from is missing", "--from FILE, or --from -")
    return {
        name: click.prompt(
            text,
            default=None if name in required else "",
            show_default=False,
            err=True,
        )
        for name, text in _FIELDS.items()
    }


patient.add_command(merging.merge)
patient.add_command(merging.unmerge)
patient.add_command(leaving.export)
patient.add_command(leaving.erase)
