"""The plan of a moment is what the round of that moment does."""

import datetime as dt

import pytest

from sitrack.record import backlog
from sitrack.record.ledger import reading
from sitrack.reminders.channels import PermanentFailure, TemporaryFailure
from sitrack.reminders.plan import plan_round
from tests.clinic import RIVERA, everything
from tests.reminders.conftest import Memory

from .outbox import (
    days,
    two_due,
)


@pytest.mark.complaint(2)
def test_the_plan_is_what_the_round_then_does(clinic, go, settings):
    for day in ("2025-01-06", "2025-01-11"):
        clinic.injected(day)
    promised = 0
    for day in days("2025-01-11", "2025-03-10"):
        clinic.at(day, "09:00")
        before = everything(clinic.ledger)
        plan = plan_round(clinic.ledger, settings, "file")
        assert everything(clinic.ledger) == before
        now = clinic.ledger.clock()
        report = go()
        assert _what(report, "sent") == sorted(_key(p) for p in plan if p.at <= now)
        later = {_key(p): p.at for p in plan if p.at > now}
        with reading(clinic.ledger) as connection:
            rows = backlog.open_rows(connection)
        assert sorted(later) == sorted(
            (row.episode, row.rule, row.step, row.due, row.recipient) for row in rows
        )
        promised += len(plan)
    assert promised > 10


def _key(each):
    return (each.episode, each.rule, each.step, each.due, each.recipient)


def _what(report, outcome):
    return sorted(_key(each) for each in report.happenings if each.outcome == outcome)


def test_a_plan_for_a_later_day_shows_what_falls_due_until_then(clinic, settings):
    clinic.injected("2025-01-06")
    until = dt.date(2025, 1, 20)
    found = plan_round(clinic.ledger, settings, "file", until)
    assert [(each.rule, each.step, each.at.day) for each in found] == [
        ("INJ-DIARY", "notice", 7),
        ("INJ-DIARY", "contact-1", 14),
        ("INJ-CHECK", "notice", 20),
    ]
    assert {each.outcome for each in found} == {"planned"}
    assert {each.at.hour for each in found} == {8}
    assert RIVERA.name in {each.recipient for each in found}


def test_what_was_given_up_stands_in_the_plan_until_its_line_is_gone(
    clinic, go, settings
):
    refused, waiting = two_due(clinic)

    def refuse(message):
        kind = PermanentFailure if str(refused) in message.subject else TemporaryFailure
        raise kind("smtp-550")

    go(Memory(refuse))
    plan = plan_round(clinic.ledger, settings, "file")
    assert [(each.episode, each.outcome, each.reason) for each in plan] == [
        (str(waiting), "planned", "smtp-550"),
        (str(refused), "dead", "smtp-550"),
    ]
    clinic.record(refused, "diary", readings=("1h=2",), about=2)
    plan = plan_round(clinic.ledger, settings, "file")
    assert [each.outcome for each in plan] == ["planned"]
