"""The list of the day: bands, what acts first, what is hidden, and its order."""

import datetime as dt

import pytest

from sitrack.coordination.parking import change_status
from sitrack.journey import parking
from sitrack.pathway.calendar import Calendar
from sitrack.record import worklist_queries as queries
from sitrack.record.bands import Bands
from sitrack.record.ledger import reading
from sitrack.record.worklist import HIDDEN, Wish, listing, who_waits
from tests.clinic import RIVERA, Clinic, driver

MONDAY = dt.date(2025, 6, 16)


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def rows(ledger, **wish):
    return {row.episode: row for row in who_waits(ledger, Wish(**wish)).rows}


def test_a_long_list_is_joined_and_not_looked_through_for_each_episode(
    postgresql_ledger,
):
    """PostgreSQL does so with a list in a condition among others, once it is too long.

    A country's worklist took more than the minute that a statement may take.
    """
    asked = queries.NOT_QUIET.params(day=MONDAY, gone=["nobody"])
    with reading(postgresql_ledger) as connection:
        text = asked.compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        plan = connection.exec_driver_sql(f"EXPLAIN {text}").scalars().all()
    assert any("Join" in line or "Nested Loop" in line for line in plan)
    assert not [line for line in plan if "SubPlan" in line]


# --- bands


@pytest.mark.parametrize(
    ("due", "band", "days"),
    [
        ("2025-06-17", "S", 1),
        ("2025-06-23", "S", 5),
        ("2025-06-16", "D", 0),
        ("2025-06-15", "D", -1),  # a Sunday: the Monday is one business day on
        ("2025-06-13", "D", -1),
        ("2025-05-27", "D", -14),
        ("2025-05-26", "O", -15),
        ("2025-03-24", "O", -60),
        ("2025-03-21", "L", -61),
    ],
)
def test_a_due_day_stands_in_its_band_by_business_days(due, band, days):
    bands = Bands(MONDAY, Calendar())
    day = dt.date.fromisoformat(due)
    assert (bands.band(day), bands.ahead(day)) == (band, days)


def test_a_holiday_is_no_business_day_of_lateness():
    closed = {dt.date(2025, 5, 26): "Spring bank holiday"}
    bands = Bands(MONDAY, Calendar(closed=closed))
    assert bands.band(dt.date(2025, 5, 23)) == "O"
    assert bands.ahead(dt.date(2025, 5, 23)) == -15
    assert Bands(MONDAY, Calendar()).ahead(dt.date(2025, 5, 23)) == -16


# --- what acts first


def test_an_episode_without_a_coordinator_acts_first(clinic):
    clinic.at("2025-01-06")
    alone = clinic.opened()
    with driver(clinic.ledger) as sql:
        sql("UPDATE episode SET coordinator = NULL WHERE key = ?", str(alone))
    row = rows(clinic.ledger)[str(alone)]
    assert (row.band, row.alert, row.title) == ("!", "nobody", "nobody coordinates it")


def test_an_active_episode_with_nothing_due_acts_first(clinic):
    key = clinic.walked()
    with driver(clinic.ledger) as sql:
        sql("DELETE FROM agenda WHERE episode = ?", str(key))
    row = rows(clinic.ledger)[str(key)]
    assert (row.band, row.alert, row.due) == ("!", "nothing-due", None)


def test_a_red_flag_acts_first_until_the_patient_is_referred(clinic):
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=7",))
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="8")
    clinic.advance(key, "re-evaluation")
    screens = {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"}
    clinic.record(key, "screen", **screens, red_flags="infection")
    assert rows(clinic.ledger)[str(key)].alert == "red-flag"
    clinic.advance(key, "referred-out", reason="infection-oncology")
    assert rows(clinic.ledger).get(str(key)) is None


def test_a_hold_past_its_review_acts_first(clinic):
    key = clinic.walked()
    review = dt.date(2025, 2, 20)
    change_status(
        clinic.ledger,
        RIVERA,
        key,
        lambda asked: parking.hold(asked, "pregnancy", review),
    )
    clinic.at("2025-02-20")
    assert rows(clinic.ledger)[str(key)].band == "D"
    clinic.at("2025-02-21")
    row = rows(clinic.ledger)[str(key)]
    assert (row.band, row.alert) == ("!", "hold-past-review")


def test_a_contact_that_ended_care_stays_on_top_until_it_is_finished(clinic):
    key = clinic.walked()
    clinic.record(key, "contact", outcome="moved", channel="phone")
    row = rows(clinic.ledger)[str(key)]
    assert (row.band, row.alert, row.title) == ("!", "moved", "finish or clear: moved")
    clinic.advance(key, "closed", command="episode finish", reason="transferred")
    assert rows(clinic.ledger) == {}


# --- what is hidden


def test_what_is_hidden_is_counted_by_its_reason_and_shown_on_request(clinic):
    quiet = clinic.walked()
    found = who_waits(clinic.ledger)
    assert (found.rows, found.hidden["not_due"]) == ([], 1)
    row = rows(clinic.ledger, shows=frozenset(HIDDEN))[str(quiet)]
    assert (row.hidden, row.due) == ("not_due", dt.date(2025, 2, 27))


def test_a_lapse_of_more_than_sixty_business_days_has_a_view_of_its_own(clinic):
    key = clinic.walked()
    clinic.at("2025-07-24")  # its latest line was due on 24 April
    found = who_waits(clinic.ledger)
    assert (found.rows, found.hidden["lapsed"]) == ([], 1)
    assert list(rows(clinic.ledger, only="lapsed")) == [str(key)]
    clinic.at("2025-07-17")
    assert rows(clinic.ledger)[str(key)].band == "O"


def test_only_what_came_onto_the_list_since_a_day_is_shown(clinic):
    key = clinic.injected("2025-01-06")  # its diary is due on the 7th
    clinic.at("2025-01-13")
    assert str(key) in rows(clinic.ledger)
    since = dt.date(2025, 1, 1)
    assert rows(clinic.ledger, since=since) == {}
    assert str(key) in rows(clinic.ledger, since=dt.date(2024, 12, 30))


# --- order


def test_fresh_lapses_stand_before_old_ones_and_ties_by_the_key(clinic):
    for day in ("2025-01-06", "2025-01-10", "2025-01-06"):
        clinic.injected(day)
    clinic.at("2025-01-22")
    found = who_waits(clinic.ledger)
    assert [row.band for row in found.rows] == ["D", "D", "D"]
    days = [row.days for row in found.rows]
    assert days == sorted(days, reverse=True)
    assert found.rows[1].episode < found.rows[2].episode
    shuffled = listing(list(reversed(found.rows)), Wish(), found.day)
    assert shuffled.rows == found.rows


def test_what_acts_first_stands_by_its_day_and_what_has_none_last(clinic):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-22")
    found = who_waits(clinic.ledger)
    days = (dt.date(2025, 1, 20), dt.date(2025, 2, 20), None)
    wanted = [found.rows[0]._replace(band="!", due=day) for day in days]
    assert listing(reversed(wanted), Wish(), found.day).rows == wanted
