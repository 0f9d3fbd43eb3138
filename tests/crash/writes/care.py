"""Writes about patients and their episodes: the acts of care."""

from sitrack.coordination import (
    amendments,
    consent,
    erasing,
    handing,
    merging,
    migration,
    people,
    snooze,
    undo,
)
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.coordination.page import Because
from sitrack.journey import forms, parking
from tests.clinic import RIVERA
from tests.crash.ward import BO, FINISHED, OSEI, PHONE, REVIEW, park
from tests.journey.test_corrections import EVERY_KIND

from .row import Write, quietly, writer

CARE = {}
write = writer(CARE)
SLIP = Because("typing-error")


# --- patients


@write("enrolled", "payer-set")
def enrol(ward):
    person = people.Person("Ann", "Other", None, "M-9")
    people.enrol(ward.ledger, RIVERA, person, payer="cigna")


@write("payer-set")
def patient_edit(ward):
    people.set_payer(ward.ledger, RIVERA, ward.alone, "cigna")


@write("contact-consent")
def patient_consent(ward):
    consent.give(ward.ledger, RIVERA, ward.twin, "sms", "+44 7700 900456")


@write("contact-consent")
def consent_withdrawn(ward):
    consent.withdraw(ward.ledger, RIVERA, ward.alone)


@write("contact-consent", "stop")
def stop(ward):
    consent.stop(ward.ledger, RIVERA, "sms", PHONE)


@write("merged", "merged")
def merge(ward):
    merging.merge(ward.ledger, RIVERA, ward.walked.patient, ward.alone)


@write("unmerged", "unmerged")
def unmerge(ward):
    merging.unmerge(ward.ledger, RIVERA, ward.merged)


@write("erase-asked")
def erasure_asked_for(ward):
    erasing.erase(ward.ledger, BO, ward.alone, "unlawful", 10)


@write("erased")
def erasure(ward):
    erasing.erase(ward.ledger, BO, ward.wished, "unlawful", 10)


# --- episodes


@write("opened", "episode-opened")
def episode_open(ward):
    ward.clinic.opened(ward.alone)


@write("move")
def advance(ward):
    ward.clinic.advance(ward.ready, "re-evaluation")


@write("move")
def advance_by_a_variance(ward):
    lifted = {"variance": "pt-intolerable", "clinician": "osei", "text": "So."}
    ward.clinic.advance(ward.walked, "diagnostic-block", **lifted)


@write("move")
def finish(ward):
    ward.clinic.advance(ward.ready, "closed", **FINISHED)


@write("move")
def reopen(ward):
    more = {"command": "episode reopen", "reason": "new-pain-report"}
    ward.clinic.advance(ward.finished, "re-evaluation", **more)


@write("held")
def hold(ward):
    park(ward.clinic, ward.ready, _holding)


def _holding(asked):
    return parking.hold(asked, "patient-request", REVIEW)


@write("hold-renewed")
def hold_renewed(ward):
    park(ward.clinic, ward.held, lambda asked: parking.renew(asked, 2, REVIEW))


@write("resumed")
def resume(ward):
    park(ward.clinic, ward.held, lambda asked: parking.resume(asked, None))


@write("lost")
def lose(ward):
    park(ward.clinic, ward.losable, parking.lose)


@write("returned")
def come_back(ward):
    park(ward.clinic, ward.lost, parking.come_back)


@write("snoozed")
def put_off(ward):
    snooze.snooze(ward.ledger, RIVERA, ward.ready, REVIEW)


@write("assigned", "assigned")
def assign(ward):
    handing.assign(ward.ledger, RIVERA, [ward.ready, ward.fresh], "okafor")


@write("claimed")
def claim(ward):
    handing.claim(ward.ledger, OSEI, ward.queued)


@write("handoff-offered")
def hand_off(ward):
    handing.hand_off(ward.ledger, RIVERA, ward.ready, "osei", "workload")


@write("handoff-accepted")
def accept(ward):
    handing.answer(ward.ledger, OSEI, ward.offered)


@write("handoff-declined")
def decline(ward):
    handing.answer(ward.ledger, OSEI, ward.offered, "workload")


@write("migrated")
def migrate(ward):
    planned = migration.plan(ward.ledger, "north-2026.1", [ward.fresh], quietly)
    migration.migrate(
        ward.ledger, RIVERA, planned, "osei", named=[ward.fresh], tell=quietly
    )


# --- evidence


APART = ("score", "injection", "diary", "block", "contact", "attestation")
"""Kinds after which something else is looked up, or is due."""


def _recording(kind):
    values, *_ = EVERY_KIND[kind]
    readings = ("1h=2",) if kind == "diary" else ()
    request = EvidenceRequest(kind, values, readings=readings, performer="osei")
    return lambda ward: record_evidence(ward.ledger, RIVERA, ward.fresh, request)


for _kind in forms.KINDS:
    _like = None if _kind in APART else "record score"
    _name = f"record {_kind}"
    CARE[_name] = Write(_name, (_kind,), _recording(_kind), like=_like)


@write("score", "score")
def record_on_both_sides(ward):
    ward.clinic.both(ward.ready.patient, "score", left={"nrs": "6"}, right={"nrs": "5"})


@write("contact", "contact")
def death(ward):
    """Of a patient with an episode on each side."""
    ward.clinic.contact(ward.ready, "deceased")


# --- amendments


@write("corrected")
def correct(ward):
    change = {4: [("nrs", "6")]}
    amendments.correct(ward.ledger, RIVERA, ward.ready, change, SLIP)


@write("retracted")
def retract(ward):
    amendments.retract(ward.ledger, RIVERA, ward.ready, [4], SLIP)


@write("score", "retracted")
def transfer(ward):
    amendments.transfer(ward.ledger, RIVERA, ward.ready, [4], ward.fresh, SLIP)


@write("retracted")
def take_back(ward):
    undo.undo(ward.ledger, RIVERA, f"{ward.ready}#4")
