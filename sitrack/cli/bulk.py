"""`sitrack bulk FILTER VERB …`: one verb on every episode that a filter picks.

The filter comes first, as one reads it: these, advance. What would happen to each is
shown, and is done once somebody types how many they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from sitrack.cli.contact import asks_for_an_attempt, attempt_of
from sitrack.cli.lazy import CONTEXT, Group
from sitrack.cli.shell import Shell, read_text, writes
from sitrack.cli.why import stage_named
from sitrack.errors import BadInput
from sitrack.journey.forms import OUTCOMES, STOPPING
from sitrack.journey.reasons import FOR_SNOOZING

if TYPE_CHECKING:
    # Only for the annotations: importing it would load the database library.
    from sitrack.coordination.bulk import Act
    from sitrack.coordination.episodes import Written
    from sitrack.journey.patient import EpisodeKey

_WORDS = "sitrack.bulk"
_JOINING = {"and", "or", "not"}
_HELP = {"-h", "--help"}
_OUTCOMES = [outcome for outcome in OUTCOMES if outcome not in STOPPING]
"""What stops every reminder about somebody is said of one patient at a time."""
MOST = 500


class FilterFirst(Group):
    """A group whose commands are named after the words of a filter."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Set the words of the filter aside, up to the verb."""
        words: list[str] = []
        while args and _is_of_a_filter(args[0]):
            words.append(args.pop(0))
        ctx.meta[_WORDS] = tuple(words)
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        if words and (not args or (args[0][:1] == "-" and args[0] not in _HELP)):
            raise BadInput(
                "say what to do with them: " + ", ".join(self.list_commands(ctx)),
                "such as: sitrack bulk stage:rfa owner:none assign --to rivera",
            )
        return super().parse_args(ctx, args)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the verbs, and what a filter may be before one of them."""
        from sitrack.cli.completion import filters_for

        return [
            *super().shell_complete(ctx, incomplete),
            *filters_for(ctx, incomplete),
        ]


def _is_of_a_filter(word: str) -> bool:
    if word.startswith("-"):
        return False
    return ":" in word or word[0:1] in {"@", "("} or word in _JOINING


@click.group(cls=FilterFirst, context_settings=CONTEXT)
def bulk() -> None:
    """One verb on every episode that a filter picks: sitrack bulk FILTER VERB.

    What would happen to each is shown first, refusals with their reasons. It is done
    once you type how many they are; one undo takes all of it back.

    \b
      sitrack bulk stage:rfa owner:none assign --to rivera
      sitrack bulk 'owner:me overdue:14d+' snooze +3d -n
      sitrack bulk @calls contact sent --channel letter --count 12
    """


_OPTIONS = [
    click.option(
        "--count", type=int, metavar="N", help="So many are to be done: do not ask."
    ),
    click.option(
        "--max",
        "most",
        type=int,
        default=MOST,
        show_default=True,
        metavar="N",
        help="Refuse a filter that picks more.",
    ),
    click.option("--no-input", is_flag=True, help="Never ask anything."),
]


def _many(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that writes to many episodes."""
    command = writes(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _run(shell: Shell, act: Act, given: dict[str, Any]) -> None:
    from sitrack.cli.many import do_to_many
    from sitrack.cli.worklist import filter_of

    words = click.get_current_context().meta[_WORDS]
    if not words:
        raise BadInput(
            "say which episodes: bulk takes a filter before the verb",
            "such as: sitrack bulk stage:rfa owner:none assign --to rivera",
        )
    do_to_many(shell, filter_of(shell, words), act, **given)


@bulk.command(context_settings=CONTEXT)
@click.argument("stage")
@click.option("--on", metavar="DATE", help="When it happened.")
@click.option(
    "--reason", metavar="CODE", help="A coded reason, where a move takes one."
)
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@_many
def advance(
    shell: Shell,
    stage: str,
    on: str | None,
    reason: str | None,
    text: str | None,
    **given: Any,
) -> None:
    """Move them on to a stage, each judged by itself. No variance is given in bulk.

    \b
      sitrack bulk stage:injection advance re-evaluation -n
    """
    from sitrack.coordination.episodes import Step
    from sitrack.coordination.episodes import advance as move

    step = Step(
        stage_named(stage), on=shell.day(on), reason=reason, text=read_text(text)
    )
    ledger, author = shell.ledger, shell.author
    _run(
        shell,
        lambda key, seen, dry_run: move(
            ledger, author, key, step, expect_version=seen, dry_run=dry_run
        ),
        given,
    )


@bulk.command(context_settings=CONTEXT)
@click.argument("outcome", type=click.Choice(_OUTCOMES))
@asks_for_an_attempt
@_many
def contact(
    shell: Shell,
    outcome: str,
    channel: str,
    again: str | None,
    on: str | None,
    text: str | None,
    **given: Any,
) -> None:
    """Log the same attempt to reach the patient on each, such as letters that went out.

    \b
      sitrack bulk waits:patient overdue:30d+ contact sent --channel letter
    """
    from sitrack.coordination.contact import log_contact

    attempt = attempt_of(shell, outcome, channel=channel, again=again, on=on, text=text)
    ledger, author = shell.ledger, shell.author

    def act(key: EpisodeKey, seen: int | None, dry_run: bool) -> Written:
        done = log_contact(
            ledger, author, key, attempt, expect_version=seen, dry_run=dry_run
        )
        return done[0]

    _run(shell, act, given)


@bulk.command(context_settings=CONTEXT)
@click.argument("until")
@click.option(
    "--reason", metavar="CODE", help="Why, as a code; see: sitrack snooze -h."
)
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@_many
def snooze(
    shell: Shell, until: str, reason: str | None, text: str | None, **given: Any
) -> None:
    """Take them off the worklist until a day. The clock goes on.

    \b
      sitrack bulk owner:me band:S snooze +3d --reason absence
    """
    from sitrack.coordination.snooze import snooze as put_off

    if reason is not None and reason not in FOR_SNOOZING:
        raise BadInput(f"--reason takes {', '.join(FOR_SNOOZING)}")
    day, words = shell.ahead(until), read_text(text)
    assert day is not None  # noqa: S101 - an argument is always given
    ledger, author = shell.ledger, shell.author
    _run(
        shell,
        lambda key, seen, dry_run: put_off(
            ledger,
            author,
            key,
            day,
            reason=reason,
            text=words,
            expect_version=seen,
            dry_run=dry_run,
        ),
        given,
    )


@bulk.command(context_settings=CONTEXT)
@click.option("--to", "coordinator", metavar="WHO|TEAM", required=True, help="Whose.")
@click.option("--text", metavar="FILE", help="Why, in words: a file, or - (stdin).")
@_many
def assign(shell: Shell, coordinator: str, text: str | None, **given: Any) -> None:
    """Name who answers for them from now on: somebody, or a team's queue.

    \b
      sitrack bulk owner:okafor assign --to spine
    """
    from sitrack.coordination.handing import assign as give

    ledger, author, words = shell.ledger, shell.author, read_text(text)
    _run(
        shell,
        lambda key, seen, dry_run: give(
            ledger,
            author,
            [key],
            coordinator,
            text=words,
            expect_version=seen,
            dry_run=dry_run,
        )[0],
        given,
    )


@bulk.command(context_settings=CONTEXT)
@click.option("--reason", metavar="CODE", required=True, help="Why, as a code.")
@click.option("--review", metavar="DATE", required=True, help="Look at it again then.")
@click.option("--on", metavar="DATE", help="When it happened.")
@click.option("--text", metavar="FILE", help="Why, in words: a file, or - (stdin).")
@_many
def hold(
    shell: Shell,
    reason: str,
    review: str,
    on: str | None,
    text: str | None,
    **given: Any,
) -> None:
    """Put them on hold: their clocks stand still until each is resumed.

    \b
      sitrack bulk stage:rfa hold --reason authorisation-pending --review +30d
    """
    from sitrack.coordination.parking import change_status
    from sitrack.journey import parking

    last, day, words = shell.day(review), shell.day(on), read_text(text)
    assert last is not None  # noqa: S101 - an option that must be given
    ledger, author = shell.ledger, shell.author
    _run(
        shell,
        lambda key, seen, dry_run: change_status(
            ledger,
            author,
            key,
            lambda asked: parking.hold(asked, reason, last),
            on=day,
            text=words,
            expect_version=seen,
            dry_run=dry_run,
        ),
        given,
    )
