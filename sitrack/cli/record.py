"""`sitrack record KIND EPISODE`: write down what happened.

One command for each kind of evidence, made from the table in `journey.evidence`.
"""

from __future__ import annotations

from typing import Any

import click

from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import dumped, pasteable
from sitrack.cli.shell import Shell, ask_text, writes
from sitrack.errors import BadInput
from sitrack.journey import forms

_LONGEST_CHOICES = 60
"""A longer list of words stands in the help of an option, not beside its name."""
_SOURCES = ("clinic", "patient", "phone", "letter", "chart", "payer")


class RecordGroup(Group):
    """A group with one command for each kind of evidence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the kinds, in the order of the pathway."""
        return [k.name for k in forms.KINDS.values() if not k.own_command]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> click.Command | None:
        """Make the command of one kind."""
        kind = forms.KINDS.get(cmd_name)
        return None if kind is None or kind.own_command else _command(kind)


@click.command(
    cls=RecordGroup,
    context_settings=CONTEXT,
    epilog="Every kind has examples of its own: sitrack record KIND --help",
)
def record() -> None:
    """Write down what happened. Evidence never moves a stage by itself.

    \b
      sitrack record score P01428-R --nrs 3 --pgic 2
      sitrack record diary P01428-R --for 14 --reading 1h=2 --reading 2h=2
    """


def _command(kind: forms.Kind) -> click.Command:
    title = kind.title if kind.title.isupper() else kind.title.lower()
    about = f"Write down: {title}."
    command = click.Command(
        kind.name,
        callback=_callback(kind),
        context_settings=CONTEXT,
        params=[click.Argument(["episode"])],
        help=f"{about}\n\n\b\n  sitrack record {kind.name} P01428-R \\\n"
        f"    {kind.example}",
        short_help=about,
    )
    shared = getattr(command.callback, "__click_params__", [])
    command.params += [_option(field) for field in kind.fields]
    command.params += _common(kind)
    command.params += list(reversed(shared))
    return command


def _option(field: forms.Field) -> click.Option:
    name = f"--{forms.option_of(field.name)}"
    about = field.about[:1].upper() + field.about[1:]
    if field.type == "flag":
        return click.Option(
            [name, f"value_{field.name}"], is_flag=True, help=f"{about}."
        )
    if field.type == "choice":
        listed = len("|".join(field.choices)) > _LONGEST_CHOICES
        return click.Option(
            [name, f"value_{field.name}"],
            type=click.Choice(field.choices),
            metavar="WORD" if listed else None,
            required=field.required,
            help=f"{about}{_listed(field) if listed else ''}.",
        )
    return click.Option(
        [name, f"value_{field.name}"],
        required=field.required,
        metavar=field.type.upper() if not field.choices else "LIST",
        help=f"{about}{_listed(field)}.",
    )


def _listed(field: forms.Field) -> str:
    return f": {', '.join(field.choices)}" if field.choices else ""


def _common(kind: forms.Kind) -> list[click.Parameter]:
    options: list[click.Parameter] = []
    if kind.about_entry:
        help_text = "The entry it belongs to, such as 7."
        options.append(
            click.Option(["--for", "about"], type=int, metavar="N", help=help_text)
        )
    if kind.name == "diary":
        options.append(
            click.Option(
                ["--reading"],
                multiple=True,
                metavar="TIME=SCORE",
                help="A reading, such as 1h=2 or 30m=4; may be repeated.",
            )
        )
    return [
        *options,
        click.Option(["--on"], metavar="DATE", help="When it happened."),
        click.Option(
            ["--side"], type=click.Choice(["left", "right"]), help="Checked, if given."
        ),
        click.Option(["--performer"], metavar="WHO", help="Who did it (a staff id)."),
        click.Option(
            ["--source"], type=click.Choice(_SOURCES), help="Where it is known from."
        ),
        click.Option(
            ["--text"], metavar="FILE", help="More words: a file, or - (stdin)."
        ),
        click.Option(
            ["--expect-version"], type=int, metavar="N", help="Refuse if it moved on."
        ),
        click.Option(["--no-input"], is_flag=True, help="Never ask anything."),
    ]


def _callback(kind: forms.Kind) -> Any:
    @writes
    def run(shell: Shell, episode: str, **given: Any) -> None:
        from sitrack.coordination.episodes import (
            EvidenceRequest,
            find_key,
            record_evidence,
        )
        from sitrack.pathway.stages import Side

        text = ask_text(
            given["text"],
            prompt="Note",
            may_ask=kind.name == "note" and not given["no_input"],
        )
        if kind.name == "note" and not text:
            raise BadInput(
                "note: --text is missing", "--text FILE, or --text - for stdin"
            )
        request = EvidenceRequest(
            kind=kind.name,
            values={
                field.name: value
                for field in kind.fields
                if (value := given[f"value_{field.name}"]) is not None
            },
            occurred=shell.day(given["on"]),
            side=Side(given["side"]) if given["side"] else None,
            about=given.get("about"),
            readings=given.get("reading", ()),
            performer=given["performer"],
            text=text,
        )
        done = record_evidence(
            shell.ledger,
            shell.author,
            find_key(shell.ledger, episode),
            request,
            expect_version=given["expect_version"],
            dry_run=given["dry_run"],
        )
        tell(shell, done)

    return run


def tell(shell: Shell, done: Any) -> None:
    """Say what was written, in words or in JSON."""
    from sitrack.cli.screens.written import as_json, lines

    if not done.dry_run:
        shell.recorded = f"sitrack history {done.episode.key}"
    if shell.form == "json":
        click.echo(dumped(as_json(done)))
        return
    for line in lines(done):
        if not (shell.quiet and line.startswith("Next:")):
            click.echo(pasteable(line))
