"""Stays as reports count them are those that the entries tell of, on any day."""

import datetime as dt
import random

import pytest

from sitrack.coordination.episodes import Step, advance
from sitrack.coordination.parking import change_status
from sitrack.errors import NotFound
from sitrack.journey import parking
from sitrack.pathway.stages import Stage
from sitrack.record import history
from sitrack.record.ledger import reading
from sitrack.record.stays import journeys
from tests.clinic import RIVERA, Clinic
from tests.record.lives import Lives


def told(ledger, day, as_known=None):
    with reading(ledger) as connection:
        return {
            journey[0].episode: journey
            for journey in journeys(connection, ledger, day, as_known)
        }


def folded(ledger, keys, day, as_known=None):
    """What the fold says: stage, entered and left of each stay, and who is lost."""
    found = {}
    with reading(ledger) as connection:
        for key in keys:
            try:
                episode = history.episode_at(
                    connection, ledger, key, as_of=day, as_known=as_known
                )
            except NotFound:
                continue
            stays = [(v.seq, v.stage, v.entered, v.left) for v in episode.visits]
            found[str(key)] = (stays, episode.lost)
    return found


def without_reasons(journey):
    stays = [(s.visit, s.stage, s.entered, s.left) for s in journey]
    return stays, journey[-1].lost


def test_stays_are_those_of_the_fold_on_every_day_and_as_known_at_any_moment(ledger):
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    lives = Lives(ledger, random.Random(seed), patients=3)
    moments = {}
    for _ in range(6):
        lives.live(20)
        # Of one instant, the second entry is recorded a microsecond after it.
        lives.pass_time(0)
        moment = ledger.clock()
        moments[moment] = told(ledger, lives.today)
        lives.pass_time(0)
    assert any(len(journey) > 2 for journey in moments[moment].values())
    for moment, then in moments.items():
        day = moment.date()
        assert told(ledger, day, moment) == then
        for asked in ((day, moment), (day, None)):
            expected = folded(ledger, lives.keys, *asked)
            shown = {k: without_reasons(j) for k, j in told(ledger, *asked).items()}
            assert shown == expected


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def lost(clinic):
    """Lost in conservative care on 14 April, and back on 5 May."""
    key = clinic.walked()
    for day in ("2025-03-03", "2025-03-17", "2025-03-31"):
        clinic.at(day)
        clinic.contact(key, "no-answer", "sms" if day == "2025-03-31" else "phone")
    clinic.at("2025-04-14")
    change_status(clinic.ledger, RIVERA, key, parking.lose)
    clinic.at("2025-05-05")
    clinic.contact(key, "reached")
    change_status(clinic.ledger, RIVERA, key, parking.come_back)
    return key


def test_a_loss_stands_in_its_stay_and_a_return_begins_another(clinic):
    key = str(lost(clinic))
    *_, before, after = told(clinic.ledger, dt.date(2025, 5, 5))[key]
    assert (before.stage, before.lost) == ("conservative-care", dt.date(2025, 4, 14))
    assert (before.left, before.onward) == (dt.date(2025, 5, 5), "conservative-care")
    assert (after.stage, after.lost, after.left) == ("conservative-care", None, None)
    for day, was_lost in ((13, None), (14, dt.date(2025, 4, 14))):
        last = told(clinic.ledger, dt.date(2025, 4, day))[key][-1]
        assert (last.lost, last.left) == (was_lost, None)


def test_an_episode_that_is_over_says_why(clinic):
    key = clinic.walked()
    clinic.at("2025-02-10")
    ended = Step("closed", command="episode finish", reason="declined")
    advance(clinic.ledger, RIVERA, key, ended)
    last = told(clinic.ledger, dt.date(2025, 2, 10))[str(key)][-1]
    assert (last.stage, last.reason) == (Stage.CLOSED, "declined")
