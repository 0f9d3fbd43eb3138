"""`sitrack why`: what a move still needs."""

from __future__ import annotations

from typing import Any

import click

from sitrack.cli.failures import finding_json
from sitrack.cli.output import View
from sitrack.cli.shell import Shell, reads_in_time
from sitrack.errors import BadInput, repeated


@click.command()
@click.argument("episode")
@click.argument("stage", required=False)
@click.option("--reason", metavar="CODE", help="Ask as if with that reason.")
@click.option("--policy", metavar="NAME", help="And what that payer would say.")
@click.option("--exit-code", is_flag=True, help="Leave with 10 if the answer is no.")
@reads_in_time
def why(
    shell: Shell,
    episode: str,
    stage: str | None,
    reason: str | None,
    policy: str | None,
    exit_code: bool,
    as_of: str | None,
    as_known: str | None,
) -> int:
    """Say what a move still needs; without STAGE, every move from here.

    With --policy, a second verdict stands beneath: would that payer authorise it? It
    decides no move; with --exit-code, it is the answer.

    \b
      sitrack why P01428-R rfa
      sitrack why P01428-R
      sitrack why P01428-R relief --as-of 2025-05-01
      sitrack why P01428-R post-fusion --policy evicore-cigna
    """
    from sitrack.cli.screens.why import lines
    from sitrack.coordination import questions
    from sitrack.coordination.episodes import find_key

    key = find_key(shell.ledger, episode)
    when = questions.When(shell.day(as_of), shell.instant(as_known))
    target = stage_named(stage) if stage else None
    answer = questions.why(
        shell.ledger, key, target, reason=reason, when=when, policy=policy
    )
    rows = [row for each in answer.answers for row in _rows(each)]
    rows += [{"stage": target, "move": None, **finding_json(f)} for f in answer.no_way]
    view = View(
        schema="sitrack.why/1",
        as_of=answer.day,
        columns=_COLUMNS if policy is None else (*_COLUMNS, "policy"),
        rows=rows if shell.form == "json" else [*rows, *_payers_rows(answer)],
        screen=lambda width: lines(answer, width, reason, target),
        extra={
            "as_known": when.as_known,
            "episode": str(key),
            "stage": answer.episode.stage,
            "protocol": answer.protocol.id,
            "broken": broken_json(answer.episode),
            "answers": [_answer(each) for each in answer.answers]
            or [{"stage": target, "move": None, "allowed": False}],
            "policy": _policy(answer),
        },
    )
    shell.show(view)
    return 10 if exit_code and not answer.is_yes else 0


_COLUMNS = (
    "stage",
    "requirement",
    "result",
    "needs",
    "seen",
    "entries",
    "earliest",
    "code",
    "item",
)


def _rows(each: Any) -> list[dict[str, Any]]:
    move = {"stage": each.move.target, "move": each.move.id}
    return [{**move, **finding_json(finding)} for finding in each.findings]


def _payers_rows(answer: Any) -> list[dict[str, Any]]:
    return [
        {**row, "policy": answer.policy.id}
        for second in answer.seconds
        for row in _rows(second.assessment)
    ]


def _policy(answer: Any) -> dict[str, Any] | None:
    """The second verdict, with findings of its own."""
    policy = answer.policy
    if policy is None:
        return None
    return {
        "policy": policy.id,
        "title": policy.title,
        "sources": list(policy.sources),
        "answers": [
            {
                **_answer(second.assessment),
                "covered": second.covered,
                "ready": second.ready,
                "not_asked": list(second.not_asked),
            }
            for second in answer.seconds
        ],
        "rows": _payers_rows(answer),
    }


def broken_json(episode: Any) -> list[dict[str, Any]]:
    """Return the changes that an amendment took the ground from, as JSON has them."""
    return [
        {
            "move": each.seq,
            "day": each.day,
            "to": each.what,
            "by": each.by,
            "codes": list(each.codes),
            "findings": [finding_json(finding) for finding in each.lacks],
        }
        for each in episode.broken
    ]


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
    raise BadInput(f"there is no stage {repeated(word, 'of that name')}", hint)
