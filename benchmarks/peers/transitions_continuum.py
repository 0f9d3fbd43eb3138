"""transitions with SQLAlchemy-Continuum: the library we use, with a popular history.

One machine for all rows, fired without registering them (the quickest way that it has);
Continuum writes a transaction row and a version row for the episode, and for every
stay and line that is added or changed.

Not comparable: a version says what a row became, and Continuum's own queries are
needed to say when.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

from sqlalchemy import ForeignKey, func, select, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    configure_mappers,
    mapped_column,
    relationship,
)
from sqlalchemy_continuum import make_versioned, version_class
from transitions import Machine

from benchmarks.peers import move
from benchmarks.peers.answer import answer
from benchmarks.peers.engine import engine_for

make_versioned(user_cls=None)


class Base(DeclarativeBase):
    """The tables."""


class Episode(Base):
    """An episode, and what was found; versioned."""

    __tablename__ = "episode"
    __versioned__: dict[str, Any] = {}  # noqa: RUF012 - Continuum's way
    key: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    who: Mapped[str]
    findings: Mapped[list[Finding]] = relationship()


class Finding(Base):
    """What was noted on a day."""

    __tablename__ = "finding"
    episode: Mapped[str] = mapped_column(ForeignKey("episode.key"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    pain: Mapped[int]
    day: Mapped[dt.date]


class Stay(Base):
    """How long an episode was in a stage."""

    __tablename__ = "stay"
    id: Mapped[int] = mapped_column(primary_key=True)
    episode: Mapped[str] = mapped_column(ForeignKey("episode.key"), index=True)
    stage: Mapped[str]
    entered: Mapped[dt.date]
    ended: Mapped[dt.date | None]


class Due(Base):
    """What falls due."""

    __tablename__ = "due"
    episode: Mapped[str] = mapped_column(ForeignKey("episode.key"), primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(index=True)


class Reminder(Base):
    """What is to be sent."""

    __tablename__ = "reminder"
    episode: Mapped[str] = mapped_column(ForeignKey("episode.key"), primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]


configure_mappers()


def _has_failed(event: Any) -> bool:
    return move.has_failed({each.kind: each.pain for each in event.model.findings})


CARE = Machine(
    model=None,
    states=[move.BEFORE, move.AFTER],
    initial=None,
    auto_transitions=False,
    send_event=True,
    model_attribute="stage",
)
CARE.add_transition("fail_injection", move.BEFORE, move.AFTER, conditions=[_has_failed])


class Continuum:
    """The move through sessions whose flushes are versioned."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)

    def prepare(self, episodes: int) -> None:
        """Make the tables and the episodes."""
        Base.metadata.create_all(self.engine)
        with Session(self.engine) as session, session.begin():
            keys = [move.key_of(number) for number in range(episodes)]
            session.add_all(
                Episode(key=key, stage=move.BEFORE, who=move.WHO) for key in keys
            )
            session.flush()
            for key in keys:
                for kind, (pain, day) in move.FINDINGS.items():
                    session.add(Finding(episode=key, kind=kind, pain=pain, day=day))
                begun = {"stage": move.BEFORE, "entered": move.INJECTED}
                session.add(Stay(episode=key, **begun))
                for rule in move.OLD_LINES:
                    session.add(Due(episode=key, rule=rule, day=move.TODAY))

    def move(self, number: int) -> None:
        """Move one episode on."""
        key = move.key_of(number)
        with Session(self.engine) as session, session.begin():
            wanted = select(Episode).where(Episode.key == key).with_for_update()
            episode = session.execute(wanted).scalar_one()
            assert CARE.events["fail_injection"].trigger(episode)
            of_it = (Stay.episode == key, Stay.ended.is_(None))
            session.execute(update(Stay).where(*of_it).values(ended=move.TODAY))
            session.add(Stay(episode=key, stage=move.AFTER, entered=move.TODAY))
            old = list(move.OLD_LINES)
            for line in session.scalars(
                select(Due).where(Due.episode == key, Due.rule.in_(old))
            ):
                session.delete(line)
            unsent = (Reminder.episode == key, Reminder.status == "open")
            cancel = update(Reminder).where(*unsent, Reminder.rule.in_(old))
            session.execute(cancel.values(status="cancelled"))
            for rule, days in move.NEW_LINES.items():
                session.add(Due(episode=key, rule=rule, day=move.due(days)))

    def rows(self) -> dict[str, int]:
        """Count what was kept."""
        versions = version_class(Episode)
        with Session(self.engine) as session:

            def count(table: Any, *where: Any) -> int:
                query = select(func.count()).select_from(table).where(*where)
                return int(session.scalar(query) or 0)

            return {
                "moved": count(Episode, Episode.stage == move.AFTER),
                "history of moves": count(versions, versions.stage == move.AFTER),
                "stays": count(Stay),
                "due": count(Due),
            }


if __name__ == "__main__":
    answer(
        Continuum(sys.argv[1]), ("SQLAlchemy", "transitions", "SQLAlchemy-Continuum")
    )
