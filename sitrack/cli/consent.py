"""`sitrack patient consent`: who may be reached, how, and at which address."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from sitrack.cli.nameless import TAKING_ANYTHING, Nameless
from sitrack.cli.output import counted, dumped
from sitrack.cli.screens.written import receipt
from sitrack.cli.shell import Shell, read_text, writes
from sitrack.errors import BadInput

_QUESTIONS = {
    "sms": "Number, with its country code",
    "email": "E-mail address",
}
_WORDS = {"sms": "text messages", "email": "e-mail"}


@click.command(cls=Nameless, context_settings=TAKING_ANYTHING)
@click.argument("key", required=False)
@click.option("--channel", type=click.Choice(list(_QUESTIONS)), help="By what way.")
@click.option("--from", "path", metavar="FILE", help="The address: a file, or - .")
@click.option("--withdraw", is_flag=True, help="Not to be reached so any more.")
@click.option("--stop", is_flag=True, help="STOP came from the address, whose ever.")
@click.option("--after-stop", is_flag=True, help="Asked for messages again.")
@click.option("--no-input", is_flag=True, help="Never ask anything.")
@writes
def consent(
    shell: Shell,
    key: str | None,
    channel: str | None,
    path: str | None,
    withdraw: bool,
    stop: bool,
    after_stop: bool,
    no_input: bool,
    dry_run: bool,
) -> None:
    """Write down whether a patient may be reached, per channel and address.

    Without it no message goes to a patient.

    \b
      sitrack patient consent P01428 --channel sms
      sitrack patient consent P01428 --channel sms --withdraw
      echo +442079460018 | sitrack patient consent --stop --channel sms --from -
    """
    from sitrack.coordination import consent as consents

    if stop is (key is not None):
        raise BadInput(
            "say whose consent it is, or --stop for whoever uses the address",
            "sitrack patient consent P01428 --channel sms",
        )
    if not withdraw and channel is None:
        raise BadInput("consent is to one channel", "--channel sms, or email")
    only = {"dry_run": dry_run}
    if key is None:
        address = _address(channel or "sms", path, no_input)
        stopped = consents.stop(
            shell.ledger, shell.author, channel or "sms", address, **only
        )
        if not dry_run:
            shell.recorded = "sitrack audit by"
        _tell_stopped(shell, stopped, dry_run)
        return
    if withdraw:
        given = read_text(path)
        said = consents.withdraw(
            shell.ledger, shell.author, key, channel, given, **only
        )
    else:
        address = _address(channel or "sms", path, no_input)
        said = consents.give(
            shell.ledger,
            shell.author,
            key,
            channel or "sms",
            address,
            after_stop=after_stop,
            **only,
        )
    _tell(shell, said, dry_run)


def _address(channel: str, path: str | None, no_input: bool) -> str:
    given = read_text(path)
    if given:
        return given
    if path is None and not no_input and sys.stdin.isatty():
        return str(click.prompt(_QUESTIONS[channel], err=True))
    raise BadInput("no address is given: --from is missing", "--from FILE, or --from -")


def _tell(shell: Shell, said: Any, dry_run: bool) -> None:
    point = said.points[-1]
    if not dry_run:
        shell.recorded = f"sitrack patient show {said.patient.key}"
    if shell.form == "json":
        body = {"schema": "sitrack.contact-consent/1", "as_of": said.entry.recorded}
        rows = {
            "patient": said.patient.key,
            "initials": said.patient.initials,
            "dry_run": dry_run,
            "rows": [row_of(each) for each in said.points],
        }
        click.echo(dumped({**body, **rows}))
        return
    words = {_WORDS[each.channel] for each in said.points}
    verb = "consents to" if point.consent == "given" else "gets no more"
    line = f"{said.patient.key}  {said.patient.initials}  {verb} {_listed(words)}"
    click.echo(f"would write: {line}" if dry_run else line)
    if not dry_run:
        click.echo(f"recorded {receipt(said.entry, said.patient.key)}")


def _listed(words: set[str]) -> str:
    return " and ".join(sorted(words))


def _tell_stopped(shell: Shell, points: Sequence[Any], dry_run: bool) -> None:
    from sitrack.coordination.questions import today_of

    if shell.form == "json":
        body = {
            "schema": "sitrack.stop/1",
            "as_of": today_of(shell.ledger),
            "dry_run": dry_run,
            "rows": [row_of(each) for each in points],
        }
        click.echo(dumped(body))
        return
    people = counted(len({each.patient for each in points}), "person", "people")
    click.echo(f"{'would stop' if dry_run else 'stopped'}: {people} had consented")


def row_of(point: Any) -> dict[str, Any]:
    """Return a way to a patient without its address."""
    return {
        "patient": point.patient,
        "point": point.id,
        "channel": point.channel,
        "consent": point.consent,
        "since": point.since,
    }
