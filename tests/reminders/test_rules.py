"""When a message may leave, to whom it goes, and what comes after it."""

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.record.attempts import Claimed
from sitrack.record.outbox import Step
from sitrack.reminders import rules
from sitrack.reminders.windows import SendWindow, send_window
from tests.clinic import settings_of

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
EVERY_DAY = tuple(range(7))
WORKDAYS = (0, 1, 2, 3, 4)


def window(zone, opens="08:00", closes="18:00", week=WORKDAYS):
    read = dt.time.fromisoformat
    return SendWindow(week, read(opens), read(closes), zone)


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


# --- the window


@pytest.mark.complaint(9)
@pytest.mark.parametrize(
    ("zone", "asked", "opens"),
    [
        # Berlin goes from UTC+1 to UTC+2 on Sunday 30 March 2025, and back on 26 October.
        (BERLIN, "2025-03-28T16:59", "2025-03-28T16:59"),
        (BERLIN, "2025-03-28T17:00", "2025-03-31T06:00"),
        (BERLIN, "2025-10-24T16:00", "2025-10-27T07:00"),
        # New York goes from UTC-5 to UTC-4 on Sunday 9 March 2025, and back on 2 November.
        (NEW_YORK, "2025-03-07T22:59", "2025-03-07T22:59"),
        (NEW_YORK, "2025-03-07T23:00", "2025-03-10T12:00"),
        (NEW_YORK, "2025-10-31T22:00", "2025-11-03T13:00"),
        # Saturday evening in New York is Sunday in UTC.
        (NEW_YORK, "2025-06-08T01:00", "2025-06-09T12:00"),
    ],
)
def test_the_window_opens_by_the_clinics_clock_when_the_clocks_change(
    zone, asked, opens
):
    assert window(zone).next_open(utc(asked)) == utc(opens)


def test_a_window_that_opens_in_a_skipped_hour_opens_after_it():
    early = window(BERLIN, "02:30", "06:00", EVERY_DAY)
    assert early.next_open(utc("2025-03-29T23:30")) == utc("2025-03-30T01:30")


def test_a_window_that_lies_in_a_skipped_hour_opens_on_the_next_day():
    lost = window(BERLIN, "02:10", "02:50", EVERY_DAY)
    assert lost.next_open(utc("2025-03-29T23:30")) == utc("2025-03-31T00:10")


ZONES = st.sampled_from(
    [BERLIN, NEW_YORK, *map(ZoneInfo, ("Australia/Lord_Howe", "Asia/Kathmandu"))]
)
INSTANTS = st.datetimes(
    dt.datetime(2024, 1, 1), dt.datetime(2026, 1, 1), timezones=st.just(dt.UTC)
)
WINDOWS = st.builds(
    SendWindow,
    st.sets(st.integers(0, 6), min_size=1).map(lambda week: tuple(sorted(week))),
    st.sampled_from([dt.time(6), dt.time(8, 30), dt.time(11)]),
    st.sampled_from([dt.time(12), dt.time(18), dt.time(23, 59)]),
    ZONES,
)


@given(WINDOWS, INSTANTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(window, instant):
    opening = window.next_open(instant)
    assert opening >= instant
    assert window.is_open(opening)
    step = dt.timedelta(minutes=29)
    while instant < opening:
        assert not window.is_open(instant)
        instant += step
    if opening != instant:
        assert window.is_open(opening)


def test_an_empty_window_means_always(tmp_path):
    told = {"reminders.from_time": "08:00", "reminders.until_time": "08:00"}
    always = send_window(settings_of(tmp_path, **told, **_all_week()), BERLIN)
    midnight = utc("2025-03-30T01:00")
    assert always.next_open(midnight) == midnight


def _all_week():
    return {"reminders.days": "mon,tue,wed,thu,fri,sat,sun"}


def test_the_window_of_the_settings_is_kept(tmp_path):
    told = {"reminders.from_time": "07:15", "reminders.days": "sat"}
    found = send_window(settings_of(tmp_path, **told), BERLIN)
    assert found == SendWindow((5,), dt.time(7, 15), dt.time(18), BERLIN)


# --- to whom

STEP = Step(
    episode="P00013-R",
    visit=1,
    rule="INJ-DIARY",
    occurrence=2,
    step="notice",
    due=dt.date(2025, 1, 7),
    step_on=dt.date(2025, 1, 7),
    recipient="coordinator",
    coordinator="rivera",
    address="rivera@clinic.example",
    protocol="hash",
)


@pytest.mark.parametrize(
    ("changes", "channel", "expected"),
    [
        ({}, "email", "rivera"),
        ({"address": None}, "email", "clinic"),
        ({"address": None}, "file", "rivera"),
        ({"coordinator": None, "address": None}, "file", "clinic"),
        ({"coordinator": None, "address": None}, "email", "clinic"),
        ({"recipient": "lead"}, "email", "lead"),
        ({"recipient": "lead", "coordinator": None}, "file", "lead"),
    ],
)
def test_a_reminder_goes_to_somebody_in_any_case(changes, channel, expected):
    assert rules.recipient_of(dataclasses.replace(STEP, **changes), channel) == expected


ROW = Claimed(
    id=1,
    attempt=1,
    episode="P00013-R",
    visit=1,
    rule="INJ-DIARY",
    occurrence=2,
    step="notice",
    recipient="rivera",
    channel="email",
    due=dt.date(2025, 1, 7),
    address="rivera@clinic.example",
)


@pytest.mark.parametrize(
    ("changes", "lead", "expected"),
    [
        ({}, "lead@clinic.example", "rivera@clinic.example desk@clinic.example"),
        ({"address": "desk@clinic.example"}, None, "desk@clinic.example"),
        ({"address": None}, "lead@clinic.example", "desk@clinic.example"),
        (
            {"recipient": "lead"},
            "lead@clinic.example",
            "lead@clinic.example desk@clinic.example",
        ),
        ({"recipient": "lead"}, None, "desk@clinic.example"),
        ({"recipient": "clinic", "address": None}, None, "desk@clinic.example"),
    ],
)
def test_the_addresses_are_those_of_today(tmp_path, changes, lead, expected):
    settings = settings_of(tmp_path, **{"clinic.lead_address": lead})
    row = dataclasses.replace(ROW, **changes)
    assert rules.addresses_of(row, settings) == tuple(expected.split())


def test_where_nobody_has_an_address_there_is_an_empty_one(tmp_path):
    nowhere = settings_of(tmp_path, **{"clinic.address": None})
    row = dataclasses.replace(ROW, address=None)
    assert rules.addresses_of(row, nowhere) == ("",)


# --- trying again


def test_the_wait_doubles_up_to_six_hours():
    minutes = [
        rules.wait_after(attempt, 0.5).total_seconds() / 60 for attempt in range(1, 10)
    ]
    assert minutes == [5, 10, 20, 40, 80, 160, 320, 360, 360]


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_the_wait_is_spread_by_a_quarter_and_never_endless(attempt, jitter):
    middle = rules.wait_after(attempt, 0.5)
    wait = rules.wait_after(attempt, jitter)
    assert 0.75 * middle <= wait <= min(1.25 * middle, dt.timedelta(hours=6))


# --- the name of a reminder for the outside


def test_a_reminder_has_the_same_name_at_every_attempt():
    names = {
        rules.idempotency_key("ledger", dataclasses.replace(ROW, **changes))
        for changes in ({}, {"attempt": 2}, {"id": 9}, {"address": None})
    }
    assert len(names) == 1
    assert len(next(iter(names))) == 32


@pytest.mark.parametrize(
    "changes",
    [
        {"episode": "P00013-L"},
        {"visit": 5},
        {"rule": "INJ-CHECK"},
        {"occurrence": 3},
        {"step": "repeat"},
        {"recipient": "lead"},
        {"channel": "file"},
    ],
)
def test_another_reminder_has_another_name(changes):
    one = rules.idempotency_key("ledger", ROW)
    assert rules.idempotency_key("ledger", dataclasses.replace(ROW, **changes)) != one
    assert rules.idempotency_key("other", ROW) != one
