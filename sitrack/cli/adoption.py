"""`sitrack pathway adopt` and `migrate`: a clinic's own numbers, and who follows them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.output import NOT_KEPT, counted, dumped, progress, screen_width
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, writes
from sitrack.errors import BadInput, NotEligible, PartlyDone

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.coordination.migration import Migration, Plan
    from sitrack.journey.patient import EpisodeKey

_CLINICIAN = click.option(
    "--clinician", metavar="WHO", required=True, help="Who signed the numbers."
)


@click.command(context_settings=CONTEXT)
@click.argument("file")
@_CLINICIAN
@writes
def adopt(shell: Shell, file: str, clinician: str, dry_run: bool) -> None:
    """Make a protocol the one that new episodes follow.

    It must pass `pathway check`, and have an id of its own. Running episodes stay on
    theirs; `pathway migrate` brings them over.

    \b
      sitrack pathway adopt my-clinic.toml --clinician osei
      sitrack pathway adopt my-clinic.toml --clinician osei --dry-run
    """
    from sitrack.cli.protocol_files import of_file
    from sitrack.coordination import protocols

    protocol = of_file(shell, file, adopting=True)
    done = protocols.adopt(
        shell.ledger, shell.author, protocol, clinician, dry_run=dry_run
    )
    if not dry_run:
        shell.recorded = "sitrack pathway list"
    if shell.form == "json":
        body = {
            "schema": "sitrack.adopted/1",
            "as_of": done.entry.recorded,
            "protocol": protocol.id,
            "hash": protocol.hash,
            "derives": protocol.derived and protocol.derived.protocol,
            "clinician": done.entry.provenance.performer,
            "elsewhere": done.elsewhere,
            "receipt": None if dry_run else done.entry.hash[:16],
            "dry_run": dry_run,
        }
        click.echo(dumped(body))
        return
    verb = "would adopt" if dry_run else "adopted"
    click.echo(f"{verb} {protocol.id}  {protocol.hash[:16]}, signed by {clinician}")
    stay = counted(done.elsewhere, "running episode stays", "running episodes stay")
    click.echo(f"New episodes follow it; {stay} on another one.")
    if dry_run:
        click.echo(NOT_KEPT)
        return
    click.echo(f"recorded {receipt(done.entry, 'office')}")
    if not shell.quiet and done.elsewhere:
        click.echo(
            f"Next: sitrack pathway migrate {protocol.id} --all "
            f"--clinician {clinician} --dry-run"
        )


@click.command(context_settings=CONTEXT)
@click.argument("to", metavar="TO")
@click.option("--episode", metavar="KEY", multiple=True, help="This one, by name.")
@click.option("--all", "everyone", is_flag=True, help="Every running episode.")
@_CLINICIAN
@click.option("--yes", "-y", is_flag=True, help="Do not ask before it is done.")
@click.option("--no-input", is_flag=True, help="Never ask anything.")
@writes
def migrate(
    shell: Shell,
    to: str,
    episode: tuple[str, ...],
    everyone: bool,
    clinician: str,
    yes: bool,
    no_input: bool,
    dry_run: bool,
) -> None:
    """Bring running episodes to a protocol that was adopted.

    Each is rehearsed first: unchanged, due dates move, needs a person, or would be
    illegal. The last one stays where it is; one that needs a person stays unless it
    is named with --episode. Leaves with 15 if some stayed, with 10 if all did.

    \b
      sitrack pathway migrate north-2026.1 --all --clinician osei --dry-run
      sitrack pathway migrate north-2026.1 --all --clinician osei
      sitrack pathway migrate north-2026.1 --episode P01428-R --clinician osei
    """
    from sitrack.coordination import migration
    from sitrack.coordination.episodes import find_key

    if everyone == bool(episode):
        raise BadInput("say which episodes: --episode KEY, or --all")
    keys = [find_key(shell.ledger, word) for word in episode]
    chosen = None if everyone else keys
    with progress("rehearsing", migration.count_running(shell.ledger)) as tell:
        plan = migration.plan(shell.ledger, to, chosen, tell)
    ready = [each for each in plan.rehearsals if migration.may_go(each, keys)]
    done: Sequence[Migration] = [
        migration.Migration(each, None) for each in plan.rehearsals
    ]
    if dry_run or not ready:
        _tell(shell, plan, done, keys, dry_run=dry_run)
    else:
        if not yes:
            _confirm(shell, plan, done, keys, len(ready), may_ask=not no_input)
        with progress("migrating", len(plan.rehearsals)) as tell:
            done = migration.migrate(
                shell.ledger, shell.author, plan, clinician, named=keys, tell=tell
            )
        shell.recorded = "sitrack pathway list"
        _tell(shell, plan, done, keys, dry_run=False)
    if not dry_run:
        _leave(plan, done)


def _confirm(
    shell: Shell,
    plan: Plan,
    done: Sequence[Migration],
    keys: Collection[EpisodeKey],
    ready: int,
    *,
    may_ask: bool,
) -> None:
    """Show what would happen, and go on only if somebody says so."""
    if not (may_ask and sys.stdin.isatty()):
        raise BadInput(
            "nobody can be asked whether to go on",
            "look first with --dry-run, then say --yes",
        )
    for line in _screen(plan, done, keys, dry_run=True):
        shell.say(line)
    question = f"Migrate {counted(ready, 'episode', 'episodes')} to {plan.to.id}?"
    click.confirm(question, abort=True, err=True)


def _leave(plan: Plan, done: Sequence[Migration]) -> None:
    """Leave with an error where some episodes stayed."""
    stayed = [each for each in done if each.entry is None]
    if not stayed:
        return
    hint = (
        f"look at each: sitrack pathway migrate {plan.to.id} --episode KEY "
        "--clinician WHO --dry-run"
    )
    told = counted(len(stayed), "episode stays", "episodes stay")
    message = (
        f"{told} on the protocol it has"
        if len(stayed) == 1
        else (f"{told} on the protocol they have")
    )
    if len(stayed) == len(done):
        raise NotEligible(message, hint)
    raise PartlyDone(message, hint)


# --- what is said


def _tell(
    shell: Shell,
    plan: Plan,
    done: Sequence[Migration],
    keys: Collection[EpisodeKey],
    *,
    dry_run: bool,
) -> None:
    if shell.form == "json":
        body = {
            "schema": "sitrack.migration/1",
            "as_of": plan.today,
            "protocol": plan.to.id,
            "hash": plan.to.hash,
            "already": plan.already,
            "counts": dict(_counts(done)),
            "dry_run": dry_run,
            "rows": [_row(each, keys, dry_run=dry_run) for each in done],
        }
        click.echo(dumped(body))
        return
    for line in _screen(plan, done, keys, dry_run=dry_run):
        click.echo(line)


def _counts(done: Sequence[Migration]) -> Counter[str]:
    return Counter(each.rehearsal.verdict.value for each in done)


def _row(
    each: Migration, keys: Collection[EpisodeKey], *, dry_run: bool
) -> dict[str, Any]:
    found = each.rehearsal
    return {
        "episode": str(found.episode.key),
        "stage": found.episode.stage,
        "verdict": found.verdict.value,
        "outcome": _outcome(each, keys, dry_run=dry_run),
        "shifts": [
            {"rule": s.rule, "was": s.was, "now": s.now, "days": s.days}
            for s in found.shifts
        ],
        "why": list(found.why),
        "receipt": each.entry.hash[:16] if each.entry else None,
    }


def _outcome(each: Migration, keys: Collection[EpisodeKey], *, dry_run: bool) -> str:
    from sitrack.coordination.migration import may_go

    if dry_run:
        return "would-migrate" if may_go(each.rehearsal, keys) else "would-stay"
    return "migrated" if each.entry else "stayed"


def _screen(
    plan: Plan,
    done: Sequence[Migration],
    keys: Collection[EpisodeKey],
    *,
    dry_run: bool,
) -> list[str]:
    from sitrack.cli.screens.migration import lines

    outcomes = [_outcome(each, keys, dry_run=dry_run) for each in done]
    return lines(plan, done, outcomes, screen_width())
