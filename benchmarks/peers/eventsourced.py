"""`eventsourcing`: an aggregate whose history is its only truth.

The aggregate is rebuilt from its four events, decides, and one event is appended under
an optimistic version.

Not comparable: nothing else is written. There are no stays and there is nothing due, so
that nobody can ask who needs somebody today without reading every event; a projection
for that would be a second process, and late.
"""

from __future__ import annotations

import sys
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.peers import move
from benchmarks.peers.answer import answer


class Episode(Aggregate):
    """An episode that is its events."""

    @event("Opened")
    def __init__(self, key: str) -> None:
        self.key = key
        self.stage = move.BEFORE
        self.who = ""
        self.pain: dict[str, int] = {}

    @staticmethod
    def create_id(key: str) -> UUID:
        """Return the name of its stream."""
        return uuid5(NAMESPACE_URL, key)

    @event("Found")
    def find(self, kind: str, pain: int, day: str) -> None:  # noqa: ARG002 - kept
        """Note a finding."""
        self.pain[kind] = pain

    def fail_injection(self, who: str) -> None:
        """Move on, where the findings say so."""
        assert self.stage == move.BEFORE
        assert move.has_failed(self.pain)
        self.advanced(move.AFTER, who)

    @event("Advanced")
    def advanced(self, stage: str, who: str) -> None:
        """Stand in the new stage."""
        self.stage, self.who = stage, who


def _surroundings(url: str) -> dict[str, str]:
    if url.startswith("sqlite"):
        return {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": url.removeprefix("sqlite:///"),
        }
    from psycopg.conninfo import conninfo_to_dict

    told = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(told["dbname"]),
        "POSTGRES_HOST": str(told.get("host", "")),
        "POSTGRES_PORT": str(told.get("port", "")),
        "POSTGRES_USER": str(told.get("user", "")),
        "POSTGRES_PASSWORD": str(told.get("password", "")),
    }


class Eventsourced:
    """The move through an application of the library."""

    def __init__(self, url: str) -> None:
        self.application: Application[UUID] = Application(_surroundings(url))
        self.moved = 0

    def prepare(self, episodes: int) -> None:
        """Write the events of each episode before the move."""
        for number in range(episodes):
            episode = Episode(move.key_of(number))
            for kind, (pain, day) in move.FINDINGS.items():
                episode.find(kind, pain, str(day))
            self.application.save(episode)

    def move(self, number: int) -> None:
        """Move one episode on."""
        name = Episode.create_id(move.key_of(number))
        episode: Episode = self.application.repository.get(name)
        episode.fail_injection(move.WHO)
        self.application.save(episode)
        self.moved += 1

    def rows(self) -> dict[str, int]:
        """Count the events of moves."""
        events = self.application.recorder.select_notifications(None, 1_000_000)
        moves = sum(each.topic.endswith("Advanced") for each in events)
        return {"moved": self.moved, "history of moves": moves}


if __name__ == "__main__":
    answer(Eventsourced(sys.argv[1]), ("eventsourcing",))
