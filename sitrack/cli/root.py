"""The root of the command line, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence

import click

from sitrack.cli import streams
from sitrack.cli.lazy import LazyGroup, Table

_TABLE: Table = {
    "demo": ("sitrack.cli.demo:demo", "A synthetic clinic, walked through and shown."),
    "worklist": ("sitrack.cli.worklist:worklist", "Who needs somebody today."),
    "next": ("sitrack.cli.worklist:next_", "The one that needs me most, as a card."),
    "show": ("sitrack.cli.show:show", "One patient or episode on one screen."),
    "record": ("sitrack.cli.record:record", "Write down what happened."),
    "why": ("sitrack.cli.why:why", "What a move still needs."),
    "advance": ("sitrack.cli.advance:advance", "Move an episode on."),
    "history": ("sitrack.cli.history:history", "Every entry, as of and as known."),
    "contact": ("sitrack.cli.contact:contact", "Log an attempt to reach the patient."),
    "snooze": ("sitrack.cli.snooze:snooze", "Off the worklist until a day."),
    "due": ("sitrack.cli.due:due", "What is due, and the arithmetic behind it."),
    "packet": (
        "sitrack.cli.packet:packet",
        "The evidence a payer asks for, as a file.",
    ),
    "patient": ("sitrack.cli.patient:patient", "People: add, find, show."),
    "episode": (
        "sitrack.cli.episode:episode",
        "The frame: open, hold, assign, hand over, finish.",
    ),
    "entry": ("sitrack.cli.entry:entry", "Amend: correct, retract, transfer."),
    "undo": ("sitrack.cli.undo:undo", "Take back your last command."),
    "view": ("sitrack.cli.view:view", "Filters that are kept by name."),
    "reminder": ("sitrack.cli.reminder:reminder", "Plan, run, watch, look at them."),
    "pathway": (
        "sitrack.cli.pathway:pathway",
        "The protocol: show, check, adopt, migrate.",
    ),
    "report": ("sitrack.cli.report:report", "How the clinic is doing: waits, trends."),
    "import": ("sitrack.cli.intake:import_", "Take in people and history from a file."),
    "export": ("sitrack.cli.export:export", "Leave with everything, in open formats."),
    "audit": ("sitrack.cli.audit:audit", "For auditors: verify the record."),
    "doctor": ("sitrack.cli.doctor:doctor", "What is wrong, and what mends it."),
    "db": ("sitrack.cli.db:db", "The database: init, status, upgrade, path."),
    "config": ("sitrack.cli.config:config", "The settings: show, init, path."),
    "completion": ("sitrack.cli.completion:completion", "Let your shell complete."),
    "bulk": ("sitrack.cli.bulk:bulk", "One verb on all that a filter picks."),
    "team": ("sitrack.cli.team:team", "People who share a queue: add, edit, list."),
    "absence": ("sitrack.cli.absence:absence", "Who is away, and who covers for them."),
    "staff": ("sitrack.cli.staff:staff", "Who works with the record: add, list."),
}


@click.command(cls=LazyGroup, table=_TABLE, invoke_without_command=True)
@click.version_option(package_name="sitrack", message="sitrack %(version)s")
@click.pass_context
def root(ctx: click.Context) -> None:
    """Follow patients along the sacroiliac cascade of care.

    \b
      sitrack demo                      see it work, on a synthetic clinic
      sitrack worklist                  who needs me this morning?
      sitrack why P01428-R rfa          why may this episode not move on?

    Every command has examples of its own: sitrack COMMAND --help
    """
    if ctx.invoked_subcommand is None:
        from sitrack.cli.first_steps import next_step

        click.echo("\n".join([ctx.get_help(), "", *next_step()]))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    streams.prepare()
    try:
        with _unbroken_pipe():
            code = root.main(words, prog_name="sitrack", standalone_mode=False)
            sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except SystemExit:
        return 0  # only so does click end where the reader of a pipe went away
    except BaseException as error:  # noqa: BLE001 - the last room before the street
        return _failed(error, words)
    return code if isinstance(code, int) else 0


def _failed(error: BaseException, words: Sequence[str]) -> int:
    """Say what went wrong, as far as anybody can be told; return the exit code."""
    from sitrack.cli.failures import code_of, report

    streams.flush_or_give_up("stdout")
    try:
        return report(error, words)
    except (OSError, ValueError):
        streams.flush_or_give_up("stderr")
        return code_of(error)


@contextlib.contextmanager
def _unbroken_pipe():  # type: ignore[no-untyped-def]  # noqa: ANN202 - a generator
    """A reader that goes away (`| head`) is no error."""
    try:
        yield
    except BrokenPipeError:
        streams.give_up_on("stdout")
        raise click.exceptions.Exit(0) from None
