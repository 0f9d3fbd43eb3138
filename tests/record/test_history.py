"""What was true on a day and what was known at a moment; the past stays answered."""

import datetime as dt
import random

import pytest

from sitrack.coordination import questions
from sitrack.coordination.questions import When
from sitrack.errors import NotFound, SitrackError
from sitrack.journey.patient import read_episode_key
from sitrack.pathway.stages import Side
from sitrack.record import history
from sitrack.record.ledger import reading
from tests.clinic import Clinic

DAY = dt.timedelta(days=1)


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def day(text):
    return dt.date.fromisoformat(text)


def noon(text):
    return dt.datetime.fromisoformat(f"{text}T12:00:00+00:00")


def stage(ledger, key, **when):
    with reading(ledger) as connection:
        return history.episode_at(connection, ledger, key, **when).stage


def kinds(ledger, key, **when):
    with reading(ledger) as connection:
        found = history.lines(connection, ledger, key, **when)
    return [line.entry.kind for line in found]


def test_the_stage_as_of_a_day_includes_all_of_that_day(clinic):
    key = clinic.walked()
    for text, expected in {
        "2025-01-06": "injection",
        "2025-01-19": "injection",
        "2025-01-20": "re-evaluation",
        "2025-01-29": "re-evaluation",
        "2025-01-30": "conservative-care",
        "2030-01-01": "conservative-care",
    }.items():
        assert stage(clinic.ledger, key, as_of=day(text)) == expected


def test_the_stage_as_known_at_a_moment_forgets_what_was_written_later(clinic):
    key = clinic.walked()
    assert stage(clinic.ledger, key, as_known=noon("2025-01-19")) == "injection"
    assert stage(clinic.ledger, key, as_known=noon("2025-01-20")) == "re-evaluation"
    assert stage(clinic.ledger, key) == "conservative-care"


def test_a_late_entry_is_in_as_of_at_once_and_in_as_known_never_before(clinic):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-02-10")
    clinic.record(key, "score", nrs="7", occurred=day("2025-01-20"))
    as_of = {"as_of": day("2025-01-20")}
    assert kinds(clinic.ledger, key, **as_of) == ["opened", "injection", "score"]
    before = {**as_of, "as_known": noon("2025-02-09")}
    assert kinds(clinic.ledger, key, **before) == ["opened", "injection"]
    assert kinds(clinic.ledger, key, as_of=day("2025-01-19")) == ["opened", "injection"]


def test_an_entry_says_how_long_after_the_fact_it_was_written(clinic):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-30")
    clinic.record(key, "score", nrs="7", occurred=day("2025-01-20"))
    with reading(clinic.ledger) as connection:
        *_, injection, score = history.lines(connection, clinic.ledger, key)
    assert (injection.written_after, injection.is_late) == (0, False)
    assert (score.day, score.written_after) == (day("2025-01-20"), 10)
    assert score.is_late


def test_an_evening_entry_belongs_to_the_clinics_day(clinic):
    """Half past midnight in London's summer is the day before in UTC."""
    clinic.at("2025-06-02")
    key = clinic.opened()
    clinic.at("2025-06-03", "00:30")
    clinic.inject(key)
    with reading(clinic.ledger) as connection:
        line = history.lines(connection, clinic.ledger, key)[-1]
    assert line.entry.recorded.date() == day("2025-06-02")
    assert (line.day, line.written_after) == (day("2025-06-03"), 0)


def test_there_was_no_episode_before_it_was_written_down(clinic):
    key = clinic.injected("2025-01-06")
    with reading(clinic.ledger) as connection:
        for act in (history.lines, history.episode_at):
            with pytest.raises(NotFound):
                act(connection, clinic.ledger, key, as_known=noon("2025-01-05"))
            with pytest.raises(NotFound):
                act(connection, clinic.ledger, read_episode_key(f"{key}2"))


def test_the_other_side_is_known_only_once_it_was_opened(clinic):
    clinic.at("2025-01-06")
    patient = clinic.enrolled()
    right = clinic.opened(patient, Side.RIGHT)
    clinic.at("2025-03-03")
    left = clinic.opened(patient, Side.LEFT, on=day("2025-02-03"))

    def siblings(as_of, as_known=None):
        with reading(clinic.ledger) as connection:
            found = history.sibling_episodes(
                connection, clinic.ledger, right, day(as_of), as_known
            )
        return [other.key for other in found]

    assert siblings("2025-02-02") == []
    assert siblings("2025-02-03") == [left]
    assert siblings("2025-02-03", noon("2025-03-02")) == []


# --- the answer about a past "known" never changes


def answers(ledger, key, moments):
    """Everything that can be asked about each moment, for a few days around it."""
    told = {}
    for moment in moments:
        for ahead in (-30, -1, 0, 1):
            when = When((moment + ahead * DAY).date(), moment)
            try:
                card = questions.card(ledger, key, when)
            except NotFound:
                told[when] = None
                continue
            told[when] = repr((card.episode, card.due, card.ways, card.lines))
    return told


@pytest.mark.parametrize("number", range(2))
def test_the_answer_about_a_past_known_never_changes(clinic, number):
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    patient = clinic.enrolled()
    key = clinic.opened(patient)
    clinic.inject(key)
    today, moments, told = day("2025-01-06"), [], {}
    for _ in range(8):
        today += chance.choice((1, 5, 15)) * DAY
        clinic.at(str(today), "12:00")
        moments.append(clinic.ledger.clock() - dt.timedelta(seconds=1))
        told.update(answers(clinic.ledger, key, moments[-1:]))
        try:
            _late_entry(chance, clinic, key, today)
        except SitrackError:
            continue
        finally:
            assert answers(clinic.ledger, key, moments) == told
    # And yet more is known now than was then, even about the first day.
    clinic.record(key, "score", nrs="7", occurred=day("2025-01-06"))
    assert answers(clinic.ledger, key, moments) == told
    first = {"as_of": day("2025-01-06")}
    known_then = kinds(clinic.ledger, key, **first, as_known=moments[0])
    assert len(kinds(clinic.ledger, key, **first)) > len(known_then)


def _late_entry(chance, clinic, key, today):
    """Something that happened on a day behind, some of it long ago."""
    when = max(day("2025-01-06"), today - chance.choice((0, 3, 40)) * DAY)
    act = chance.choice(("score", "score", "diary", "injection", "move", "open"))
    if act == "score":
        clinic.record(key, "score", nrs=str(chance.randint(0, 10)), occurred=when)
    elif act == "diary":
        clinic.record(key, "diary", readings=("1h=2",), about=2)
    elif act == "injection":
        values = {"guidance": "ct", "contrast": "in-joint", "nrs": "8"}
        clinic.record(key, "injection", occurred=when, **values)
    elif act == "move":
        clinic.advance(key, "re-evaluation", on=when)
    else:
        clinic.opened(key.patient, Side.LEFT, on=when)
