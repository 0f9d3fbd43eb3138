"""Nothing goes for a reason that has gone: every way it can end, and what is left of it.

A reminder is planned and written into the outbox; before it leaves, the stage is left,
a hold is set, consent is withdrawn, a death is recorded, or whatever else may happen.
"""

import datetime as dt
import functools

import pytest

from sitrack.coordination import consent
from sitrack.coordination.parking import change_status
from sitrack.journey import parking
from sitrack.reminders.plan import plan_round
from tests.clinic import RIVERA, settings_of

from .conftest import Memory, events, outbox, round_of

PHONE = "+442079460018"


@pytest.fixture
def settings(tmp_path):
    """Each reminder is a message of its own, so that one can end while another goes."""
    alone = {"reminders.digest": False, "reminders.most_per_person": 1000}
    return settings_of(tmp_path, **alone)


# --- what may happen to an episode


def answer(clinic, key):
    clinic.record(key, "diary", readings=("1h=2",), about=2)


def move_on(clinic, key):
    clinic.record(key, "diary", readings=("1h=6",), about=2)
    clinic.record(key, "score", nrs="8")
    clinic.advance(key, "re-evaluation")


def hold(clinic, key):
    decide = functools.partial(
        parking.hold, reason="pregnancy", review=dt.date(2025, 3, 31)
    )
    change_status(clinic.ledger, RIVERA, key, decide)


def lose(clinic, key):
    for channel in ("phone", "sms", "phone"):
        clinic.contact(key, "no-answer", channel)
    change_status(clinic.ledger, RIVERA, key, parking.lose)


def finish(clinic, key):
    clinic.advance(key, "closed", command="episode finish", reason="declined")


def told(outcome):
    return lambda clinic, key: clinic.contact(key, outcome)


ENDS = {
    "answered": (answer, "2025-01-07", "attended"),
    "stage left": (finish, "2025-01-07", "stage-left"),
    "held": (hold, "2025-01-07", "held"),
    "lost": (lose, "2025-03-04", "lost"),
    "died": (told("deceased"), "2025-01-07", "deceased"),
    "moved": (told("moved"), "2025-01-07", "moved"),
    "declined": (told("declined"), "2025-01-07", "declined"),
}
"""How it ends: what happens, on which day, and the reason that the row is left with."""


def two_due(clinic, day):
    """Two episodes whose diaries were due on 7 January, in the order of their rows."""
    keys = [clinic.injected("2025-01-06") for _ in range(2)]
    clinic.at(day)
    return keys


def rows_about(clinic, key):
    return outbox(clinic.ledger, episode=str(key))


@pytest.mark.complaint(5)
@pytest.mark.parametrize("how", ENDS)
def test_what_ends_while_another_message_goes_is_claimed_and_not_sent(
    clinic, settings, how
):
    act, day, reason = ENDS[how]
    _, second = two_due(clinic, day)
    once = iter([second])

    def end_the_second(_message):
        for key in once:
            act(clinic, key)

    channel = Memory(end_the_second)
    report = round_of(clinic, settings, channel)
    assert all(str(second) not in message.subject for message in channel.sent)
    rows = rows_about(clinic, second)
    assert {(row.status, row.last_error) for row in rows} == {("cancelled", reason)}
    suppressed = [each for each in report.happenings if each.outcome == "suppressed"]
    assert {(each.episode, each.reason) for each in suppressed} == {
        (str(second), reason)
    }
    said = [line[1:] for line in events(clinic.ledger) if line[0] == rows[0].id]
    assert said == [(1, "claimed", None), (1, "suppressed", reason)]


@pytest.mark.complaint(5)
@pytest.mark.parametrize("how", ENDS)
def test_what_ends_between_the_plan_and_the_run_is_never_claimed(clinic, settings, how):
    act, day, reason = ENDS[how]
    _, second = two_due(clinic, day)
    clinic.at(day, "06:00")
    round_of(clinic, settings, Memory())  # the rows wait for the morning
    planned = plan_round(clinic.ledger, settings, "file")
    assert "planned" in {e.outcome for e in planned if e.episode == str(second)}
    act(clinic, second)
    clinic.at(day, "09:00")
    channel = Memory()
    round_of(clinic, settings, channel)
    assert all(str(second) not in message.subject for message in channel.sent)
    old = [row for row in rows_about(clinic, second) if row.rule.startswith("INJ-")]
    assert {(row.status, row.last_error, row.attempts) for row in old} == {
        ("cancelled", reason, 0)
    }


def test_what_was_moved_on_has_reminders_of_its_new_stage_alone(clinic, settings):
    first, second = two_due(clinic, "2025-01-20")
    once = iter([second])

    def move_the_second_on(_message):
        for key in once:
            move_on(clinic, key)

    channel = Memory(move_the_second_on)
    round_of(clinic, settings, channel)
    assert {str(first) in message.subject for message in channel.sent} == {True}
    assert {row.last_error for row in rows_about(clinic, second)} == {"stage-left"}
    clinic.at("2025-02-03")
    round_of(clinic, settings, Memory())
    assert {
        (row.rule, row.status)
        for row in rows_about(clinic, second)
        if not row.rule.startswith("INJ-")
    } == {("REV-DUE", "done")}


# --- what keeps a message back that is still wanted


def consenting(clinic, day="2025-01-07", time="09:00"):
    key = clinic.injected("2025-01-06")
    consent.give(clinic.ledger, RIVERA, key.patient, "sms", PHONE)
    clinic.at(day, time)
    return key


def test_consent_that_is_withdrawn_between_the_plan_and_the_run_counts(
    clinic, settings
):
    key = consenting(clinic, time="06:00")
    to_patients = Memory(name="webhook")
    round_of(clinic, settings, Memory(), for_patients=to_patients)
    planned = plan_round(clinic.ledger, settings, "file", for_patients="webhook")
    assert (key.patient, "planned") in {(e.recipient, e.outcome) for e in planned}
    consent.withdraw(clinic.ledger, RIVERA, key.patient, "sms")
    clinic.at("2025-01-07", "10:00")
    report = round_of(clinic, settings, Memory(), for_patients=to_patients)
    assert to_patients.sent == []
    [row] = outbox(clinic.ledger, recipient=key.patient)
    assert (row.status, row.last_error) == ("cancelled", "consent")
    assert report.count("suppressed") == 1


def test_the_wrong_hour_and_a_full_day_make_it_wait_and_say_why(clinic, tmp_path):
    settings = settings_of(
        tmp_path, **{"reminders.digest": False, "reminders.most_per_person": 1}
    )
    first, second = two_due(clinic, "2025-01-07")
    clinic.at("2025-01-07", "17:59")

    def dawdle(_message):
        clinic.at("2025-01-07", "18:01")

    round_of(clinic, settings, Memory(dawdle))
    [row] = rows_about(clinic, second)
    assert (row.status, row.last_error) == ("open", "quiet")
    clinic.at("2025-01-08")
    third = clinic.injected("2025-01-07")
    clinic.at("2025-01-08")
    round_of(clinic, settings, Memory())
    [row] = rows_about(clinic, third)
    assert (row.status, row.last_error) == ("open", "cap")
    assert [row.status for row in rows_about(clinic, first)] == ["done"]


def test_past_midnight_the_messages_of_the_new_day_are_counted(clinic, tmp_path):
    """A round that began the day before knows which day it is when it looks again."""
    always = {"reminders.from_time": "00:00", "reminders.until_time": "00:00"}
    alone = {"reminders.digest": False, "reminders.most_per_person": 1}
    settings = settings_of(tmp_path, **always, **alone)
    first, second = two_due(clinic, "2025-01-07")
    clinic.at("2025-01-07", "23:59")

    def dawdle(_message):
        clinic.at("2025-01-08", "00:01")

    round_of(clinic, settings, Memory(dawdle))
    assert [row.status for row in rows_about(clinic, first)] == ["done"]
    [row] = rows_about(clinic, second)
    assert (row.status, row.last_error) == ("open", "cap")
    assert clinic.ledger.clock() < row.next_at


# --- one row each


def test_every_candidate_leaves_one_row_whatever_became_of_it(clinic, settings):
    keys = [clinic.injected("2025-01-06") for _ in range(len(ENDS))]
    keys.append(consenting(clinic))
    for (act, day, _), key in zip(ENDS.values(), keys, strict=False):
        clinic.at("2025-01-07")
        if day == "2025-01-07":
            act(clinic, key)
    for _ in range(5):
        for day in ("2025-01-07", "2025-01-08", "2025-01-20"):
            clinic.at(day)
            round_of(clinic, settings, Memory(), for_patients=Memory(name="webhook"))
    rows = outbox(clinic.ledger)
    names = [
        (
            *row[1:6],
            row.recipient,
            row.channel,
        )  # episode, visit, rule, occurrence, step
        for row in rows
    ]
    assert len(names) == len(set(names))
    assert all(row.status == "done" or row.last_error for row in rows)
