"""The limit of our own design: the very statements of `advance`, in the bare driver.

They were noted on a copy of the same ledger, with their values, and are sent to
another copy, with the same pragmas and the same triggers. Nothing is judged or hashed
here, and the values are known beforehand.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.answer import answer

Noted = tuple[str, Sequence[Any]]
"""A statement, and its rows of values: several for one that writes many."""

_PRAGMAS = (
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "trusted_schema=OFF",
    "journal_mode=WAL",
    "synchronous=FULL",
)


class Replay:
    """The statements through `sqlite3` or `psycopg`."""

    def __init__(self, url: str) -> None:
        self.scripts: dict[int, list[Noted]] = {}
        if url.startswith("postgresql"):
            import psycopg

            self.connection: Any = psycopg.connect(url, autocommit=True)
            return
        import sqlite3

        path = url.removeprefix("sqlite:///")
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in _PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")

    def learn(self, notes: str) -> None:
        """Read what was noted of each move."""
        with Path(notes).open("rb") as file:
            self.scripts = pickle.load(file)

    def move(self, number: int) -> None:
        """Send what one move took."""
        cursor = self.connection.cursor()
        for text, rows in self.scripts[number]:
            if len(rows) > 1:
                cursor.executemany(text, rows)
                continue
            cursor.execute(text, rows[0])
            if cursor.description:
                cursor.fetchall()


if __name__ == "__main__":
    answer(Replay(sys.argv[1]), ("psycopg",))
