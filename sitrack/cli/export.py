"""`sitrack export`: leave with everything, as files that other programs read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import counted, dumped
from sitrack.cli.shell import Shell, writes
from sitrack.errors import BadInput

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.exchange.pseudonyms import Names

_ENDING: Final = {"fhir": ".json", "xes": ".xes", "ocel": ".json", "ics": ".ics"}
_OPTIONS: Final = (
    click.option("--out", metavar="PATH", help="Where to; it must not be there yet."),
    click.option("--as-known", metavar="TIME", help="By what was written until then."),
)
_HIDING: Final = (
    click.option("--identified", is_flag=True, help="With the keys as they are."),
    click.option(
        "--secret-file", metavar="FILE", help="Keep the secret there, or use it again."
    ),
    click.option(
        "--shift-days",
        type=click.IntRange(0, 366),
        default=0,
        help="Move each patient's days by up to so many.",
    ),
)


def _with(options: Iterable[Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(list(options)):
            command = option(command)
        return command

    return add


@click.group(cls=Group, context_settings=CONTEXT)
def export() -> None:
    """Leave with everything. That it left is written down first.

    \b
      sitrack export fhir --identified
      sitrack export xes --shift-days 60
      sitrack export csv --out march
    """


@export.command(context_settings=CONTEXT)
@_with((*_OPTIONS, *_HIDING))
@click.option("--no-mask", is_flag=True, help="With names; --identified only.")
@click.option("--who-saw", is_flag=True, help="With who read and what left; auditors.")
@writes
def fhir(
    shell: Shell, no_mask: bool, who_saw: bool, dry_run: bool, **given: Any
) -> None:
    """Journeys as FHIR R4, in one bundle; nobody is named unless asked for.

    \b
      sitrack export fhir
      sitrack export fhir --who-saw
      sitrack export fhir --identified --no-mask --out clinic.json
    """
    if no_mask and not given["identified"]:
        raise BadInput("--no-mask names people", "give --identified as well")
    more = {"unmasked": no_mask, "who_saw": who_saw}
    _export(shell, "fhir", given, dry_run=dry_run, **more)


@export.command(context_settings=CONTEXT)
@_with((*_OPTIONS, *_HIDING))
@writes
def xes(shell: Shell, dry_run: bool, **given: Any) -> None:
    """Journeys as an event log (IEEE 1849), for process mining.

    \b
      sitrack export xes --shift-days 60
    """
    _export(shell, "xes", given, dry_run=dry_run)


@export.command(context_settings=CONTEXT)
@_with((*_OPTIONS, *_HIDING))
@writes
def ocel(shell: Shell, dry_run: bool, **given: Any) -> None:
    """Journeys as an object-centric log (OCEL 2.0), with every amendment.

    \b
      sitrack export ocel --secret-file study.key
    """
    _export(shell, "ocel", given, dry_run=dry_run)


@export.command(context_settings=CONTEXT)
@_with(_OPTIONS)
@writes
def ics(shell: Shell, dry_run: bool, **given: Any) -> None:
    """What is due as a calendar of tasks: keys and days, and nothing else.

    \b
      sitrack export ics --out due.ics
    """
    _export(shell, "ics", {**given, "identified": True}, dry_run=dry_run)


@export.command(context_settings=CONTEXT)
@_with(_OPTIONS)
@writes
def csv(shell: Shell, dry_run: bool, **given: Any) -> None:
    """Episodes, what is due, and every entry, as tables in a folder of their own.

    \b
      sitrack export csv --out march
    """
    _export(shell, "csv", {**given, "identified": True}, dry_run=dry_run)


@export.command(context_settings=CONTEXT)
@click.option("--out", metavar="FOLDER", help="Where to; it must not be there yet.")
@writes
def entries(shell: Shell, out: str | None, dry_run: bool) -> None:
    """Everything, names among it, in a folder that verifies itself and can come back.

    \b
      sitrack export entries --out march
      sitrack db restore march -d postgresql://localhost/sitrack
    """
    from sitrack.cli.audit.export import tell_folder
    from sitrack.coordination.exports import note_export
    from sitrack.coordination.questions import today_of
    from sitrack.exchange.files import refuse_place
    from sitrack.exchange.whole import folder_of_everything

    if dry_run:
        raise BadInput("an export is made or not: there is nothing to try out")
    path = Path(out or _name("entries", today_of(shell.ledger)))
    refuse_place(path)
    said = {"what": "entries", "named": True}
    entry = note_export(shell.ledger, shell.author, said)
    shell.recorded = "sitrack audit trail --kind exports"
    tell_folder(shell, entry, path, folder_of_everything(shell.ledger, path))


def _export(
    shell: Shell,
    form: str,
    given: dict[str, Any],
    *,
    dry_run: bool,
    unmasked: bool = False,
    who_saw: bool = False,
) -> None:
    """Make the files, write down that they leave, and only then let them stand."""
    from sitrack.coordination.exports import note_export
    from sitrack.coordination.questions import today_of
    from sitrack.exchange.fhir.care import Asked
    from sitrack.exchange.outgoing import left

    names = _names(shell, given, keep=not dry_run)
    known = shell.instant(given["as_known"])
    said = {
        "what": form,
        "named": names.are_real,
        "shift_days": names.shift_days,
        **({"as_known": known.isoformat()} if known else {}),
        **({"who_saw": True} if who_saw else {}),
    }
    # Whoever may not is told so before anything is made.
    note_export(shell.ledger, shell.author, said, dry_run=True)
    if who_saw:
        examines = replace(shell.author, command="audit who-saw")
        note_export(shell.ledger, examines, said, dry_run=True)
    path = Path(given["out"] or _name(form, today_of(shell.ledger)))
    asked = Asked(names, shell.settings["export.diagnosis"], unmasked, who_saw)
    with left(shell.ledger, form, asked, known, None if dry_run else path) as done:
        said |= {"episodes": done.episodes, "digest": done.digest}
        entry = note_export(shell.ledger, shell.author, said, dry_run=dry_run)
        if not dry_run:
            shell.recorded = "sitrack audit trail --kind exports"
    _tell(shell, said, str(path), entry, dry_run=dry_run)


def _name(form: str, day: dt.date) -> str:
    return f"sitrack-{form}-{day}{_ENDING.get(form, '')}"


def _names(shell: Shell, given: dict[str, Any], *, keep: bool) -> Names:
    """What everybody is called: by a secret of this export, or by their keys."""
    from sitrack.exchange.pseudonyms import Names, kept_secret, new_secret

    zone = shell.ledger.zone
    file, shift = given.get("secret_file"), given.get("shift_days", 0)
    if given["identified"]:
        if file or shift:
            raise BadInput("--identified hides nobody: leave the other option out")
        return Names(zone)
    return Names(zone, kept_secret(file) if file and keep else new_secret(), shift)


def _tell(
    shell: Shell, said: dict[str, Any], path: str, entry: Any, *, dry_run: bool
) -> None:
    from sitrack.cli.screens.written import receipt

    if shell.form == "json":
        head = {"schema": "sitrack.left/1", "as_of": entry.recorded}
        told = {"path": None if dry_run else path, "dry_run": dry_run}
        mark = None if dry_run else receipt(entry, "office")
        click.echo(dumped({**head, **said, **told, "receipt": mark}))
        return
    what = f"{counted(said['episodes'], 'episode', 'episodes')} as {said['what']}"
    hidden = "with their keys" if said["named"] else "nobody named"
    if dry_run:
        click.echo(f"would export {what}, {hidden}")
        return
    click.echo(f"exported {what}, {hidden}, to {path}")
    click.echo(f"sha256 {said['digest']}")
    click.echo(f"recorded {receipt(entry, 'office')}")
