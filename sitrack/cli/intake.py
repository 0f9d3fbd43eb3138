"""`sitrack import`: take in people, episodes and their history from a file."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, BinaryIO

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import FORMATS, dumped, pasteable, progress, screen_width
from sitrack.cli.shell import Shell, writes
from sitrack.errors import BadInput, NotEligible, PartlyDone, SitrackError

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.coordination.importing.tally import Tally
    from sitrack.exchange.incoming import Incoming

_AGAIN = "the same command again goes on from there"


@click.command("import", context_settings=CONTEXT)
@click.argument("file", required=False)
@click.option("--check", is_flag=True, help="Say what is wrong with it; write nothing.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to print it.")
@click.option("--template", is_flag=True, help="Print a file to begin with.")
@click.option(
    "--no-reminders",
    "hush",
    is_flag=True,
    help="Remind nobody of what was due before today.",
)
@writes
def import_(
    shell: Shell,
    file: str | None,
    check: bool,
    template: bool,
    hush: bool,
    dry_run: bool,
) -> None:
    """Take in people, episodes and their history from a CSV or NDJSON file.

    \b
      sitrack import --template > clinic.csv
      sitrack import clinic.csv --check
      sitrack import clinic.csv --no-reminders

    Every row is judged as the commands would have judged it on its day. With a single
    fault, nothing is written, and every fault is told with its row and column. The
    same file again writes what is new in it. The columns: docs/reference/import.md
    """
    from sitrack.exchange import csv_import, incoming

    if template:
        click.echo(csv_import.template(), nl=False)
        return
    if file is None:
        raise BadInput("no file is named", "FILE, or - for stdin")
    source = incoming.opened(file, _stdin)
    try:
        if check or dry_run:
            shell.purpose = "rehearse"
        found = _checked(shell, source)
        if check or dry_run or found.problems:
            _tell_check(shell, found, asked=check or dry_run)
        elif found.entries == 0:
            _tell_taken(shell, found)  # all of it is on record
        else:
            _tell_taken(shell, _taken(shell, source, hush=hush))
    finally:
        source.close()


def _stdin() -> BinaryIO:
    """What comes in, as bytes; a stand-in for a terminal has text alone."""
    found = getattr(sys.stdin, "buffer", None)
    return found or io.BytesIO(sys.stdin.read().encode())


def _checked(shell: Shell, source: Incoming) -> Tally:
    from sitrack.coordination.importing.taking import check
    from sitrack.exchange.csv_import import rows

    ledger, author = shell.ledger, shell.author
    with progress("checking", source.size) as tell:
        return check(ledger, author, rows(source, tell))


def _taken(shell: Shell, source: Incoming, *, hush: bool) -> Tally:
    """Write the file; what was written before something failed stays, and is told."""
    from sitrack.coordination.importing.taking import Wish, take_in
    from sitrack.exchange.csv_import import rows

    channel = shell.settings["reminders.channel"] if hush else None
    wish, kept = Wish(source.digest, channel), 0

    def acknowledge(number: int) -> None:
        nonlocal kept
        kept = number
        shell.recorded = "sitrack audit by"

    try:
        with progress("taking in", source.size) as tell:
            lines = rows(source, tell)
            return take_in(shell.ledger, shell.author, lines, wish, acknowledge)
    except KeyboardInterrupt:
        shell.say(f"rows kept: {kept:,}; {_AGAIN}")
        raise
    except SitrackError as error:
        if not kept:
            raise
        raise PartlyDone(
            f"rows kept: {kept:,}, and then {error.message}", _AGAIN
        ) from None


def _tell_check(shell: Shell, found: Tally, *, asked: bool) -> None:
    """Show every fault, or that there is none.

    Raises:
        BadInput: there are some; NotEligible where that was the question, or where
            all of them are the pathway's.
    """
    from sitrack.cli.screens.intake import check_lines, check_view
    from sitrack.coordination.questions import today_of

    shell.show(check_view(found, today_of(shell.ledger)))
    if not found.problems:
        if shell.form in {"csv", "tsv", "ndjson"}:
            # The faults of a sound file are an empty table, which says nothing.
            for line in check_lines(found, screen_width()):
                shell.say(line)
        return
    number = len(found.problems)
    said = f"{number:,} {'fault' if number == 1 else 'faults'}, and nothing is written"
    hint = "mend the rows above, and look again with --check"
    if asked or all(each.is_refusal for each in found.problems):
        raise NotEligible(said, hint)
    raise BadInput(said, hint)


def _tell_taken(shell: Shell, done: Tally) -> None:
    """Say what was written.

    Raises:
        PartlyDone: what could be taken when it was checked could not be written.
    """
    from sitrack.cli.screens.intake import taken_json, taken_lines
    from sitrack.coordination.questions import today_of

    if shell.form == "json":
        click.echo(dumped(taken_json(done, today_of(shell.ledger))))
    else:
        for line in taken_lines(done):
            if not (shell.quiet and line.startswith("Next:")):
                click.echo(pasteable(line))
    if done.problems:
        raise PartlyDone(
            f"{len(done.problems):,} faults came up that were not there before; "
            "the people they are about were left out",
            "look at them: the same command with --check",
        )
