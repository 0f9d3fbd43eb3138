"""`sitrack worklist` and `sitrack next`: who needs somebody today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click

from sitrack.cli.output import View
from sitrack.cli.shell import Shell, reads_in_time
from sitrack.errors import BadInput

COLUMNS = (
    "episode",
    "band",
    "initials",
    "stage",
    "due",
    "days",
    "business_days",
    "rule",
    "title",
    "waits_for",
    "tries",
    "coordinator",
    "alert",
    "owner",
    "team",
    "offered_to",
)

_NAMING = ("owner:", "offered:", "team:")
"""Fields that name somebody: only for them is it looked up who there is."""

_PICKS = [
    click.option(
        "--mine", is_flag=True, help="Only what I answer for, or am asked to."
    ),
    click.option(
        "--since", metavar="DATE", help="Only what came onto the list after that day."
    ),
]


def _picks(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_PICKS):
        command = option(command)
    return command


@click.command()
@click.argument("words", nargs=-1, metavar="[@VIEW | FILTER...]")
@_picks
@click.option("--all", "everything", is_flag=True, help="Show what is hidden, too.")
@click.option("--lapsed", is_flag=True, help="Only what is late by over 60 bd.")
@click.option("--lost", is_flag=True, help="Only patients lost to follow-up.")
@reads_in_time
def worklist(
    shell: Shell,
    words: tuple[str, ...],
    mine: bool,
    since: str | None,
    everything: bool,
    lapsed: bool,
    lost: bool,
    as_of: str | None,
    as_known: str | None,
) -> None:
    """Show which episodes need somebody, band by band.

    \b
      sitrack worklist
      sitrack worklist --mine --since yesterday
      sitrack worklist stage:rfa overdue:14d+
      sitrack worklist waits:patient 'owner:me or owner:none'
      sitrack worklist --all team:mine owner:none    what waits in our queue
      sitrack worklist @monday
      sitrack worklist --as-of +3d           what will that day look like?
      sitrack worklist --as-of 2025-05-01    who needed somebody that day?

    \b
    Bands: ! act first, D due to 14 business days late, O to 60 late, S soon.
    Fields: stage status side owner band waits rule tries due overdue in-stage
    held lost snoozed lapsed alert patient episode team offered; join with and,
    or, not. owner: is who answers today: the coordinator, or their cover.
    14d+ is at least, 14d- at most, 7d..14d between; a day is today or 2025-06-02.
    """
    from sitrack.cli.screens.worklist import lines
    from sitrack.record.worklist import HIDDEN, who_waits

    if everything + lapsed + lost > 1:
        raise BadInput("give one of --all, --lapsed, --lost")
    shows = frozenset(HIDDEN) if everything else frozenset()
    only = "lapsed" if lapsed else "lost" if lost else None
    wish = _wish(shell, words, mine=mine, since=since, shows=shows, only=only)
    known = shell.instant(as_known)
    found = who_waits(shell.ledger, wish, shell.day(as_of), known)
    place = shell.ledger.zone.key
    if known is not None:
        place += f", as known {known.astimezone(shell.ledger.zone):%Y-%m-%d %H:%M}"
    view = View(
        schema="sitrack.worklist/1",
        as_of=found.day,
        columns=COLUMNS,
        rows=[_row(row, found.day) for row in found.rows],
        screen=lambda width: lines(
            found,
            place,
            width,
            narrowed=bool(words or mine or since or lapsed or lost),
        ),
        extra={
            "as_known": known,
            "hidden": found.hidden,
            "synthetic": shell.ledger.synthetic,
        },
    )
    shell.show(view)


@click.command("next")
@click.argument("words", nargs=-1, metavar="[@VIEW | FILTER...]")
@_picks
@reads_in_time
def next_(
    shell: Shell,
    words: tuple[str, ...],
    mine: bool,
    since: str | None,
    as_of: str | None,
    as_known: str | None,
) -> None:
    """Show the episode that needs somebody most, as a card.

    \b
      sitrack next --mine
      sitrack next stage:rfa
    """
    from sitrack.cli.screens.worklist import nothing
    from sitrack.cli.show import COLUMNS as OF_ONE
    from sitrack.cli.show import show_episode
    from sitrack.coordination.questions import When
    from sitrack.journey.patient import read_episode_key
    from sitrack.record.worklist import who_waits

    wish = _wish(shell, words, mine=mine, since=since, shows=frozenset(), only=None)
    when = When(shell.day(as_of), shell.instant(as_known))
    found = who_waits(shell.ledger, wish, when.as_of, when.as_known)
    if found.rows:
        show_episode(shell, read_episode_key(found.rows[0].episode), when)
        return
    empty = View(
        schema="sitrack.show/1",
        as_of=found.day,
        columns=OF_ONE,
        rows=[],
        screen=lambda _width: [nothing(found, narrowed=bool(words or mine or since))],
        extra={"episode": None},
    )
    shell.show(empty)


def _wish(
    shell: Shell,
    words: Sequence[str],
    *,
    mine: bool,
    since: str | None,
    shows: frozenset[str],
    only: str | None,
) -> Any:
    """What was asked for; the grammar is loaded only where a filter was typed."""
    from sitrack.record.worklist import Wish

    return Wish(
        owner=shell.me if mine else None,
        shows=shows,
        only=only,
        since=shell.day(since),
        fits=filter_of(shell, words) if words else None,
        me=shell.me,
    )


def filter_of(shell: Shell, words: Sequence[str]) -> Any:
    """Return the filter of words and saved views that were typed.

    Raises:
        BadInput: it cannot be understood, or names nobody.
        NotFound: there is no such view, or a key is nobody's.
    """
    from sitrack.coordination.naming import names_for, rules_on_record
    from sitrack.coordination.questions import today_of, views_of
    from sitrack.record.filters import Asker, read_filter
    from sitrack.record.views import named

    plain: list[str] = []
    for word in words:
        if word.startswith("@"):
            plain += named(views_of(shell.ledger, shell.me), word[1:]).words
        else:
            plain.append(word)
    asker = Asker(shell.me, today_of(shell.ledger))
    if any(field in word for word in plain for field in _NAMING):
        names = names_for(shell.ledger, shell.me)
        asker = Asker(asker.name, asker.today, names.mine, names.staff, names.teams)
    if any("rule:" in word for word in plain):
        asker = replace(asker, rules=rules_on_record(shell.ledger))
    return read_filter(plain, asker)


def _row(row: Any, today: Any) -> dict[str, Any]:
    found: dict[str, Any] = row._asdict()
    found["business_days"] = row.days
    found["days"] = (row.due - today).days if row.due else None
    return found
