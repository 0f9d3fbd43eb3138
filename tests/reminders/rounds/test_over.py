"""No reminder goes for what is over, and what comes back comes back once."""

import pytest

from tests.reminders.conftest import Memory

from .outbox import lines_of, make, outcomes, rows_of, set_status, step_of, two_due

# --- no reminder for what is over


@pytest.mark.parametrize("how", ["answered", "stage left"])
def test_what_ends_between_claim_and_send_is_not_sent(clinic, go, how):
    first, second = two_due(clinic)

    def end_the_second(message):
        if how == "answered":
            clinic.record(second, "diary", readings=("1h=2",), about=2)
        else:
            clinic.record(second, "score", nrs="7")
            clinic.record(second, "diary", readings=("1h=6",), about=2)
            clinic.at("2025-01-20")
            clinic.record(second, "score", nrs="8")
            clinic.advance(second, "re-evaluation")

    channel = Memory(end_the_second)
    report = go(channel)
    assert len(channel.sent) == 1
    assert str(first) in channel.sent[0].subject
    assert outcomes(report, "suppressed") == [("INJ-DIARY", "notice", "suppressed")]
    [row] = rows_of(clinic.ledger, episode=str(second))
    assert row.status == "cancelled"
    assert [line[:2] for line in lines_of(clinic.ledger, row.id)] == [
        (1, "claimed"),
        (1, "suppressed"),
    ]


def test_what_ends_before_the_window_opens_is_never_claimed(clinic, go):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07", "06:00")
    go()
    clinic.record(key, "diary", readings=("1h=2",), about=2)
    clinic.at("2025-01-07", "09:00")
    assert outcomes(go()) == []
    [row] = rows_of(clinic.ledger)
    assert (row.status, row.attempts) == ("cancelled", 0)


def test_what_was_sent_while_it_ended_is_written_down_as_sent(clinic, go):
    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")

    def answer(message):
        clinic.record(key, "diary", readings=("1h=2",), about=2)

    report = go(Memory(answer))
    assert report.count("sent") == 1
    [row] = rows_of(clinic.ledger)
    assert row.status == "done"


# --- rows that come back


def test_a_cancelled_row_opens_again_by_the_same_key(clinic, go):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    step = step_of(clinic.ledger)
    assert make(clinic.ledger, step)
    assert not make(clinic.ledger, step)
    set_status(clinic.ledger, "cancelled")
    assert make(clinic.ledger, step)
    [row] = rows_of(clinic.ledger)
    assert row.status == "open"
    channel = Memory()
    assert go(channel).count("sent") == 1


@pytest.mark.parametrize("status", ["done", "dead", "open"])
def test_a_row_that_was_sent_or_given_up_never_opens_again(clinic, status):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    step = step_of(clinic.ledger)
    make(clinic.ledger, step)
    set_status(clinic.ledger, status)
    assert not make(clinic.ledger, step)
    assert [row.status for row in rows_of(clinic.ledger)] == [status]


def test_the_same_reminder_on_another_channel_is_another_row(clinic):
    clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    step = step_of(clinic.ledger)
    assert make(clinic.ledger, step, "file")
    assert make(clinic.ledger, step, "email")
    assert len(rows_of(clinic.ledger)) == 2
