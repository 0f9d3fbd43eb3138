"""`sitrack packet`: the evidence that a payer asks for, as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from sitrack.cli.output import dumped, pasteable, screen_width
from sitrack.cli.shell import Shell, writes
from sitrack.cli.streams import write_bytes
from sitrack.errors import BadInput

_FORMS = ("html", "md", "json")
_TARGETS = ("rfa", "post-fusion")


@click.command()
@click.argument("episode")
@click.argument("stage", type=click.Choice(_TARGETS))
@click.option("--policy", metavar="NAME", help="By that payer's numbers.")
@click.option(
    "--format", "kind", type=click.Choice(_FORMS), default="html", help="As what."
)
@click.option("--out", metavar="FILE", help="Where to, or - for stdout.")
@click.option("--as-of", metavar="DATE", help="What was true on that day.")
@click.option("--as-known", metavar="TIME", help="By what was written until then.")
@writes
def packet(
    shell: Shell,
    episode: str,
    stage: str,
    policy: str | None,
    kind: str,
    out: str | None,
    as_of: str | None,
    as_known: str | None,
    dry_run: bool,
) -> None:
    """Fill the checklist of a prior authorisation from the record.

    It names the patient: it is for the payer. That it was made is written down first.
    Without --policy it goes by that of the patient's payer, where one is shipped, or
    by the clinic's protocol.

    \b
      sitrack packet P01428-R rfa
      sitrack packet P01428-R post-fusion --policy evicore-cigna --format md
      sitrack packet P01428-R rfa --as-of 2025-05-01 --format json --out -
    """
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.packets import export
    from sitrack.coordination.questions import When
    from sitrack.pathway.policy import policy_named

    if out == "-" and shell.form == "json":
        raise BadInput(
            "--json answers about the file, and --out - is the file itself",
            "leave one out; the packet as JSON is --format json",
        )
    key = find_key(shell.ledger, episode)
    when = When(shell.day(as_of), shell.instant(as_known))
    given = policy_named(policy) if policy else None
    filling = _Filling(shell, stage, given, when.as_known, kind)
    name = "-".join(filter(None, (str(key), stage, policy)))
    file = _File(None if dry_run or out == "-" else out or f"{name}.{kind}")
    with file:
        done = export(
            shell.ledger,
            shell.author,
            key,
            filling.compose,
            when=when,
            dry_run=dry_run,
        )
        if not dry_run:
            shell.recorded = f"sitrack history {key}"
        file.write(done.content)
    if out == "-" and not dry_run:
        write_bytes(done.content)
    _tell(shell, done, filling.packet, file, to_stderr=out == "-")


class _Filling:
    """Fills the checklist once the episode is loaded, and keeps what was filled."""

    packet: Any = None

    def __init__(
        self, shell: Shell, target: str, policy: Any, as_known: Any, form: str
    ) -> None:
        self.zone, self.target, self.policy = shell.ledger.zone, target, policy
        self.as_known, self.form = as_known, form

    def compose(self, patient: Any, case: Any, entries: Sequence[Any]) -> Any:
        """Return the bytes, and what the entry says of them."""
        from sitrack.coordination.packets import Composed
        from sitrack.exchange.checklists import filled
        from sitrack.exchange.packet import Subject
        from sitrack.exchange.rendering import rendered

        person = patient.person
        payer = case.payer.name if case.payer else None
        policy = self.policy or _policy_of(payer)
        self.packet = filled(
            self.target,
            Subject(person.given, person.family, person.born, person.mrn, payer),
            case,
            entries,
            self.zone,
            policy=policy,
            as_known=self.as_known,
        )
        said = {
            "what": "packet",
            "for": self.target,
            "policy": policy.id if policy else None,
            "format": self.form,
        }
        return Composed(rendered(self.packet, self.form), said)


def _policy_of(payer: str | None) -> Any:
    from sitrack.pathway.policy import names, policy_named

    return policy_named(payer) if payer in names() else None


class _File:
    """A file that was not there before, and is not left behind half done.

    It is made before anything is written down, so that a name that is taken, or a
    folder that cannot be written, leaves no entry.
    """

    def __init__(self, path: str | None) -> None:
        self.path = path

    def __enter__(self) -> None:
        if self.path is None:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            self.number = os.open(self.path, flags, 0o600)
        except FileExistsError:
            raise BadInput(
                "there is a file of that name already", "another name with --out FILE"
            ) from None
        except OSError as error:
            raise BadInput(
                f"the file cannot be made: {error.strerror}", "another with --out FILE"
            ) from None

    def write(self, content: bytes) -> None:
        """Write all of it."""
        if self.path is not None:
            with os.fdopen(self.number, "wb", closefd=False) as file:
                file.write(content)

    def __exit__(self, kind: object, *_: object) -> None:
        if self.path is None:
            return
        os.close(self.number)
        if kind is not None:
            with suppress(OSError):
                Path(self.path).unlink()


def _tell(
    shell: Shell, done: Any, packet: Any, file: _File, *, to_stderr: bool
) -> None:
    from sitrack.cli.screens import packet as screens

    if shell.form == "json":
        click.echo(dumped(screens.as_json(done, packet, file.path)))
    elif not (to_stderr and shell.quiet):
        for line in screens.lines(done, packet, file.path, screen_width()):
            click.echo(pasteable(line), err=to_stderr)
