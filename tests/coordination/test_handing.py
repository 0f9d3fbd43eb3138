"""Who answers for an episode: teams, queues, claims, hand-offs, and who is away."""

import datetime as dt

import pytest

from sitrack.coordination import handing, teams
from sitrack.coordination.people import Author, add_staff, retire_staff
from sitrack.coordination.undo import undo
from sitrack.errors import BadInput, NotFound, NotPermitted, WrittenFirst
from sitrack.journey.findings import Refused
from sitrack.record import history
from sitrack.record.duty import Absence
from sitrack.record.filters import Asker, read_filter
from sitrack.record.ledger import reading
from sitrack.record.staff import Staff
from sitrack.record.worklist import HIDDEN, Wish, who_waits
from tests.clinic import RIVERA, Clinic, codes_of

OSEI, OKAFOR, SATO = (Author(name, "account") for name in ("osei", "okafor", "sato"))


@pytest.fixture
def clinic(ledger):
    """Rivera, Osei, Okafor and Sato; Okafor leads the team spine, with Sato."""
    made = Clinic(ledger)
    for name in ("okafor", "sato"):
        add_staff(ledger, RIVERA, Staff(name, "coordinator", f"{name}@clinic.example"))
    teams.add_team(
        ledger, RIVERA, "spine", teams.TeamChange("okafor", ("sato",), (), None)
    )
    return made


def row_of(clinic, key, *words, me="rivera", day=None):
    """The line of an episode on the worklist, hidden or not; None if none fits."""
    asker = Asker(me, clinic.ledger.clock().date())
    wish = Wish(shows=frozenset(HIDDEN), fits=read_filter(words, asker))
    found = {row.episode: row for row in who_waits(clinic.ledger, wish, day).rows}
    return found.get(str(key))


def episode(clinic, key, **when):
    with reading(clinic.ledger) as connection:
        return history.episode_at(connection, clinic.ledger, key, **when)


# --- assigning


def test_an_episode_is_named_to_somebody_else(clinic):
    key = clinic.opened()
    [done] = handing.assign(clinic.ledger, RIVERA, [key], "okafor")
    assert (done.entry.kind, done.episode.coordinator) == ("assigned", "okafor")
    assert row_of(clinic, key, "owner:okafor") is not None
    assert row_of(clinic, key, "owner:me") is None
    assert codes_of(clinic.ledger) == set()


def test_several_at_once_are_one_unit_of_undo(clinic):
    keys = [clinic.opened() for _ in range(3)]
    done = handing.assign(clinic.ledger, RIVERA, keys, "okafor")
    assert len({each.entry.batch for each in done}) == 1
    undo(clinic.ledger, RIVERA, None)
    assert {episode(clinic, key).coordinator for key in keys} == {"rivera"}
    assert codes_of(clinic.ledger) == set()


def test_of_several_all_are_assigned_or_none(clinic):
    key, other = clinic.opened(), clinic.opened()
    clinic.advance(other, "closed", command="episode finish", reason="opened-in-error")
    with pytest.raises(Refused, match="nobody can be given"):
        handing.assign(clinic.ledger, RIVERA, [key, other], "okafor")
    assert episode(clinic, key).version == 1


def test_who_answered_on_a_day_is_known_for_ever(clinic):
    key = clinic.opened()
    clinic.at("2025-01-08")
    handing.assign(clinic.ledger, RIVERA, [key], "okafor")
    clinic.at("2025-01-10")
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    days = (dt.date(2025, 1, day) for day in (7, 8, 9, 10))
    then = [episode(clinic, key, as_of=day) for day in days]
    assert [each.coordinator for each in then] == ["rivera", "okafor", "okafor", None]
    assert [each.team for each in then] == [None, None, None, "spine"]
    past = row_of(clinic, key, day=dt.date(2025, 1, 9))
    assert (past.owner, past.team) == ("okafor", None)


def test_nobody_is_given_what_is_theirs(clinic):
    key = clinic.opened()
    with pytest.raises(BadInput, match="is rivera's already"):
        handing.assign(clinic.ledger, RIVERA, [key], "rivera")


@pytest.mark.parametrize(
    ("to", "error"), [("nobody-here", NotFound), ("ledger", NotFound)]
)
def test_only_people_and_teams_are_given_anything(clinic, to, error):
    with pytest.raises(error, match="not on the staff list"):
        handing.assign(clinic.ledger, RIVERA, [clinic.opened()], to)


def test_an_auditor_looks_after_no_episode(clinic):
    add_staff(clinic.ledger, RIVERA, Staff("adler", "auditor", None))
    with pytest.raises(BadInput, match="coordinators and clinicians"):
        handing.assign(clinic.ledger, RIVERA, [clinic.opened()], "adler")


# --- queues


def test_what_is_assigned_to_a_team_waits_in_its_queue_and_is_nobodys_alert(clinic):
    key = clinic.opened()
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    row = row_of(clinic, key, "team:spine", "owner:none")
    assert (row.owner, row.team, row.alert) == (None, "spine", None)


def test_an_episode_may_begin_in_a_queue(clinic):
    key = clinic.opened(coordinator="spine")
    row = row_of(clinic, key, "team:spine", "owner:none")
    assert (row.coordinator, row.alert) == (None, None)
    assert codes_of(clinic.ledger) == set()


def test_a_member_claims_it_and_it_stays_the_teams(clinic):
    key = clinic.opened()
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    done = handing.claim(clinic.ledger, SATO, key)
    assert (done.episode.coordinator, done.episode.team) == ("sato", "spine")
    undo(clinic.ledger, SATO, None)
    assert episode(clinic, key).coordinator is None
    assert codes_of(clinic.ledger) == set()


def test_who_comes_second_is_told_who_has_it(clinic):
    key = clinic.opened()
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    handing.claim(clinic.ledger, SATO, key)
    with pytest.raises(WrittenFirst, match=f"{key} is sato's"):
        handing.claim(clinic.ledger, OKAFOR, key)
    with pytest.raises(BadInput, match="yours already"):
        handing.claim(clinic.ledger, SATO, key)


def test_nobody_claims_from_the_queue_of_another_team(clinic):
    key = clinic.opened()
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    with pytest.raises(NotPermitted, match="rivera is not in that team"):
        handing.claim(clinic.ledger, RIVERA, key)


def test_what_is_nobodys_stands_in_the_first_band_until_somebody_claims_it(clinic):
    key = clinic.opened(coordinator="okafor")
    teams.set_absence(
        clinic.ledger,
        RIVERA,
        Absence("okafor", *span("2025-01-06", "2025-01-10"), None),
    )
    row = row_of(clinic, key)
    assert (row.band, row.alert, row.owner) == ("!", "coordinator-away", None)
    handing.claim(clinic.ledger, RIVERA, key)
    assert row_of(clinic, key).alert is None


# --- hand-offs


def test_until_it_is_accepted_the_giver_answers(clinic):
    key = clinic.opened()
    done = handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "absence")
    assert done.episode.coordinator == "rivera"
    assert row_of(clinic, key, "offered:okafor").owner == "rivera"
    clinic.at("2025-01-07")
    after = handing.answer(clinic.ledger, OKAFOR, key)
    assert (after.episode.coordinator, after.episode.offer) == ("okafor", None)
    assert row_of(clinic, key, "offered:okafor") is None
    before = episode(clinic, key, as_of=dt.date(2025, 1, 6))
    assert (before.coordinator, before.offer.to) == ("rivera", "okafor")
    assert codes_of(clinic.ledger) == set()


def test_what_is_declined_stays_with_the_giver(clinic):
    key = clinic.opened()
    handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "workload")
    after = handing.answer(clinic.ledger, OKAFOR, key, "not-mine")
    assert (after.episode.coordinator, after.episode.offer) == ("rivera", None)


def test_who_is_asked_sees_it_on_their_own_list_though_nothing_is_due(clinic):
    key = clinic.opened()
    handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "absence")
    lists = {
        name: who_waits(clinic.ledger, Wish(me=name, **more))
        for name, more in (
            ("okafor", {}),
            ("sato", {}),
            ("rivera", {"owner": "rivera"}),
        )
    }
    [asked] = lists["okafor"].rows
    assert (asked.rule, asked.title) == ("handoff-offered", "accept or decline it")
    assert lists["okafor"].hidden["not_due"] == 0
    assert [lists[name].rows for name in ("sato", "rivera")] == [[], []]
    assert lists["sato"].hidden["not_due"] == 1
    [mine] = who_waits(clinic.ledger, Wish(owner="okafor", me="okafor")).rows
    assert mine.episode == str(key)


def test_an_answer_that_does_not_come_stands_in_the_first_band(clinic):
    key = clinic.opened()
    handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "absence")  # a Monday
    clinic.at("2025-01-09")
    assert row_of(clinic, key).alert is None
    clinic.at("2025-01-10")
    row = row_of(clinic, key)
    assert (row.band, row.alert, row.owner) == ("!", "handoff-not-answered", "rivera")
    # Lateness takes nobody's right to answer.
    assert handing.answer(clinic.ledger, OKAFOR, key).episode.coordinator == "okafor"
    assert row_of(clinic, key).alert is None


def test_only_who_was_asked_answers_and_only_once(clinic):
    key = clinic.opened()
    with pytest.raises(NotFound, match="no hand-off"):
        handing.answer(clinic.ledger, OKAFOR, key)
    handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "absence")
    with pytest.raises(NotPermitted, match="asks okafor"):
        handing.answer(clinic.ledger, SATO, key)
    handing.answer(clinic.ledger, OKAFOR, key)
    with pytest.raises(NotFound, match="no hand-off"):
        handing.answer(clinic.ledger, OKAFOR, key)


def test_only_who_answers_hands_over_and_one_at_a_time(clinic):
    key = clinic.opened()
    with pytest.raises(NotPermitted, match="rivera's, and not sato's"):
        handing.hand_off(clinic.ledger, SATO, key, "okafor", "absence")
    handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "absence")
    with pytest.raises(WrittenFirst, match="waits for okafor"):
        handing.hand_off(clinic.ledger, RIVERA, key, "sato", "absence")


def test_a_handoff_that_was_accepted_is_not_pulled_away_under_the_answer(clinic):
    key = clinic.opened()
    offered = handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "absence")
    handing.answer(clinic.ledger, OKAFOR, key)
    with pytest.raises(Exception, match="follow from nothing"):
        undo(clinic.ledger, RIVERA, offered.entry.batch)
    undo(clinic.ledger, OKAFOR, None)
    again = episode(clinic, key)
    assert (again.coordinator, again.offer.to) == ("rivera", "okafor")
    undo(clinic.ledger, RIVERA, offered.entry.batch)
    assert episode(clinic, key).offer is None
    assert codes_of(clinic.ledger) == set()


def test_naming_somebody_ends_what_waits_for_an_answer(clinic):
    key = clinic.opened()
    handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "absence")
    handing.assign(clinic.ledger, RIVERA, [key], "sato")
    with pytest.raises(NotFound, match="no hand-off"):
        handing.answer(clinic.ledger, OKAFOR, key)


# --- absences


def span(first, last):
    return dt.date.fromisoformat(first), dt.date.fromisoformat(last)


def test_during_an_absence_the_cover_answers_and_nobody_after_it(clinic):
    key = clinic.opened()
    away = Absence("rivera", *span("2025-01-08", "2025-01-10"), "okafor")
    teams.set_absence(clinic.ledger, RIVERA, away)
    for day, owner in ((7, "rivera"), (8, "okafor"), (10, "okafor"), (11, "rivera")):
        clinic.at(f"2025-01-{day:02}")
        row = row_of(clinic, key)
        assert (row.owner, row.coordinator, row.alert) == (owner, "rivera", None)
    assert row_of(clinic, key, day=dt.date(2025, 1, 9)).owner == "okafor"


def test_a_cover_who_is_away_is_covered_in_turn_but_never_in_a_circle(clinic):
    key = clinic.opened()
    week = span("2025-01-06", "2025-01-10")
    teams.set_absence(clinic.ledger, RIVERA, Absence("rivera", *week, "okafor"))
    teams.set_absence(clinic.ledger, RIVERA, Absence("okafor", *week, "sato"))
    assert row_of(clinic, key).owner == "sato"
    teams.set_absence(clinic.ledger, RIVERA, Absence("sato", *week, "rivera"))
    row = row_of(clinic, key)
    assert (row.owner, row.alert) == (None, "coordinator-away")


def test_an_absence_that_another_one_replaces_is_listed_no_more(clinic):
    def away(first, last, cover):
        absence = Absence("rivera", *span(first, last), cover)
        teams.set_absence(clinic.ledger, RIVERA, absence)
        _, found = teams.all_absences(clinic.ledger)
        return [(f"{each.since:%d}-{each.until:%d}", each.cover) for each in found]

    assert away("2025-01-08", "2025-01-14", "okafor") == [("08-14", "okafor")]
    assert away("2025-01-08", "2025-01-14", "sato") == [("08-14", "sato")]
    both = [("08-14", "sato"), ("10-15", "okafor")]
    assert away("2025-01-10", "2025-01-15", "okafor") == both
    clinic.at("2025-01-10")
    _, left = teams.all_absences(clinic.ledger)
    assert [each.cover for each in left] == ["okafor"]
    assert away("2025-01-10", "2025-01-16", None) == [("10-16", None)]
    teams.end_absence(clinic.ledger, RIVERA, "rivera")
    assert teams.all_absences(clinic.ledger)[1] == []


def test_who_comes_back_early_answers_again(clinic):
    key = clinic.opened()
    away = Absence("rivera", *span("2025-01-06", "2025-01-20"), "okafor")
    teams.set_absence(clinic.ledger, RIVERA, away)
    clinic.at("2025-01-08")
    teams.end_absence(clinic.ledger, RIVERA, "rivera")
    assert row_of(clinic, key).owner == "rivera"
    known = clinic.ledger.clock() - dt.timedelta(hours=1)
    then = who_waits(
        clinic.ledger, Wish(shows=frozenset(HIDDEN)), dt.date(2025, 1, 8), known
    )
    assert [row.owner for row in then.rows] == ["okafor"]
    with pytest.raises(NotFound, match="not away"):
        teams.end_absence(clinic.ledger, RIVERA, "rivera")


def test_without_a_cover_it_waits_in_the_teams_queue(clinic):
    key = clinic.opened()
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    handing.claim(clinic.ledger, SATO, key)
    week = span("2025-01-06", "2025-01-10")
    teams.set_absence(clinic.ledger, RIVERA, Absence("sato", *week, None))
    row = row_of(clinic, key, "team:spine", "owner:none")
    assert (row.alert, row.coordinator) == (None, "sato")
    assert handing.claim(clinic.ledger, OKAFOR, key).episode.coordinator == "okafor"


def test_an_absence_says_what_nobody_answers_for_meanwhile(clinic):
    week = span("2025-01-06", "2025-01-10")
    for _ in range(2):
        clinic.opened(coordinator="sato")
    clinic.opened(coordinator="okafor")
    queued = clinic.opened()
    handing.assign(clinic.ledger, RIVERA, [queued], "spine")
    handing.claim(clinic.ledger, SATO, queued)

    def left(who, cover, *, dry_run=False):
        away = Absence(who, *week, cover)
        answer = teams.set_absence(clinic.ledger, RIVERA, away, dry_run=dry_run)
        return tuple(answer[1])

    assert left("sato", None, dry_run=True) == (2, 1)
    assert left("sato", "okafor") == (0, 0)
    assert left("okafor", None, dry_run=True) == (3, 1), "what they covered as well"
    assert left("okafor", "rivera") == (0, 0)
    assert left("rivera", "sato", dry_run=True) == (3, 1), "round in a circle"
    assert left("sato", None) == (2, 1)


def test_the_list_of_the_morning_has_them_and_counts_the_others(clinic):
    away, there = clinic.opened(coordinator="sato"), clinic.opened()
    offered = clinic.opened()
    handing.hand_off(clinic.ledger, RIVERA, offered, "okafor", "absence")
    week = span("2025-01-06", "2025-01-10")
    for cover in ("okafor", None):
        teams.set_absence(clinic.ledger, RIVERA, Absence("sato", *week, cover))
        plain = who_waits(clinic.ledger)
        asked = who_waits(clinic.ledger, Wish(fits=lambda _row: True))
        assert (plain.rows, plain.hidden) == (asked.rows, asked.hidden)
        alerts = {row.episode: row.alert for row in plain.rows}
        assert alerts == ({} if cover else {str(away): "coordinator-away"})
        assert plain.hidden["not_due"] == 3 - len(alerts)
    assert str(there) not in alerts


def test_what_is_left_by_who_retires_stands_in_the_first_band(clinic):
    key, queued = clinic.opened(coordinator="sato"), clinic.opened()
    handing.assign(clinic.ledger, RIVERA, [queued], "spine")
    handing.claim(clinic.ledger, SATO, queued)
    week = span("2025-01-06", "2025-01-10")
    teams.set_absence(clinic.ledger, RIVERA, Absence("sato", *week, "okafor"))
    clinic.at("2025-01-08")
    retire_staff(clinic.ledger, RIVERA, "sato")
    row = row_of(clinic, key)
    assert (row.band, row.alert, row.owner) == ("!", "coordinator-gone", None)
    assert row_of(clinic, queued, "team:spine", "owner:none").alert is None
    assert row_of(clinic, key, day=dt.date(2025, 1, 7)).owner == "okafor"
    with pytest.raises(NotFound, match="not on the staff list"):
        handing.assign(clinic.ledger, RIVERA, [key], "sato")
    teams.end_absence(clinic.ledger, RIVERA, "sato")
    assert row_of(clinic, key).alert == "coordinator-gone"
    with pytest.raises(NotFound, match="not away"):
        teams.end_absence(clinic.ledger, RIVERA, "sato")
    assert handing.claim(clinic.ledger, RIVERA, key).episode.coordinator == "rivera"


@pytest.mark.parametrize(
    ("first", "last", "cover"),
    [
        ("2025-01-08", "2025-01-07", None),
        ("2024-12-01", "2025-01-05", None),
        ("2025-01-06", "2027-02-01", None),
        ("2025-01-06", "2025-01-07", "rivera"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(clinic, first, last, cover):
    with pytest.raises(BadInput):
        teams.set_absence(
            clinic.ledger, RIVERA, Absence("rivera", *span(first, last), cover)
        )


# --- teams


def test_people_join_and_leave_a_team(clinic):
    change = teams.TeamChange(lead="sato", join=("osei",), leave=("okafor",))
    team, entry = teams.change_team(clinic.ledger, RIVERA, "spine", change)
    assert (team.lead, team.members) == ("sato", {"sato", "osei"})
    assert entry.kind == "team-changed"
    _, [listed] = teams.all_teams(clinic.ledger)
    assert listed == team


@pytest.mark.parametrize("name", ["Spine Team", "none", "rivera", "spine"])
def test_a_team_has_a_name_of_its_own(clinic, name):
    with pytest.raises(BadInput):
        teams.add_team(clinic.ledger, RIVERA, name, teams.TeamChange())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (teams.TeamChange(), BadInput),
        (teams.TeamChange(join=("kim",)), NotFound),
        (teams.TeamChange(leave=("osei",)), NotFound),
        (teams.TeamChange(leave=("okafor",)), BadInput),
        (teams.TeamChange(address="no address"), BadInput),
    ],
)
def test_a_change_that_cannot_be_is_refused(clinic, change, error):
    with pytest.raises(error):
        teams.change_team(clinic.ledger, RIVERA, "spine", change)
