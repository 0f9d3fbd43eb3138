"""sitrack itself: the command `advance` from injection to re-evaluation."""

from __future__ import annotations

import functools
import pickle
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, event, func, select

from benchmarks import clinic
from benchmarks.peers import move
from benchmarks.peers.answer import answer
from benchmarks.peers.replay import Noted
from sitrack.coordination.episodes import Step, advance
from sitrack.record import tables
from sitrack.record.ledger import Ledger, reading


class Ours:
    """The move through the library, as the command makes it."""

    def __init__(self, url: str) -> None:
        self.url = url

    @functools.cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened once."""
        return clinic.opened(self.url)

    def prepare(self, episodes: int) -> None:
        """Make a clinic of patients whose injection has failed."""
        clinic.make_at(self.url, clinic.Mix(episodes, walk="failed", due=0)).close()

    def move(self, number: int) -> None:
        """Move one episode on."""
        key = clinic.key_of(number + 1)
        advance(self.ledger, clinic.AUTHOR, key, Step(move.AFTER))

    def note(self, first: int, count: int, path: str) -> dict[str, int]:
        """Move episodes on, and note down the statements that it took.

        Returns how many of each kind the last move took: one for each row.
        """
        scripts: dict[int, list[Noted]] = {}
        for number in range(first, first + count):
            scripts[number] = []
            stop = _listening(self.ledger, scripts[number])
            self.move(number)
            stop()
        with Path(path).open("wb") as file:
            pickle.dump(scripts, file)
        kinds: Counter[str] = Counter()
        for text, rows in scripts[first + count - 1]:
            kinds[text.split()[0]] += len(rows)
        return dict(kinds)

    def rows(self) -> dict[str, int]:
        """Count what was kept."""
        with reading(self.ledger) as connection:
            episode, entry = tables.episode, tables.entry
            return {
                "moved": _count(connection, episode, episode.c.stage == move.AFTER),
                "history of moves": _count(connection, entry, entry.c.kind == "move"),
                "stays": _count(connection, tables.stage_span),
                "due": _count(connection, tables.agenda),
            }


def _listening(ledger: Ledger, kept: list[Noted]) -> Callable[[], None]:
    """Keep what is sent from now on; return what ends that."""
    engine = ledger.engine(write=True)

    def keep(
        _c: Any, _cursor: Any, text: str, values: Any, _x: Any, many: bool
    ) -> None:
        rows = values if many else [values]
        kept.append((text, [_plain(row) for row in rows]))

    def begin(_connection: Any) -> None:
        if ledger.on_postgres:  # the driver begins by itself, and it is no event
            kept.append(("BEGIN", [()]))

    def commit(_connection: Any) -> None:
        kept.append(("COMMIT", [()]))

    listeners = (("before_cursor_execute", keep), ("begin", begin), ("commit", commit))
    for name, listener in listeners:
        event.listen(engine, name, listener)

    def stop() -> None:
        for name, listener in listeners:
            event.remove(engine, name, listener)

    return stop


def _plain(row: Any) -> Any:
    """Return the values of a row without the wrappers that a driver puts around them."""
    named = row if isinstance(row, dict) else dict(enumerate(row))
    plain = {
        name: bytes(getattr(value, "obj", value))
        if type(value).__name__ in {"memoryview", "Binary"}
        else value
        for name, value in named.items()
    }
    return plain if isinstance(row, dict) else tuple(plain.values())


def _count(connection: Connection, table: Table, *where: object) -> int:
    query = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
    return int(connection.execute(query).scalar_one())


if __name__ == "__main__":
    answer(Ours(sys.argv[1]), ("SQLAlchemy", "transitions", "psycopg"))
