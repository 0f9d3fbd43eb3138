"""To whom a reminder goes: coordinator or cover, the team, its lead, the clinic."""

import datetime as dt

import pytest

from sitrack.coordination import handing, teams
from sitrack.coordination.people import Author, add_staff
from sitrack.coordination.teams import TeamChange
from sitrack.coordination.undo import undo
from sitrack.record.duty import Absence
from sitrack.record.staff import Staff
from sitrack.reminders.plan import plan_round
from tests.clinic import RIVERA, settings_of

from .conftest import Memory, events, outbox, round_of

OKAFOR = Author("okafor", "account")
SPINE = "spine@clinic.example"


@pytest.fixture
def clinic(clinic):
    """Rivera and Okafor, who leads the team spine."""
    member = Staff("okafor", "coordinator", "okafor@clinic.example")
    add_staff(clinic.ledger, RIVERA, member)
    teams.add_team(clinic.ledger, RIVERA, "spine", TeamChange("okafor", (), (), SPINE))
    return clinic


def sent_to(clinic, settings):
    """Where the messages of one round went."""
    channel = Memory(name="email")
    round_of(clinic, settings, channel)
    return sorted(each.recipient_address for each in channel.sent)


def away(clinic, since, until, cover):
    days = (dt.date.fromisoformat(each) for each in (since, until))
    teams.set_absence(clinic.ledger, RIVERA, Absence("rivera", *days, cover))


def test_what_waits_in_a_queue_goes_to_the_team(clinic, settings):
    key = clinic.injected()
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == [SPINE]
    assert {row.recipient for row in outbox(clinic.ledger)} == {"spine"}


def test_a_team_without_an_address_is_stood_in_for_by_the_clinic(clinic, settings):
    teams.add_team(clinic.ledger, RIVERA, "hips", TeamChange("okafor"))
    key = clinic.injected()
    handing.assign(clinic.ledger, RIVERA, [key], "hips")
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["desk@clinic.example"]


def test_who_claimed_it_is_reminded_and_the_team_no_more(clinic, settings):
    key = clinic.injected()
    handing.assign(clinic.ledger, RIVERA, [key], "spine")
    handing.claim(clinic.ledger, OKAFOR, key)
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["okafor@clinic.example"]


def test_the_cover_is_reminded_during_an_absence(clinic, settings):
    clinic.injected()
    away(clinic, "2025-01-07", "2025-01-10", "okafor")
    clinic.at("2025-01-07")
    [planned] = plan_round(clinic.ledger, settings, "email")
    assert planned.recipient == "okafor"
    assert sent_to(clinic, settings) == ["okafor@clinic.example"]


def test_without_a_cover_the_clinic_is(clinic, settings):
    clinic.injected()
    away(clinic, "2025-01-07", "2025-01-10", None)
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["desk@clinic.example"]


def test_what_was_made_before_somebody_went_goes_to_the_cover_too(clinic, settings):
    clinic.injected()
    clinic.at("2025-01-07", "06:00")
    assert sent_to(clinic, settings) == []  # too early in the morning
    [row] = outbox(clinic.ledger)
    assert (row.recipient, row.status) == ("rivera", "open")
    away(clinic, "2025-01-07", "2025-01-10", "okafor")
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["okafor@clinic.example"]


def test_what_was_not_sent_yet_follows_the_episode(clinic, settings):
    key = clinic.injected()
    clinic.at("2025-01-07", "06:00")
    sent_to(clinic, settings)
    handing.assign(clinic.ledger, RIVERA, [key], "okafor")
    [row] = outbox(clinic.ledger)
    assert (row.status, row.last_error) == ("cancelled", "reassigned")
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["okafor@clinic.example"]
    assert sent_to(clinic, settings) == []


def test_what_is_given_away_while_another_goes_is_not_sent_to_who_had_it(
    clinic, tmp_path
):
    one_by_one = settings_of(tmp_path, **{"reminders.digest": False})
    first, second = clinic.injected(), clinic.injected()
    clinic.at("2025-01-07")
    once = iter([second])

    def give_away(_message):
        for key in once:
            handing.assign(clinic.ledger, RIVERA, [key], "okafor")

    channel = Memory(give_away, name="email")
    report = round_of(clinic, one_by_one, channel)
    assert [str(first) in each.subject for each in channel.sent] == [True]
    told = [(each.episode, each.reason) for each in report.happenings]
    assert (str(second), "reassigned") in told
    [row] = outbox(clinic.ledger, episode=str(second))
    said = [line[1:] for line in events(clinic.ledger) if line[0] == row.id]
    assert said == [(1, "claimed", None), (1, "suppressed", "reassigned")]
    assert sent_to(clinic, one_by_one) == ["okafor@clinic.example"]


def test_and_comes_back_with_it(clinic, settings):
    key = clinic.injected()
    clinic.at("2025-01-07", "06:00")
    sent_to(clinic, settings)
    handing.assign(clinic.ledger, RIVERA, [key], "okafor")
    undo(clinic.ledger, RIVERA, None)
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["rivera@clinic.example"]


def test_what_was_sent_is_not_sent_again_to_who_comes_after(clinic, settings):
    key = clinic.injected()
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["rivera@clinic.example"]
    handing.assign(clinic.ledger, RIVERA, [key], "okafor")
    assert sent_to(clinic, settings) == []


def test_until_a_handoff_is_accepted_the_giver_is_reminded(clinic, settings):
    key = clinic.injected()
    handing.hand_off(clinic.ledger, RIVERA, key, "okafor", "workload")
    clinic.at("2025-01-07")
    assert sent_to(clinic, settings) == ["rivera@clinic.example"]


def test_an_escalation_goes_to_the_lead_of_the_team(clinic, tmp_path):
    told = settings_of(tmp_path, **{"clinic.lead_address": "lead@clinic.example"})
    ours, theirs = clinic.injected(), clinic.injected()
    handing.assign(clinic.ledger, RIVERA, [ours], "spine")
    clinic.at("2025-03-03")
    channel = Memory(name="email")
    round_of(clinic, told, channel)
    lead = {
        row.episode: row.status
        for row in outbox(clinic.ledger)
        if row.recipient == "lead"
    }
    assert lead == {str(ours): "done", str(theirs): "done"}
    alone = [each for each in channel.sent if str(ours) in each.subject]
    assert {each.recipient_address for each in alone} == {"okafor@clinic.example"}
    others = [each for each in channel.sent if str(theirs) in each.subject]
    assert {each.recipient_address for each in others} == {"lead@clinic.example"}
