"""The worklist of a day behind is the one that was shown that day; ahead, what will be."""

import datetime as dt
import random

import pytest

from sitrack.coordination import questions
from sitrack.coordination.questions import When
from sitrack.record.act_first import UNDELIVERABLE
from sitrack.record.worklist import HIDDEN, Wish, who_waits
from tests.clinic import Clinic, driver
from tests.record.lives import DAY, Lives

WISHES = (
    Wish(),
    Wish(shows=frozenset(HIDDEN)),
    Wish(owner="rivera", since=dt.date(2025, 2, 1)),
    Wish(only="lost"),
)


def shown(ledger, **when):
    """What every worklist says, and where everybody stands."""
    _, standing = questions.all_standings(ledger, None, When(**when))
    return [who_waits(ledger, wish, **when) for wish in WISHES], standing


def test_every_mornings_list_can_be_shown_again_later(ledger):
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    lives = Lives(ledger, random.Random(seed), patients=3)
    mornings = {}
    for _ in range(25):
        lives.live(3)
        lives.pass_time(1)
        moment = ledger.clock()
        mornings[moment] = shown(ledger)
        lives.pass_time(0)
    lives.live(10)
    for moment, then in mornings.items():
        assert shown(ledger, as_of=moment.date(), as_known=moment) == then
    assert any(lists[0].rows for lists, _ in mornings.values())


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def waiting(ledger, day, **when):
    return [row.rule for row in who_waits(ledger, None, day, **when).rows]


def test_a_day_ahead_shows_what_will_be_due_if_nobody_does_anything(clinic):
    clinic.injected("2025-01-06")
    day = dt.date(2025, 1, 7)
    assert waiting(clinic.ledger, day) == ["INJ-DIARY"]
    ahead = who_waits(clinic.ledger, None, day + 30 * DAY)
    assert ahead.day == day + 30 * DAY
    assert ahead.rows[0].more > 0


def test_what_was_written_since_is_known_of_a_day_behind_unless_it_is_left_out(clinic):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-06", "12:00")
    moment = clinic.ledger.clock()
    clinic.at("2025-01-20")
    clinic.record(key, "diary", readings=("1h=2",), occurred=dt.date(2025, 1, 6))
    day = dt.date(2025, 1, 7)
    assert "INJ-DIARY" not in waiting(clinic.ledger, day)
    assert "INJ-DIARY" in waiting(clinic.ledger, day, as_known=moment)


def test_nobody_waited_before_the_first_episode_was_opened(clinic):
    clinic.injected("2025-01-06")
    clinic.at("2025-02-03")
    found = who_waits(clinic.ledger, None, dt.date(2025, 1, 5))
    assert (found.rows, sum(found.hidden.values())) == ([], 0)


def test_a_reminder_that_was_given_up_stands_on_the_list_from_then_on(clinic):
    key = clinic.injected("2025-01-06")
    with driver(clinic.ledger) as run:
        run(
            "INSERT INTO reminder (episode, visit, rule, occurrence, step, recipient,"
            " channel, due, status, next_at, attempts)"
            " SELECT episode, visit, rule, occurrence, 'notice', 'rivera', 'email',"
            f" due, 'dead', {'now()' if clinic.ledger.on_postgres else '0'}, 1"
            " FROM agenda WHERE rule = 'INJ-DIARY'"
        )
        run(
            "INSERT INTO delivery (reminder, attempt, event, at, worker)"
            " SELECT id, 1, 'gave-up', '2025-01-08T09:00:00.000000Z', 'w' FROM reminder"
        )
    clinic.at("2025-01-09")
    [now] = who_waits(clinic.ledger).rows
    assert (now.episode, now.rule) == (str(key), UNDELIVERABLE)
    clinic.at("2025-01-10")
    assert waiting(clinic.ledger, dt.date(2025, 1, 8)) == [UNDELIVERABLE]
    assert waiting(clinic.ledger, dt.date(2025, 1, 7)) == ["INJ-DIARY"]
    before = dt.datetime(2025, 1, 8, 8, tzinfo=dt.UTC)
    day = dt.date(2025, 1, 8)
    assert waiting(clinic.ledger, day, as_known=before) == ["INJ-DIARY"]


def test_a_census_of_a_day_counts_each_episode_once(clinic):
    clinic.walked()
    clinic.at("2025-02-03")
    clinic.opened()
    for text, expected in {
        "2025-01-05": {},
        "2025-01-06": {"injection": 1},
        "2025-01-20": {"re-evaluation": 1},
        "2025-02-03": {"conservative-care": 1, "injection": 1},
    }.items():
        day = dt.date.fromisoformat(text)
        assert questions.census(clinic.ledger, When(day)) == (day, expected)
    before = dt.datetime(2025, 1, 19, tzinfo=dt.UTC)
    known = When(dt.date(2025, 2, 3), before)
    assert questions.census(clinic.ledger, known)[1] == {"injection": 1}
