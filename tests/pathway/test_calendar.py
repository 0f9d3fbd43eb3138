"""Lengths of time, open days, and the calendar that a protocol file gives."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitrack.errors import BadInput
from sitrack.pathway import calendar as calendars
from sitrack.pathway import derivation, public_holidays
from sitrack.pathway.calendar import Calendar, Duration, read_duration
from sitrack.pathway.derivation import Unfit
from sitrack.pathway.loading import load, shipped_text

BASE = load(shipped_text())
HEAD = 'derives = "si-2026.1"\nid = "north-2026.1"\ntitle = "The north clinic"\n'
ENGLAND = (
    "[calendar]\ncountry = 'GB'\nregion = 'ENG'\nyears = [2025, 2027]\n"
    "closed = [\n"
    "  { day = 2025-06-13, name = 'staff day' },\n"
    "  { day = 2025-08-04, until = 2025-08-08, name = 'summer' },\n"
    "  { day = '12-24', name = 'Christmas Eve' },\n]\n"
)


def day(text):
    return dt.date.fromisoformat(text)


def clinic(text=ENGLAND, base=BASE):
    return derivation.read(HEAD + text, lambda _: base)


# --- lengths


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("14d", Duration(14, "d")),
        ("6w", Duration(42, "d")),
        ("10bd", Duration(10, "bd")),
        ("0d", Duration(0, "d")),
        ("-14d", Duration(-14, "d")),
        ("-5bd", Duration(-5, "bd")),
    ],
)
def test_a_length_is_typed_in_days_weeks_or_business_days(text, length):
    assert read_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "14", "d", "1.5d", "14 d", "2m", "1y", "bd", "+3d", "٣d", "14d "]
)
def test_what_is_no_length_is_refused(text):
    with pytest.raises(BadInput, match="is no length of time"):
        read_duration(text)


@pytest.mark.parametrize("text", ["36526d", "5218w", "2601bd", "-2601bd"])
def test_a_length_beyond_anybodys_life_is_refused(text):
    with pytest.raises(BadInput, match="is too long"):
        read_duration(text)


def test_lengths_are_added_in_one_unit_only():
    assert Duration(3, "bd") + Duration(4, "bd") == Duration(7, "bd")
    with pytest.raises(ValueError, match="different units"):
        Duration(3, "bd") + Duration(4, "d")


# --- open days


def test_without_a_calendar_of_its_own_a_protocol_is_open_on_weekdays():
    assert BASE.calendar == Calendar()
    friday = day("2025-04-18")
    assert BASE.calendar.is_open(friday)
    assert BASE.calendar.why_closed(friday + dt.timedelta(days=1)) == "Saturday"
    assert BASE.calendar.next_open(friday) == friday
    assert BASE.calendar.next_open(day("2025-04-19")) == day("2025-04-21")


def test_a_clinic_is_closed_on_its_holidays_and_on_its_own_days():
    mine = clinic().calendar
    assert mine.place == "GB-ENG"
    assert mine.why_closed(day("2025-04-18")) == "Good Friday"
    assert mine.why_closed(day("2025-06-13")) == "staff day"
    assert mine.why_closed(day("2025-08-06")) == "summer"
    assert mine.why_closed(day("2026-12-24")) == "Christmas Eve"
    assert mine.why_closed(day("2055-12-24")) == "Christmas Eve"
    assert mine.why_closed(day("2025-04-19")) == "Saturday"
    assert mine.is_open(day("2025-04-17"))
    assert mine.next_open(day("2025-04-18")) == day("2025-04-22")


def test_a_region_keeps_holidays_of_its_own():
    scotland = clinic(ENGLAND.replace("'ENG'", "'SCT'")).calendar
    assert scotland.is_open(day("2025-04-21"))  # Easter Monday
    assert not clinic().calendar.is_open(day("2025-04-21"))
    country = clinic(ENGLAND.replace("region = 'ENG'\n", "")).calendar
    assert country.place == "GB"


def test_a_clinic_has_weekend_days_of_its_own():
    gulf = clinic("[calendar]\nweekend = ['friday', 'saturday']\n").calendar
    assert gulf.is_open(day("2025-04-20"))  # a Sunday
    assert gulf.why_closed(day("2025-04-18")) == "Friday"
    always = clinic("[calendar]\nweekend = []\n").calendar
    assert always.is_open(day("2025-04-20"))


@pytest.mark.complaint(24)
@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        # Easter 2025: Good Friday is 18 April, Easter Monday 21 April.
        ("2025-04-16", "1bd", "2025-04-17"),
        ("2025-04-17", "1bd", "2025-04-22"),
        ("2025-04-18", "1bd", "2025-04-22"),
        ("2025-04-19", "1bd", "2025-04-22"),
        ("2025-04-14", "10bd", "2025-04-30"),
        ("2025-04-19", "0bd", "2025-04-19"),
        ("2025-04-22", "-1bd", "2025-04-17"),
        ("2025-04-20", "-1bd", "2025-04-17"),
        ("2025-04-17", "5d", "2025-04-22"),
        ("2025-04-17", "-5d", "2025-04-12"),
        ("2025-08-01", "1bd", "2025-08-11"),
    ],
)
def test_business_days_pass_over_what_is_closed(start, length, end):
    assert clinic().calendar.day_after(day(start), read_duration(length)) == day(end)


@given(
    start=st.dates(dt.date(2025, 1, 1), dt.date(2027, 6, 1)),
    count=st.integers(1, 60),
)
def test_business_days_count_the_open_days_and_nothing_else(start, count):
    mine = clinic().calendar
    end = mine.day_after(start, Duration(count, "bd"))
    between = [start + dt.timedelta(days=n + 1) for n in range((end - start).days)]
    assert sum(map(mine.is_open, between)) == count
    assert mine.is_open(end)
    back = mine.day_after(end, Duration(-count, "bd"))
    assert back <= mine.next_open(start)


# --- in a protocol


def test_the_holidays_are_written_out_in_the_text_and_stay_as_they_are():
    mine = clinic()
    assert '{ day = 2025-04-18, name = "Good Friday" }' in mine.text
    assert load(mine.text).calendar == mine.calendar
    assert mine.calendar.years == (2025, 2027)
    assert {each.year for each in mine.calendar.holidays} == {2025, 2026, 2027}
    assert "calendar" in mine.derived.changed


def test_reading_a_calendar_back_needs_no_list_of_holidays():
    program = (
        "import sys; from sitrack.pathway.loading import load; "
        "found = load(sys.stdin.read()).calendar; "
        "print(len(found.holidays) > 24, 'holidays' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=clinic().text,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True False\n"


def test_holidays_are_named_alike_on_every_machine(monkeypatch):
    first = public_holidays.listed("DE", "BY", (2026, 2026))
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert public_holidays.listed("DE", "BY", (2026, 2026)) == first
    assert {"day": day("2026-12-25"), "name": "Christmas Day"} in first


def test_a_calendar_is_inherited_and_changed_key_by_key():
    base = clinic()
    next_one = "[calendar]\nyears = [2028, 2028]\nweekend = ['sunday']\n"
    mine = derivation.read(
        'derives = "north-2026.1"\nid = "north-2028.1"\ntitle = "Next"\n' + next_one,
        lambda _: base,
    ).calendar
    assert (mine.place, mine.years) == ("GB-ENG", (2028, 2028))
    assert mine.why_closed(day("2025-06-13")) == "staff day"
    assert mine.why_closed(day("2028-04-14")) == "Good Friday"
    assert mine.is_open(day("2025-04-21"))  # no longer listed
    assert mine.is_open(day("2025-04-19"))  # a Saturday


def test_another_country_does_not_keep_the_region_of_the_first():
    mine = derivation.read(
        'derives = "north-2026.1"\nid = "north-2028.1"\ntitle = "Next"\n'
        "[calendar]\ncountry = 'DE'\n",
        lambda _: clinic(),
    ).calendar
    assert mine.place == "DE"


def test_a_follow_up_may_count_in_business_days():
    mine = clinic(
        ENGLAND + "[[follow_ups]]\nid = 'REV-DUE'\noffset = '10bd'\n"
        "[[follow_ups]]\nid = 'CON-TRIAL'\noffset = '8w'\n"
        "[[follow_ups]]\nid = 'REL-CHECK'\noffset = '60bd'\nevery = '60bd'\n"
    )
    rules = {rule.id: rule for rule in mine.follow_ups}
    assert rules["REV-DUE"].offset == Duration(10, "bd")
    assert rules["CON-TRIAL"].offset == Duration(56, "d")
    assert rules["REL-CHECK"].every == Duration(60, "bd")


BAD_CALENDARS = [
    ("country = 'GB'", "calendar.years must be two years, such as [2026, 2035]"),
    ("country = 'GB'\nyears = [2026]", "calendar.years must be two years"),
    ("country = 'GB'\nyears = [2027, 2026]", "calendar.years must be two years"),
    ("country = 'GB'\nyears = [2026, 2076]", "at most 30 apart"),
    ("country = 'GB'\nyears = [true, 2026]", "calendar.years must be two years"),
    ("country = 'XX'\nyears = [2026, 2027]", "calendar.country 'XX' is not known"),
    ("country = 'gb'\nyears = [2026, 2027]", "such as GB"),
    (
        "country = 'GB'\nregion = 'EMG'\nyears = [2026, 2027]",
        "calendar.region 'EMG' is not known; such as ENG",
    ),
    ("country = 5\nyears = [2026, 2027]", "calendar.country must be a line of text"),
    ("region = 'ENG'", "calendar.country must be a line of text"),
    ("holidays = []", "calendar has an unknown key 'holidays'"),
    ("colour = 'red'", "calendar has an unknown key 'colour'"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_CALENDARS)
def test_a_calendar_that_cannot_be_is_refused_and_named(text, sentence):
    with pytest.raises(Unfit) as refusal:
        clinic(f"[calendar]\n{text}\n")
    assert sentence in refusal.value.faults[0]


BAD_DAYS = [
    ("weekend = ['saturn']", "calendar.weekend names 'saturn', no day"),
    ("weekend = 5", "calendar.weekend must be a list"),
    (
        f"weekend = {list(calendars.WEEKDAYS)}",
        "calendar.weekend leaves no day open",
    ),
    ("closed = [{ day = 2026-12-24 }]", "calendar.closed[0].name must be a line"),
    ("closed = [{ name = 'x' }]", "calendar.closed[0].day must be a date"),
    ("closed = [{ day = '2-30', name = 'x' }]", "a day of every year such as"),
    ("closed = [{ day = '02-30', name = 'x' }]", "a day of every year such as"),
    (
        "closed = [{ day = 2026-12-24T00:00:00, name = 'x' }]",
        "calendar.closed[0].day must be a date",
    ),
    (
        "closed = [{ day = 2026-12-24, until = 2026-12-23, name = 'x' }]",
        "calendar.closed[0].until must lie within a year",
    ),
    (
        "closed = [{ day = 2026-12-24, until = 2028-12-23, name = 'x' }]",
        "calendar.closed[0].until must lie within a year",
    ),
    (f"closed = {[{}] * 201}", "calendar.closed has over 200 rows"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_DAYS)
def test_closed_days_that_cannot_be_are_refused_and_named(text, sentence):
    with pytest.raises(BadInput) as refusal:
        clinic(f"[calendar]\n{text}\n")
    assert sentence in refusal.value.message


@pytest.mark.parametrize(
    ("offset", "sentence"),
    [
        ("'soon'", "CON-TRIAL.offset: 'soon' is no length of time"),
        ("'2601bd'", "CON-TRIAL.offset: '2601bd' is too long"),
        ("1.5", "CON-TRIAL.offset must be a whole number"),
        ("true", "CON-TRIAL.offset must be a whole number"),
    ],
)
def test_an_offset_that_cannot_be_is_refused_and_named(offset, sentence):
    with pytest.raises(BadInput) as refusal:
        clinic(f"[[follow_ups]]\nid = 'CON-TRIAL'\noffset = {offset}\n")
    assert sentence in refusal.value.message


def test_a_repeating_rule_counts_in_one_unit():
    with pytest.raises(BadInput, match=r"REL-CHECK\.every must count as its offset"):
        clinic("[[follow_ups]]\nid = 'REL-CHECK'\noffset = '60bd'\n")


def test_a_whole_file_writes_its_holidays_out_itself():
    text = shipped_text() + '\n[calendar]\ncountry = "GB"\nyears = [2026, 2027]\n'
    with pytest.raises(BadInput, match=r"calendar\.holidays and calendar\.country"):
        load(text)
