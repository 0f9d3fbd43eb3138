"""The limit: the same move as plain SQL through the database's own driver.

No library decides and none keeps history; both are a few lines here. It is what the
others could reach at most.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from benchmarks.peers import move
from benchmarks.peers.answer import answer

_SCHEMA = """
CREATE TABLE episode (key TEXT PRIMARY KEY, stage TEXT, version INTEGER);
CREATE TABLE finding (episode TEXT, kind TEXT, pain INTEGER, day TEXT,
  PRIMARY KEY (episode, kind));
CREATE TABLE history (episode TEXT, version INTEGER, before TEXT, after TEXT, who TEXT,
  at TEXT, PRIMARY KEY (episode, version));
CREATE TABLE stay (episode TEXT, stage TEXT, entered TEXT, ended TEXT,
  PRIMARY KEY (episode, stage));
CREATE TABLE due (episode TEXT, rule TEXT, day TEXT, PRIMARY KEY (episode, rule));
CREATE INDEX due_day ON due (day);
CREATE TABLE reminder (episode TEXT, rule TEXT, status TEXT,
  PRIMARY KEY (episode, rule));
"""


class Bare:
    """The move through `sqlite3` or `psycopg`."""

    def __init__(self, url: str) -> None:
        self.on_postgres = url.startswith("postgresql")
        if self.on_postgres:
            import psycopg

            self.connection: Any = psycopg.connect(url, autocommit=True)
            return
        import sqlite3

        path = url.removeprefix("sqlite:///")
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")

    def run(self, text: str, *values: Any) -> Any:
        """Run one statement in the driver's own way of marking values."""
        return self.connection.execute(self._spelled(text), values)

    def _spelled(self, text: str) -> str:
        return text.replace("?", "%s") if self.on_postgres else text

    @contextlib.contextmanager
    def transaction(self) -> Any:
        """Keep all or nothing."""
        self.connection.execute("BEGIN" if self.on_postgres else "BEGIN IMMEDIATE")
        yield
        self.connection.execute("COMMIT")

    def prepare(self, episodes: int) -> None:
        """Make the tables and the episodes, one finding after the other."""
        for statement in filter(str.strip, _SCHEMA.split(";")):
            self.connection.execute(statement)
        with self.transaction():
            for number in range(episodes):
                key = move.key_of(number)
                self.run("INSERT INTO episode VALUES (?, ?, 1)", key, move.BEFORE)
                for kind, (pain, day) in move.FINDINGS.items():
                    values = (key, kind, pain, str(day))
                    self.run("INSERT INTO finding VALUES (?, ?, ?, ?)", *values)
                begun = (key, move.BEFORE, str(move.INJECTED))
                self.run("INSERT INTO stay VALUES (?, ?, ?, NULL)", *begun)
                for rule in move.OLD_LINES:
                    line = (key, rule, str(move.TODAY))
                    self.run("INSERT INTO due VALUES (?, ?, ?)", *line)

    def move(self, number: int) -> None:
        """Move one episode on."""
        key, today = move.key_of(number), str(move.TODAY)
        with self.transaction():
            episode = "SELECT stage, version FROM episode WHERE key = ?"
            stage, version = self.run(episode, key).fetchone()
            findings = "SELECT kind, pain FROM finding WHERE episode = ?"
            pain = dict(self.run(findings, key).fetchall())
            assert stage == move.BEFORE
            assert move.has_failed(pain)
            self._write(key, version, today)

    def _write(self, key: str, version: int, today: str) -> None:
        moved = "UPDATE episode SET stage = ?, version = ? WHERE key = ?"
        self.run(moved, move.AFTER, version + 1, key)
        kept = "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)"
        self.run(kept, key, version, move.BEFORE, move.AFTER, move.WHO, today)
        ended = "UPDATE stay SET ended = ? WHERE episode = ? AND ended IS NULL"
        self.run(ended, today, key)
        self.run("INSERT INTO stay VALUES (?, ?, ?, NULL)", key, move.AFTER, today)
        for rule in move.OLD_LINES:
            self.run("DELETE FROM due WHERE episode = ? AND rule = ?", key, rule)
            cancelled = "UPDATE reminder SET status = 'cancelled' WHERE episode = ?"
            self.run(f"{cancelled} AND rule = ? AND status = 'open'", key, rule)
        for rule, days in move.NEW_LINES.items():
            line = (key, rule, str(move.due(days)))
            self.run("INSERT INTO due VALUES (?, ?, ?)", *line)

    def rows(self) -> dict[str, int]:
        """Count what was kept."""
        moved = f"episode WHERE stage = '{move.AFTER}'"
        return {
            "moved": self._count(moved),
            "history of moves": self._count("history"),
            "stays": self._count("stay"),
            "due": self._count("due"),
        }

    def _count(self, what: str) -> int:
        return int(self.run(f"SELECT count(*) FROM {what}").fetchone()[0])


if __name__ == "__main__":
    answer(Bare(sys.argv[1]), ("psycopg",))
