"""Days stay days and hours stay hours, wherever the clinic is and whatever clocks do.

What is due is a date of the clinic. Only the message has an instant, and that is eight
in the morning by the clock on the wall: on the day on which clocks go forward or back,
at the end of a month, and where a day was left out.
"""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.clock import day_of, start_of
from sitrack.journey.entries import clinical_day
from sitrack.record import tables
from sitrack.record.ledger import reading
from sitrack.reminders.plan import plan_round
from sitrack.reminders.windows import SendWindow
from tests.clinic import Clinic, settings_of
from tests.conftest import new_ledger

from .conftest import Memory, round_of

EVERY_DAY = "mon,tue,wed,thu,fri,sat,sun"
ONE_DAY = dt.timedelta(days=1)

DAYS = [
    # Berlin: forward on 30 March 2025, back on 26 October.
    ("Europe/Berlin", "2025-03-29", "2025-03-30", "2025-03-30T06:00"),
    ("Europe/Berlin", "2025-03-30", "2025-03-31", "2025-03-31T06:00"),
    ("Europe/Berlin", "2025-10-25", "2025-10-26", "2025-10-26T07:00"),
    # New York: forward on 9 March 2025, back on 2 November.
    ("America/New_York", "2025-03-08", "2025-03-09", "2025-03-09T12:00"),
    ("America/New_York", "2025-11-01", "2025-11-02", "2025-11-02T13:00"),
    # Lord Howe: by half an hour, back on 6 April 2025, forward on 5 October.
    ("Australia/Lord_Howe", "2025-04-05", "2025-04-06", "2025-04-05T21:30"),
    ("Australia/Lord_Howe", "2025-10-04", "2025-10-05", "2025-10-04T21:00"),
    # Apia: forward on 24 September 2011; there was no 30 December in that year, and
    # what was due on it leaves on the next morning that there was.
    ("Pacific/Apia", "2011-09-23", "2011-09-24", "2011-09-24T18:00"),
    ("Pacific/Apia", "2011-12-28", "2011-12-29", "2011-12-29T18:00"),
    ("Pacific/Apia", "2011-12-29", "2011-12-30", "2011-12-30T18:00"),
    ("Pacific/Apia", "2011-12-31", "2012-01-01", "2011-12-31T18:00"),
    # Kathmandu is five hours and three quarters ahead, and never changes.
    ("Asia/Kathmandu", "2025-03-29", "2025-03-30", "2025-03-30T02:15"),
    # The ends of months and of a leap day.
    ("Asia/Kathmandu", "2024-02-28", "2024-02-29", "2024-02-29T02:15"),
    ("Europe/Berlin", "2024-02-29", "2024-03-01", "2024-03-01T07:00"),
    ("America/New_York", "2025-01-31", "2025-02-01", "2025-02-01T13:00"),
    ("Europe/Berlin", "2024-12-31", "2025-01-01", "2025-01-01T07:00"),
]
"""Where, the day of the injection, the day on which its diary is due, and when the
reminder of it leaves, in UTC."""


@pytest.fixture
def settings(tmp_path):
    return settings_of(tmp_path, **{"reminders.days": EVERY_DAY})


def due_days(ledger):
    with reading(ledger) as connection:
        lines = connection.execute(tables.agenda.select())
        return {line.rule: line.due for line in lines}


@pytest.mark.complaint(9)
@pytest.mark.parametrize(("zone", "injected", "due", "leaves"), DAYS)
def test_a_reminder_leaves_at_eight_on_its_day(
    ledger_url, settings, zone, injected, due, leaves
):
    ledger = new_ledger(ledger_url, injected, zone)
    clinic = Clinic(ledger)
    key = clinic.opened()
    clinic.at(injected, "23:59")
    clinic.inject(key)
    first, last = map(dt.date.fromisoformat, (injected, due))
    days = due_days(ledger)
    assert days["INJ-DIARY"] == last
    assert days["INJ-CHECK"] == first + 14 * ONE_DAY
    assert days["INJ-TRIAL"] == first + 42 * ONE_DAY
    leaves = dt.datetime.fromisoformat(leaves).replace(tzinfo=dt.UTC)
    planned = plan_round(ledger, settings, "file", last + 2 * ONE_DAY)
    assert [each.at for each in planned if each.rule == "INJ-DIARY"] == [leaves]
    for before, sent in ((dt.timedelta(minutes=1), 0), (dt.timedelta(0), 1)):
        instant = leaves - before
        ledger.use_clock(lambda instant=instant: instant)
        assert round_of(clinic, settings, Memory()).count("sent") == sent
    ledger.close()


ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"),
            *("Pacific/Apia", "Asia/Kathmandu", "Europe/London"),
        )
    ]
)
CHANGES = st.sampled_from(
    [
        *("2025-03-09", "2025-03-30", "2025-04-06", "2025-10-05", "2025-10-26"),
        *("2025-11-02", "2011-09-24", "2011-12-30", "2012-04-01", "2025-06-15"),
    ]
).map(dt.date.fromisoformat)
MINUTES = st.integers(-2 * 1440, 2 * 1440)
SOON = st.integers(0, 730)


def near(zone, change, minutes):
    return start_of(change, zone) + dt.timedelta(minutes=minutes)


@pytest.mark.complaint(9)
@given(ZONES, CHANGES, MINUTES, SOON)
def test_a_day_counts_from_the_day_on_the_wall_whatever_the_hour(
    zone, change, minutes, days
):
    entered = near(zone, change, minutes)
    day = clinical_day(entered, zone)
    assert day == entered.astimezone(zone).date()
    due = day + days * ONE_DAY
    begins = start_of(due, zone)
    # The day begins on itself, or on the next one where it was left out.
    assert day_of(begins, zone) - due in (dt.timedelta(0), ONE_DAY)
    assert days == 0 or begins > entered
    assert start_of(due + ONE_DAY, zone) >= begins


@pytest.mark.complaint(9)
@given(ZONES, CHANGES, MINUTES)
def test_an_opening_is_never_before_it_is_asked_for_and_at_most_a_day_ahead(
    zone, change, minutes
):
    asked = near(zone, change, minutes)
    window = SendWindow(tuple(range(7)), dt.time(8), dt.time(18), zone)
    opens = window.next_open(asked)
    assert opens >= asked
    assert window.is_open(opens)
    wall = opens.astimezone(zone)
    assert opens == asked or (wall.hour, wall.minute) == (8, 0)
    # A day that changes its clocks has at most twenty-five hours.
    assert opens - asked <= dt.timedelta(hours=15)
