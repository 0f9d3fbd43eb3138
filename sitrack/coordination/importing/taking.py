"""Checks a whole file, or takes it in: person after person, some hundreds at a time.

Checking and taking are one way through the same rows; the one keeps nothing. What a
transaction has written stays, whatever comes after it: the same file, read again, goes
on from there, because every row is found by its own name.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sitrack.coordination.importing.desk import Desk
from sitrack.coordination.importing.story import Story
from sitrack.coordination.importing.tally import Tally
from sitrack.coordination.likeness import People
from sitrack.coordination.people import Author, author_of
from sitrack.journey.intake.columns import PATIENT
from sitrack.journey.intake.rows import Act, Problem, Row, act_of, problems_of
from sitrack.record import library
from sitrack.record.intake import (
    Intake,
    everybody,
    rehearsing,
    row_name,
    rows_written,
    taking_in,
)
from sitrack.record.ledger import Ledger

_AT_ONCE: Final = 1000
"""Rows of one transaction, until the person whose row it is has no more."""

Lines = Iterable[Row | Problem]
"""A file as it was read: its rows, and what keeps others from being one."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be taken in.

    Attributes:
        file: the hash of its bytes.
        quiet: the channel by which nobody is reminded of what is due already; None
            where they are.
    """

    file: str
    quiet: str | None = None


def check(ledger: Ledger, author: Author, lines: Lines) -> Tally:
    """Say what would become of every row, and write nothing.

    Raises:
        NotPermitted: the author may import nothing.
    """
    return _through(ledger, author, lines, None, lambda _: None)


def take_in(
    ledger: Ledger,
    author: Author,
    lines: Lines,
    wish: Wish,
    acknowledge: Callable[[int], None],
) -> Tally:
    """Write every row that is no entry yet; leave out a person whose rows cannot be.

    Args:
        ledger: the record.
        author: who imports.
        lines: the file.
        wish: how.
        acknowledge: called after each transaction, with the rows that are kept for
            good.

    Raises:
        NotPermitted: the author may import nothing.
        WrittenFirst: somebody wrote the same in between.
    """
    return _through(ledger, author, lines, wish, acknowledge)


def _through(
    ledger: Ledger,
    author: Author,
    lines: Lines,
    wish: Wish | None,
    acknowledge: Callable[[int], None],
) -> Tally:
    with rehearsing(ledger) as look:
        author_of(look, author)
        people = People(everybody(look.connection))
    whole = Tally()
    for batch in _batches(_persons(lines, whole)):
        with _transaction(ledger, wish) as work:
            desk = _desk(work, author, people, batch, wish)
            some = Tally()
            for person in batch:
                some.add(_told(desk, person))
            some.hushed = work.flush(wish.quiet if wish else None)
        whole.add(some)
        acknowledge(whole.rows)
    whole.problems.sort(key=lambda each: (each.row or 0, each.column or ""))
    return whole


def _transaction(
    ledger: Ledger, wish: Wish | None
) -> contextlib.AbstractContextManager[Intake]:
    return rehearsing(ledger) if wish is None else taking_in(ledger)


def _desk(
    work: Intake,
    author: Author,
    people: People,
    batch: Sequence[Person],
    wish: Wish | None,
) -> Desk:
    acts = [act for person in batch for act in person if isinstance(act, Act)]
    ids = {each for act in acts for each in (act.id, act.said.get("for")) if each}
    names = {row_name(work.ledger.ledger_id, each) for each in ids}
    return Desk(
        work=work,
        author=author,
        recorder=author_of(work, author),
        protocol=library.current(work.connection),
        people=people,
        found=rows_written(work.connection, names),
        file=wish.file if wish else "",
        keeps=wish is not None,
    )


def _told(desk: Desk, person: Person) -> Tally:
    """What became of one person's rows: all of them are taken, or none."""
    desk.work.next_person()
    story = Story(desk)
    story.tell(person)
    story.tally.rows = len(person)
    if story.tally.problems or not all(isinstance(row, Act) for row in person):
        desk.work.drop_person()
        story.tally.written.clear()
        story.tally.near.clear()
    else:
        story.settle()
    return story.tally


# --- rows to persons

Person = Sequence[Act | Row]
"""The rows of one person; those that cannot be read stand as they are."""


def _persons(lines: Lines, whole: Tally) -> Iterator[Person]:
    """Return each person's rows, and note what is wrong with them as rows."""
    seen_ids: dict[int, int] = {}
    seen_people: set[int] = set()
    rows = _readable(lines, whole)
    for name, group in itertools.groupby(rows, lambda row: row.cells.get(PATIENT)):
        mark = hash(name)
        apart = name is not None and mark in seen_people
        seen_people.add(mark)
        person = []
        for row in group:
            faults = [*problems_of(row), *_repeated(row, seen_ids)]
            if apart:
                why = "the rows of a person stand together, and these are apart"
                hint = "sort the file by the column patient, keeping the order of days"
                faults.append(Problem(row.number, PATIENT, "apart", why, hint))
                apart = False
            whole.problems += faults
            person.append(row if faults else act_of(row))
        yield person


def _readable(lines: Lines, whole: Tally) -> Iterator[Row]:
    for line in lines:
        if isinstance(line, Problem):
            whole.problems.append(line)
        else:
            yield line


def _repeated(row: Row, seen: dict[int, int]) -> Iterator[Problem]:
    name = row.cells.get("id")
    if name is None:
        return
    first = seen.setdefault(hash(name), row.number)
    if first != row.number:
        why = f"row {first} has the same id"
        yield Problem(row.number, "id", "twice", why, "each row has an id of its own")


def _batches(persons: Iterable[Person]) -> Iterator[list[Person]]:
    """Return some persons at a time, with about as many rows each time."""
    some: list[Person] = []
    size = 0
    for person in persons:
        some.append(person)
        size += len(person)
        if size >= _AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some
