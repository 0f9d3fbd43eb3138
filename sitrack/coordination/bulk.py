"""One act on many episodes: rehearsed on each, then done on each, as one unit of undo.

Every episode is a transaction of its own, so that one refusal keeps nobody else back
and nobody waits long for the database; all of them carry the name of one command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sitrack.coordination.episodes import Written
from sitrack.coordination.people import Author, author_of
from sitrack.errors import BadInput, SitrackError, Unavailable
from sitrack.journey.patient import EpisodeKey, read_episode_key
from sitrack.record.journal import one_unit, writing
from sitrack.record.ledger import Ledger
from sitrack.record.worklist import HIDDEN, Waiting, Wish, who_waits

Act = Callable[[EpisodeKey, int | None, bool], Written]
"""(episode, the version that was seen, dry run) → what was written; or an error that
is that episode's alone."""

Fits = Callable[[Waiting], bool]


@dataclass(frozen=True, slots=True)
class Item:
    """What becomes, or became, of one episode.

    Attributes:
        row: the episode, as the filter found it.
        done: what was written, or would be; None where nothing is.
        error: why not, or None.
    """

    row: Waiting
    done: Written | None = None
    error: SitrackError | None = None


@dataclass
class Outcome:
    """What a bulk command did.

    Attributes:
        items: one for each episode that was begun with.
        batch: the name of the command, by which all of it is taken back.
        stopped: what ended it before its time, or None.
    """

    items: list[Item] = field(default_factory=list)
    batch: str = ""
    stopped: BaseException | None = None

    @property
    def done(self) -> list[Item]:
        """Those to which something was written."""
        return [item for item in self.items if item.done is not None]


def picked(ledger: Ledger, author: Author, fits: Fits, most: int) -> list[Waiting]:
    """Return every open episode that a filter picks, by key, hidden or not.

    Raises:
        NotPermitted: the author may not do this to any.
        BadInput: they are more than `most`.
    """
    with writing(ledger, dry_run=True) as work:
        author_of(work, author)
    wish = Wish(shows=frozenset(HIDDEN), fits=fits)
    rows = sorted(who_waits(ledger, wish).rows, key=lambda row: row.episode)
    if len(rows) > most:
        raise BadInput(
            f"the filter picks {len(rows)} episodes, more than {most}",
            f"narrow it, or allow so many: --max {len(rows)}",
        )
    return rows


def rehearse(
    rows: Sequence[Waiting], act: Act, tell: Callable[[int], None]
) -> list[Item]:
    """Return what the act would do to each episode; nothing is kept."""
    todo = [(row, None) for row in rows]
    return list(_each(todo, act, tell, dry_run=True))


def carry_out(
    ledger: Ledger, plan: Sequence[Item], act: Act, tell: Callable[[int], None]
) -> Outcome:
    """Do it to every episode to which it was possible; what is done stays done.

    Each is done at the version that the plan has seen: where somebody wrote meanwhile,
    that one is refused. Where it is interrupted, or the database goes away, the outcome says how far it came.
    """
    # The plan's entry would have followed the last one that it saw.
    todo = [(item.row, item.done.entry.seq - 1) for item in plan if item.done]
    outcome = Outcome()
    with one_unit(ledger) as outcome.batch:
        try:
            for item in _each(todo, act, tell, dry_run=False):
                outcome.items.append(item)
        except (KeyboardInterrupt, Unavailable) as stop:
            outcome.stopped = stop
    return outcome


def _each(
    todo: Sequence[tuple[Waiting, int | None]],
    act: Act,
    tell: Callable[[int], None],
    *,
    dry_run: bool,
) -> Iterator[Item]:
    for count, (row, seen) in enumerate(todo, start=1):
        yield _one(row, seen, act, dry_run=dry_run)
        tell(count)


def _one(row: Waiting, seen: int | None, act: Act, *, dry_run: bool) -> Item:
    """Do it to one episode; what is refused there is told there, and stops nobody."""
    try:
        return Item(row, act(read_episode_key(row.episode), seen, dry_run))
    except Unavailable:
        raise
    except SitrackError as error:
        return Item(row, error=error)
