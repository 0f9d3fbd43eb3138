"""SQLAlchemy's ORM with python-statemachine: what a team writes that has both.

One machine for each loaded row, as its documentation does it; the history is a table
that is filled by hand, and a version number on the episode guards against two writers.

Not comparable: nothing binds the history to the episode but the discipline of whoever
writes the next command.
"""

from __future__ import annotations

import datetime as dt
import sys

from sqlalchemy import ForeignKey, delete, func, select, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
)
from statemachine import State, StateMachine

from benchmarks.peers import move
from benchmarks.peers.answer import answer
from benchmarks.peers.engine import engine_for


class Base(DeclarativeBase):
    """The tables."""


class Episode(Base):
    """An episode, and what was found."""

    __tablename__ = "episode"
    key: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    version: Mapped[int] = mapped_column()
    findings: Mapped[list[Finding]] = relationship()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's way


class Finding(Base):
    """What was noted on a day."""

    __tablename__ = "finding"
    episode: Mapped[str] = mapped_column(ForeignKey("episode.key"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    pain: Mapped[int]
    day: Mapped[dt.date]


class History(Base):
    """What happened."""

    __tablename__ = "history"
    episode: Mapped[str] = mapped_column(ForeignKey("episode.key"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    before: Mapped[str]
    after: Mapped[str]
    who: Mapped[str]
    at: Mapped[dt.datetime]


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


class Care(StateMachine):
    """The stages, as python-statemachine says them."""

    injection = State(move.BEFORE, value=move.BEFORE, initial=True)
    re_evaluation = State(move.AFTER, value=move.AFTER, final=True)
    fail_injection = injection.to(re_evaluation, cond="has_failed")

    def has_failed(self) -> bool:
        """Judge the findings."""
        return move.has_failed({each.kind: each.pain for each in self.model.findings})


class Orm:
    """The move through sessions; a session for each move."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)

    def prepare(self, episodes: int) -> None:
        """Make the tables and the episodes."""
        Base.metadata.create_all(self.engine)
        with Session(self.engine) as session, session.begin():
            keys = [move.key_of(number) for number in range(episodes)]
            session.add_all(
                Episode(key=key, stage=move.BEFORE, version=1) for key in keys
            )
            session.flush()
            for key in keys:
                _fill(session, key)

    def move(self, number: int) -> None:
        """Move one episode on."""
        with Session(self.engine) as session, session.begin():
            wanted = select(Episode).where(Episode.key == move.key_of(number))
            episode = session.execute(wanted.with_for_update()).scalar_one()
            Care(episode, state_field="stage").send("fail_injection")
            session.add(
                History(
                    episode=episode.key,
                    version=episode.version,
                    before=move.BEFORE,
                    after=episode.stage,
                    who=move.WHO,
                    at=dt.datetime.now(),
                )
            )
            _keep_copies(session, episode.key)

    def rows(self) -> dict[str, int]:
        """Count what was kept."""
        with Session(self.engine) as session:
            moved = select(func.count()).select_from(Episode)
            return {
                "moved": session.scalar(moved.where(Episode.stage == move.AFTER)),
                "history of moves": session.scalar(
                    select(func.count()).select_from(History)
                ),
                "stays": session.scalar(select(func.count()).select_from(Stay)),
                "due": session.scalar(select(func.count()).select_from(Due)),
            }


def _fill(session: Session, key: str) -> None:
    """Add what was found of one episode, its stay, and what is due."""
    for kind, (pain, day) in move.FINDINGS.items():
        session.add(Finding(episode=key, kind=kind, pain=pain, day=day))
    session.add(Stay(episode=key, stage=move.BEFORE, entered=move.INJECTED))
    for rule in move.OLD_LINES:
        session.add(Due(episode=key, rule=rule, day=move.TODAY))


def _keep_copies(session: Session, key: str) -> None:
    """Write the stays, what is due, and the reminders."""
    of_it = Stay.episode == key
    ended = update(Stay).where(of_it, Stay.ended.is_(None)).values(ended=move.TODAY)
    session.execute(ended)
    session.add(Stay(episode=key, stage=move.AFTER, entered=move.TODAY))
    old = list(move.OLD_LINES)
    session.execute(delete(Due).where(Due.episode == key, Due.rule.in_(old)))
    unsent = (Reminder.episode == key, Reminder.status == "open")
    cancel = update(Reminder).where(*unsent, Reminder.rule.in_(old))
    session.execute(cancel.values(status="cancelled"))
    for rule, days in move.NEW_LINES.items():
        session.add(Due(episode=key, rule=rule, day=move.due(days)))


if __name__ == "__main__":
    answer(Orm(sys.argv[1]), ("SQLAlchemy", "python-statemachine"))
