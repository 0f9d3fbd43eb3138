"""Who pays for a patient: since when, as known when, and what follows from it."""

import datetime as dt

import pytest

from sitrack.coordination import people
from sitrack.coordination.amendments import retract
from sitrack.coordination.page import Because
from sitrack.coordination.questions import When, why
from sitrack.errors import BadInput, NotFound
from sitrack.journey.findings import Refused
from sitrack.record import history, registry
from sitrack.record.ledger import reading
from sitrack.record.registry import Person
from tests.clinic import RIVERA, Clinic, codes_of, driver, everything

MEDICARE = "medicare-lcd-2023"


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def enrolled(clinic, payer=None):
    person = Person("Mary", "King", None, None)
    return people.enrol(clinic.ledger, RIVERA, person, payer=payer)[0].key


def pays(clinic, patient, payer, on=None, **more):
    day = dt.date.fromisoformat(on) if on else None
    return people.set_payer(clinic.ledger, RIVERA, patient, payer, on=day, **more)


def payer(clinic, patient, day, known=None):
    with reading(clinic.ledger) as connection:
        asked = dt.date.fromisoformat(day)
        return history.payer_at(connection, clinic.ledger, patient, asked, known)


def registered(clinic, patient):
    with reading(clinic.ledger) as connection:
        return registry.patient(connection, patient).payer


def blocked(clinic):
    """An episode that is ready for its RFA, on 4 April, but for the payer."""
    key = clinic.walked()
    clinic.at("2025-03-17")
    course = {"type": "active-stabilisation", "start": "2025-01-30", "visits": 9}
    clinic.record(key, "therapy", **course)
    clinic.record(key, "medication", drug="naproxen", start="2025-01-30")
    clinic.record(key, "score", nrs="7")
    clinic.advance(key, "diagnostic-block")
    clinic.at("2025-04-01")
    clinic.record(key, "block", anaesthetic="bupivacaine", nrs="7")
    clinic.record(key, "diary", readings=("1h=1", "2h=1"))
    clinic.at("2025-04-04")
    clinic.record(key, "consent", procedure="rfa")
    return key


def coverage(clinic, key, **when):
    [answer] = why(clinic.ledger, key, "rfa", when=When(**when)).answers
    [finding] = [f for f in answer.findings if f.requirement == "coverage"]
    return finding.seen


# --- since when


def test_nobody_pays_until_somebody_is_named(clinic):
    patient = enrolled(clinic)
    assert registered(clinic, patient) is None
    assert payer(clinic, patient, "2025-01-06") is None


def test_whom_a_patient_was_enrolled_with_paid_before_as_well(clinic):
    patient = enrolled(clinic, MEDICARE)
    assert registered(clinic, patient) == MEDICARE
    assert payer(clinic, patient, "2020-01-01") == MEDICARE


def test_a_payer_pays_from_its_day_on_and_until_the_next(clinic):
    patient = enrolled(clinic)
    clinic.at("2025-03-10")
    pays(clinic, patient, MEDICARE, "2025-02-01")
    pays(clinic, patient, "bcbs-al", "2025-03-01")
    pays(clinic, patient, None)
    said = {
        day: payer(clinic, patient, day)
        for day in ("2025-01-31", "2025-02-01", "2025-02-28", "2025-03-01")
    }
    assert list(said.values()) == [None, MEDICARE, MEDICARE, "bcbs-al"]
    assert payer(clinic, patient, "2025-03-10") is None
    assert registered(clinic, patient) is None


def test_what_was_known_of_the_payer_stays_what_it_was(clinic):
    patient = enrolled(clinic)
    known = clinic.ledger.clock()
    clinic.at("2025-03-10")
    pays(clinic, patient, MEDICARE, "2025-02-01")
    assert payer(clinic, patient, "2025-02-01", known) is None
    assert payer(clinic, patient, "2025-02-01") == MEDICARE


def test_a_late_entry_about_the_past_leaves_the_present_payer(clinic):
    patient = enrolled(clinic)
    clinic.at("2025-03-10")
    pays(clinic, patient, "bcbs-al")
    found, entry = pays(clinic, patient, MEDICARE, "2025-02-01")
    assert (found.payer, registered(clinic, patient)) == ("bcbs-al", "bcbs-al")
    assert entry.payload["payer"] == MEDICARE
    assert codes_of(clinic.ledger) == set()


# --- what cannot be


def test_a_payer_is_no_name_and_no_number(clinic):
    patient = enrolled(clinic)
    before = everything(clinic.ledger)
    for word in ("Mary King", "123456789", ""):
        with pytest.raises(BadInput):
            pays(clinic, patient, word)
        with pytest.raises(BadInput):
            enrolled(clinic, word)
    assert everything(clinic.ledger) == before


def test_what_is_so_already_or_cannot_be_so_yet_is_refused(clinic):
    patient = enrolled(clinic, MEDICARE)
    before = everything(clinic.ledger)
    with pytest.raises(BadInput, match="pays for P00013 on 2025-01-06 already"):
        pays(clinic, patient, MEDICARE)
    with pytest.raises(Refused, match="cannot have happened on that day"):
        pays(clinic, patient, "bcbs-al", "2025-01-07")
    with pytest.raises(NotFound):
        pays(clinic, "P99994", "bcbs-al")
    assert everything(clinic.ledger) == before


def test_a_rehearsal_keeps_nothing(clinic):
    patient = enrolled(clinic)
    before = everything(clinic.ledger)
    found, _ = pays(clinic, patient, MEDICARE, dry_run=True)
    assert found.payer == MEDICARE
    assert everything(clinic.ledger) == before


# --- what follows


def test_a_payer_that_does_not_cover_an_rfa_asks_for_the_notice_and_nothing_else(
    clinic,
):
    key = blocked(clinic)
    pays(clinic, key.patient, MEDICARE)
    with pytest.raises(Refused) as refusal:
        clinic.advance(key, "rfa")
    labels = [finding.label() for finding in refusal.value.findings]
    assert labels == ["FINANCIAL_NOTICE_MISSING"]
    clinic.record(key, "notice", procedure="rfa")
    clinic.advance(key, "rfa")
    assert codes_of(clinic.ledger) == set()


def test_a_question_about_an_earlier_day_is_answered_by_the_payer_of_that_day(clinic):
    key = blocked(clinic)
    pays(clinic, key.patient, MEDICARE)
    assert coverage(clinic, key).startswith("not covered by medicare")
    before = coverage(clinic, key, as_of=dt.date(2025, 4, 3))
    assert before == "covered (default; no payer set)"
    known = dt.datetime(2025, 4, 3, 12, tzinfo=dt.UTC)
    assert coverage(clinic, key, as_known=known) == before


def test_a_move_stays_as_it_was_judged_whoever_pays_later(clinic):
    key = blocked(clinic)
    moved = clinic.advance(key, "rfa")
    assert "payer" not in moved.entry.payload
    clinic.at("2025-04-10")
    pays(clinic, key.patient, MEDICARE, "2025-04-01")
    assert codes_of(clinic.ledger) == set()


def test_a_move_keeps_by_which_payer_it_was_judged(clinic):
    key = blocked(clinic)
    pays(clinic, key.patient, "trial-rct")
    moved = clinic.advance(key, "rfa")
    kept = {"name": "trial-rct", "covers_rfa": True}
    assert moved.entry.payload["payer"] == kept
    pays(clinic, key.patient, MEDICARE)
    assert codes_of(clinic.ledger) == set()


def test_a_notice_that_is_retracted_takes_the_ground_from_the_move(clinic):
    key = blocked(clinic)
    pays(clinic, key.patient, MEDICARE)
    notice = clinic.record(key, "notice", procedure="rfa").entry.seq
    clinic.advance(key, "rfa")
    because = Because("wrong-patient")
    [amended] = retract(clinic.ledger, RIVERA, key, [notice], because)
    [broken] = amended.after.broken
    assert broken.codes == ("FINANCIAL_NOTICE_MISSING",)
    assert codes_of(clinic.ledger) == set()


@pytest.mark.parametrize("enrolled_with", [None, "trial-rct"])
def test_a_payer_that_no_entry_set_is_found(clinic, enrolled_with):
    patient = enrolled(clinic, enrolled_with)
    with driver(clinic.ledger) as run:
        run.without_triggers()("UPDATE patient SET payer = 'bcbs-al'")
    assert codes_of(clinic.ledger) == {"STANDING"}
    assert payer(clinic, patient, "2025-01-06") == enrolled_with
