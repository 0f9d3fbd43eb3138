"""`sitrack episode assign|claim|handoff|accept|decline`: who answers for an episode."""

from __future__ import annotations

import click

from sitrack.cli.lazy import CONTEXT
from sitrack.cli.record import tell, tell_all
from sitrack.cli.shell import Shell, read_text, writes
from sitrack.journey.reasons import FOR_DECLINING, FOR_HANDING_OVER


@click.command(context_settings=CONTEXT)
@click.argument("episode_keys", metavar="EPISODE...", nargs=-1, required=True)
@click.option("--to", "coordinator", metavar="WHO|TEAM", required=True, help="Whose.")
@click.option("--text", metavar="FILE", help="Why, in words: a file, or - (stdin).")
@writes
def assign(
    shell: Shell,
    episode_keys: tuple[str, ...],
    coordinator: str,
    text: str | None,
    dry_run: bool,
) -> None:
    """Name who answers for episodes from now on: somebody, or a team's queue.

    All of them at once, or none; one undo takes all of them back.

    \b
      sitrack episode assign P01428-R --to rivera
      sitrack episode assign P01428-R P00771-L --to spine
    """
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.handing import assign as give

    done = give(
        shell.ledger,
        shell.author,
        [find_key(shell.ledger, each) for each in episode_keys],
        coordinator,
        text=read_text(text),
        dry_run=dry_run,
    )
    tell_all(shell, done)


@click.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@writes
def claim(shell: Shell, episode_key: str, dry_run: bool) -> None:
    """Take an episode that nobody answers for: from your team's queue, or nobody's.

    Of two who claim it at once one gets it, and the other is told who (exit 12).

    \b
      sitrack worklist --all team:mine owner:none
      sitrack episode claim P01428-R
    """
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.handing import claim as take

    key = find_key(shell.ledger, episode_key)
    tell(shell, take(shell.ledger, shell.author, key, dry_run=dry_run))


@click.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@click.option("--to", "coordinator", metavar="WHO", required=True, help="Who is asked.")
@click.option(
    "--reason", type=click.Choice(FOR_HANDING_OVER), required=True, help="Why."
)
@click.option(
    "--until", metavar="DATE", default="3bd", help="Answer by then; 3bd if not given."
)
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@writes
def handoff(
    shell: Shell,
    episode_key: str,
    coordinator: str,
    reason: str,
    until: str,
    text: str | None,
    dry_run: bool,
) -> None:
    """Ask somebody to take an episode over. Until they accept, you answer for it.

    It stands on their worklist until they answer. Unanswered by that day it stands in
    band ! for everybody; an answer may still come. To take it back: sitrack undo.

    \b
      sitrack episode handoff P01428-R --to okafor --reason absence
      sitrack worklist --all offered:me      what others ask me to take over
    """
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.handing import hand_off

    last = shell.ahead(until)
    assert last is not None  # noqa: S101 - it has a default
    done = hand_off(
        shell.ledger,
        shell.author,
        find_key(shell.ledger, episode_key),
        coordinator,
        reason,
        until=last,
        text=read_text(text),
        dry_run=dry_run,
    )
    tell(shell, done)


@click.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@writes
def accept(shell: Shell, episode_key: str, dry_run: bool) -> None:
    """Take over an episode that you were asked to.

    \b
      sitrack episode accept P01428-R
    """
    _answer(shell, episode_key, None, None, dry_run=dry_run)


@click.command(context_settings=CONTEXT)
@click.argument("episode_key", metavar="EPISODE")
@click.option("--reason", type=click.Choice(FOR_DECLINING), required=True, help="Why.")
@click.option("--text", metavar="FILE", help="More words: a file, or - (stdin).")
@writes
def decline(
    shell: Shell, episode_key: str, reason: str, text: str | None, dry_run: bool
) -> None:
    """Leave an episode with who asked you to take it over.

    \b
      sitrack episode decline P01428-R --reason workload
    """
    _answer(shell, episode_key, reason, text, dry_run=dry_run)


def _answer(
    shell: Shell, typed: str, declines: str | None, text: str | None, *, dry_run: bool
) -> None:
    from sitrack.coordination.episodes import find_key
    from sitrack.coordination.handing import answer

    done = answer(
        shell.ledger,
        shell.author,
        find_key(shell.ledger, typed),
        declines,
        text=read_text(text),
        dry_run=dry_run,
    )
    tell(shell, done)


COMMANDS = (assign, claim, handoff, accept, decline)
"""What `sitrack episode` has of it."""
