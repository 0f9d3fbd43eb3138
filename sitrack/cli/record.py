"""`sitrack record KIND EPISODE`: write down what happened.

One command for each kind of evidence, made from the table in `journey.forms`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sitrack.cli.asking import as_typed, ask_missing, may_ask, stands_at_terminal
from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.output import dumped, pasteable
from sitrack.cli.shell import Shell, ask_text, writes
from sitrack.cli.sides import Own, read_sides
from sitrack.errors import BadInput
from sitrack.journey import forms
from sitrack.pathway.stages import Side

if TYPE_CHECKING:
    # Only for the annotations: importing them would load the database library.
    from sitrack.coordination.episodes import Written
    from sitrack.coordination.evidence import EvidenceRequest

_LONGEST_CHOICES = 60
"""A longer list of words stands in the help of an option, not beside its name."""
_VERSION = "expect-version"
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

    One session on both sides takes the patient's key, and is one command:

    \b
      sitrack record injection P01428 --both --guidance ct left.nrs=8 right.nrs=6
    """


def _command(kind: forms.Kind) -> click.Command:
    title = kind.title if kind.title.isupper() else kind.title.lower()
    about = f"Write down: {title}."
    command = click.Command(
        kind.name,
        callback=_callback(kind),
        context_settings=CONTEXT,
        params=_arguments(kind),
        help=f"{about}\n\n\b\n  sitrack record {kind.name} P01428-R \\\n"
        f"    {kind.example}",
        short_help=about,
    )
    shared = getattr(command.callback, "__click_params__", [])
    command.params += [_option(field) for field in kind.fields]
    command.params += _common(kind)
    command.params += list(reversed(shared))
    return command


def _arguments(kind: forms.Kind) -> list[click.Parameter]:
    key = click.Argument(["episode"])
    if kind.one_side:
        return [key]
    words = click.Argument(["words"], nargs=-1, metavar="[SIDE.OPTION=VALUE]...")
    return [key, words]


class _Needed(click.Option):
    """An option that must be given: by itself, by words of each side, or when asked."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        later = ctx.params.get("both") or may_ask(ctx.params)
        if later and self.value_is_missing(value):
            return None
        return super().process_value(ctx, value)


def _option(field: forms.Field) -> click.Option:
    name = f"--{forms.option_of(field.name)}"
    about = field.about[:1].upper() + field.about[1:]
    if field.type == "flag":
        return click.Option(
            [name, f"value_{field.name}"], is_flag=True, help=f"{about}."
        )
    if field.type == "choice":
        listed = len("|".join(field.choices)) > _LONGEST_CHOICES
        return _Needed(
            [name, f"value_{field.name}"],
            type=click.Choice(field.choices),
            metavar="WORD" if listed else None,
            required=field.required,
            help=f"{about}{_listed(field) if listed else ''}.",
        )
    return _Needed(
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
    if not kind.one_side:
        help_text = (
            "One session on both sides: give the patient's key; left.nrs=8 says of "
            "one side what --nrs 8 says of both."
        )
        both = click.Option(["--both"], is_flag=True, is_eager=True, help=help_text)
        options.append(both)
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
        click.Option(
            ["--no-input"], is_flag=True, is_eager=True, help="Never ask anything."
        ),
    ]


def _callback(kind: forms.Kind) -> Any:
    @writes
    def run(
        shell: Shell, episode: str, words: tuple[str, ...] = (), **given: Any
    ) -> None:
        if stands_at_terminal(given):
            from sitrack.coordination.evidence import refuse_in_vain

            both = bool(given.get("both"))
            refuse_in_vain(shell.ledger, shell.author, episode, both=both)
        text = ask_text(
            given["text"],
            prompt="Note",
            may_ask=kind.name == "note" and not given["no_input"],
        )
        if kind.name == "note" and not text:
            raise BadInput(
                "note: --text is missing", "--text FILE, or --text - for stdin"
            )
        if may_ask(given) and ask_missing(kind, given):
            shell.say(f"= {as_typed(kind, episode, given)}")
        own = read_sides(kind, words)
        request = _request(shell, kind, given, text)
        if given.get("both"):
            tell_both(shell, _write_both(shell, episode, request, own, given))
            return
        if words:
            raise BadInput(
                f"{kind.name}: a value of one side goes with --both",
                f"see: sitrack record {kind.name} --help",
            )
        tell(shell, _write(shell, episode, request, given))

    return run


def _request(
    shell: Shell, kind: forms.Kind, given: Mapping[str, Any], text: str | None
) -> EvidenceRequest:
    from sitrack.coordination.evidence import EvidenceRequest

    return EvidenceRequest(
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


def _write(
    shell: Shell, episode: str, request: EvidenceRequest, given: Mapping[str, Any]
) -> Written:
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.evidence import record_evidence

    return record_evidence(
        shell.ledger,
        shell.author,
        find_key(shell.ledger, episode),
        request,
        expect_version=given["expect_version"],
        dry_run=given["dry_run"],
    )


def _write_both(
    shell: Shell,
    patient: str,
    request: EvidenceRequest,
    own: Mapping[Side, Own],
    given: Mapping[str, Any],
) -> list[Written]:
    from sitrack.coordination.evidence import record_on_both
    from sitrack.journey.patient import is_patient_key, read_episode_key

    kind = request.kind
    if not is_patient_key(patient):
        key = read_episode_key(patient).patient
        hint = f"sitrack record {kind} {key} --both"
        raise BadInput(f"{kind}: --both takes the patient's key", hint)
    _refuse_options_of_one_episode(kind, request, given)
    return record_on_both(
        shell.ledger,
        shell.author,
        patient,
        {side: _of_side(request, own[side]) for side in own},
        expect_versions={
            side: each.version for side, each in own.items() if each.version is not None
        },
        dry_run=given["dry_run"],
    )


def _refuse_options_of_one_episode(
    kind: str, request: EvidenceRequest, given: Mapping[str, Any]
) -> None:
    """Entries are numbered within an episode, and so are its versions."""
    if request.side is not None:
        raise BadInput(f"{kind}: give --both or --side, not both")
    for name, value in (("for", request.about), (_VERSION, given["expect_version"])):
        if value is not None:
            raise BadInput(
                f"{kind}: with --both, --{name} is said of each side",
                f"left.{name}={value} right.{name}={value}",
            )


def _of_side(request: EvidenceRequest, own: Own) -> EvidenceRequest:
    """What is said of both sides, with what is said of this one in its place."""
    return dataclasses.replace(
        request,
        values={**request.values, **own.values},
        readings=tuple(own.readings) or request.readings,
        about=own.about,
    )


def tell(shell: Shell, done: Written) -> None:
    """Say what was written, in words or in JSON."""
    from sitrack.cli.screens.written import as_json, lines

    _tell(shell, done.dry_run, str(done.episode.key), as_json(done), lines(done))


def tell_both(shell: Shell, done: Sequence[Written]) -> None:
    """Say what was written on both sides, in words or in JSON."""
    from sitrack.cli.screens.written import lines_of_all, session_as_json

    patient = done[0].patient.key
    answer, screen = session_as_json(done), lines_of_all(done)
    _tell(shell, done[0].dry_run, patient, answer, screen)


def tell_all(shell: Shell, done: Sequence[Written]) -> None:
    """Say what one command wrote to several episodes, in words or in JSON."""
    from sitrack.cli.screens.written import all_as_json, lines_of_all

    key = str(done[0].episode.key)
    _tell(shell, done[0].dry_run, key, all_as_json(done), lines_of_all(done))


def _tell(
    shell: Shell, dry_run: bool, key: str, answer: Any, screen: Sequence[str]
) -> None:
    if not dry_run:
        verb = "show" if "-" not in key else "history"
        shell.recorded = f"sitrack {verb} {key}"
    if shell.form == "json":
        click.echo(dumped(answer))
        return
    for line in screen:
        if not (shell.quiet and line.startswith("Next:")):
            click.echo(pasteable(line))
