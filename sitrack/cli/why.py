"""`sitrack why`: what a move still needs."""

from __future__ import annotations

from typing import Any

import click

from sitrack.cli.failures import finding_json
from sitrack.cli.output import View, show_view
from sitrack.cli.shell import Shell, reads_in_time
from sitrack.errors import BadInput


@click.command()
@click.argument("episode")
@click.argument("stage", required=False)
@click.option("--reason", metavar="CODE", help="Ask as if with that reason.")
@click.option("--exit-code", is_flag=True, help="Leave with 10 if the answer is no.")
@reads_in_time
def why(
    shell: Shell,
    episode: str,
    stage: str | None,
    reason: str | None,
    exit_code: bool,
    as_of: str | None,
    as_known: str | None,
) -> int:
    """Say what a move still needs; without STAGE, every move from here.

    \b
      sitrack why P01428-R rfa
      sitrack why P01428-R
      sitrack why P01428-R relief --as-of 2025-05-01
    """
    from sitrack.cli.screens.why import lines
    from sitrack.coordination import questions
    from sitrack.coordination.episodes import find_key

    key = find_key(shell.ledger, episode)
    when = questions.When(shell.day(as_of), shell.instant(as_known))
    target = stage_named(stage) if stage else None
    answer = questions.why(shell.ledger, key, target, reason=reason, when=when)
    view = View(
        schema="sitrack.why/1",
        as_of=answer.day,
        columns=(
            "stage",
            "requirement",
            "result",
            "needs",
            "seen",
            "entries",
            "earliest",
            "code",
            "item",
        ),
        rows=[
            {"stage": each.move.target, "move": each.move.id, **finding_json(finding)}
            for each in answer.answers
            for finding in each.findings
        ]
        + [{"stage": target, "move": None, **finding_json(f)} for f in answer.no_way],
        screen=lambda width: lines(answer, width, reason, target),
        extra={
            "episode": str(key),
            "stage": answer.episode.stage,
            "protocol": answer.protocol.id,
            "answers": [_answer(each) for each in answer.answers]
            or [{"stage": target, "move": None, "allowed": False}],
        },
    )
    show_view(view, shell.form, pager=shell.pager)
    refused = answer.no_way or not all(each.allowed for each in answer.answers)
    return 10 if exit_code and refused else 0


def _answer(each: Any) -> dict[str, Any]:
    return {"stage": each.move.target, "move": each.move.id, "allowed": each.allowed}


def stage_named(word: str) -> str:
    """Return the stage of that name.

    Raises:
        BadInput: there is none; with the nearest names.
    """
    import difflib

    from sitrack.pathway.stages import Stage

    typed = word.lower()
    names = sorted(stage.value for stage in Stage)
    if typed in names:
        return typed
    parts = {name: {name, *name.split("-")} for name in names}
    near = difflib.get_close_matches(
        typed, set().union(*parts.values()), n=2, cutoff=0.5
    )
    meant = [name for name in names if parts[name] & set(near)]
    hint = f"did you mean {' or '.join(meant)}?" if meant else "sitrack pathway draw"
    raise BadInput(f"there is no stage {word[:30]!r}", hint)
