"""What was true on a day and known at a moment, against a model that shares no code."""

import datetime as dt
import random

from sitrack.errors import NotFound
from sitrack.journey.patient import read_episode_key
from sitrack.record import history, whereabouts
from sitrack.record.ledger import reading
from tests.record.as_of import ask, streams_of, told
from tests.record.lives import DAY, Lives


def test_the_record_answers_as_a_small_model_does(ledger):
    """The short form of `python -m tests.record.as_of 100000`."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    Lives(ledger, chance, patients=3).live(150)
    seen = ask(ledger, chance, 500)
    assert seen["active"] > 50
    assert seen["not open"] > 0


def answers(ledger, stream, day, known):
    """What the record says of one episode and of everybody, then; also its history."""
    at = dt.datetime.fromisoformat(known)
    key = read_episode_key(stream.removeprefix("episode/"))
    with reading(ledger) as connection:
        try:
            lines = history.lines(connection, ledger, key, as_of=day, as_known=at)
        except NotFound:
            lines = None
        return (
            told(connection, ledger, stream, day, at),
            lines,
            whereabouts.census(connection, ledger, day, at),
            whereabouts.open_then(connection, ledger, day, at),
        )


def test_what_was_known_then_never_changes_whatever_is_written_later(ledger):
    """Late entries, corrections, retractions and undoing are half of what is written."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    lives = Lives(ledger, chance, patients=3)
    lives.live(40)
    given = {}
    for _ in range(3):
        streams = streams_of(ledger)
        moments = sorted(row["recorded"] for rows in streams.values() for row in rows)
        for _ in range(20):
            around = dt.datetime.fromisoformat(chance.choice(moments)).date()
            day = around + chance.choice((-30, -1, 0, 0, 1, 30)) * DAY
            question = chance.choice(list(streams)), day, chance.choice(moments)
            given[question] = answers(ledger, *question)
        lives.live(25)
        for question, answer in given.items():
            assert answers(ledger, *question) == answer, question
    assert sum(len(rows) for rows in streams_of(ledger).values()) > len(moments)
