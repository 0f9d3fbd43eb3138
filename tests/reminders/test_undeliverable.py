"""Once a day the lead hears that something could not be delivered."""

import pytest

from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from tests.clinic import codes_of, everything, settings_of

from .conftest import Memory, round_of

TOLD = "sitrack: 1 reminder could not be delivered"


@pytest.fixture
def settings(tmp_path):
    return settings_of(tmp_path, **{"clinic.lead_address": "lead@clinic.example"})


@pytest.fixture
def told(clinic, settings):
    """Run a round whose channel refuses reminders, and return what the lead heard."""

    def told(day, time="09:00", failure=None):
        clinic.at(day, time)
        heard = []

        def refuse(message):
            if "could not be delivered" not in message.subject:
                raise PermanentFailure("smtp-550")
            heard.append(message)
            if failure:
                raise failure

        round_of(clinic, settings, Memory(refuse))
        return heard

    return told


def test_the_lead_hears_of_it_once_a_day_until_it_is_mended(clinic, told):
    key = clinic.injected("2025-01-06")
    assert told("2025-01-07") == []  # it is given up in this round
    [first] = told("2025-01-07", "09:30")
    assert first.subject == TOLD
    assert first.body == f"{TOLD}\nsitrack reminder dead\n"
    assert first.recipient_address == "lead@clinic.example"
    assert told("2025-01-07", "11:00") == []
    [second] = told("2025-01-08")
    assert second.key != first.key
    clinic.record(key, "diary", readings=("1h=2",), about=2)
    assert told("2025-01-09") == []
    assert codes_of(clinic.ledger) == set()


def test_nobody_hears_of_it_at_night_or_on_a_sunday(clinic, told):
    clinic.injected("2025-01-06")
    told("2025-01-07")
    assert told("2025-01-08", "19:00") == []
    assert told("2025-01-12") == []
    assert len(told("2025-01-13")) == 1


def test_where_that_fails_too_it_is_the_same_message_later(clinic, told, monkeypatch):
    import datetime as dt

    from sitrack.reminders import desk

    clinic.injected("2025-01-06")
    real = [dt.datetime.now(dt.UTC)]
    monkeypatch.setattr(desk, "real_instant", lambda connection: real[0])
    told("2025-01-07")
    [first] = told("2025-01-07", "09:01", TemporaryFailure("time-out"))
    assert told("2025-01-07", "09:05") == []
    real[0] += dt.timedelta(minutes=10)
    assert told("2025-01-07", "09:10") == [first]
    assert told("2025-01-07", "09:30") == []


def test_where_all_is_well_nothing_is_written(clinic, settings):
    clinic.injected("2025-01-06")
    before = everything(clinic.ledger)
    round_of(clinic, settings, Memory())
    assert everything(clinic.ledger) == before
