"""Nobody attests what they wrote down themselves, as long as another clinician can."""

import pytest

from sitrack.coordination import amendments, people
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.coordination.importing.taking import check
from sitrack.coordination.page import Because
from sitrack.coordination.people import Author
from sitrack.errors import NotPermitted
from sitrack.record.journal import load_stream
from sitrack.record.ledger import reading
from sitrack.record.staff import Staff
from tests.clinic import RIVERA, Clinic, codes_of
from tests.coordination.test_importing import File

OSEI, SILVA = Author("osei", "account"), Author("silva", "account")
SLIP = Because("typing-error")


class Desk(Clinic):
    """Osei and Silva, both clinicians, write for themselves."""

    def by(self, author, key, kind, *, readings=(), **values):
        request = EvidenceRequest(kind, values, readings=readings)
        return record_evidence(self.ledger, author, key, request).entry.seq

    def last(self, key):
        with reading(self.ledger) as connection:
            return load_stream(connection, key.stream)[-1]


def attested(clinic, author, key, what="diary", about=None, performer=None):
    values = {"about": what}
    request = EvidenceRequest("attestation", values, about=about, performer=performer)
    return record_evidence(clinic.ledger, author, key, request).entry.seq


@pytest.fixture
def clinic(ledger):
    clinic = Desk(ledger)
    people.add_staff(ledger, RIVERA, Staff("silva", "clinician", None))
    return clinic


@pytest.fixture
def key(clinic):
    """An episode whose injection, #2, Rivera wrote down."""
    return clinic.injected()


def diary(clinic, author, key):
    return clinic.by(author, key, "diary", readings=("1h=2",))


def test_who_wrote_the_diary_down_does_not_attest_it(clinic, key):
    kept = diary(clinic, OSEI, key)
    before = clinic.last(key)
    for about in (None, 2, kept):
        with pytest.raises(NotPermitted, match=rf"osei wrote #{kept} down") as refused:
            attested(clinic, OSEI, key, about=about)
        assert refused.value.code == 16
    assert clinic.last(key) == before
    assert attested(clinic, SILVA, key) == before.seq + 1


def test_it_is_whose_name_is_given_that_counts_not_who_types(clinic, key):
    diary(clinic, OSEI, key)
    with pytest.raises(NotPermitted):
        attested(clinic, RIVERA, key, performer="osei")
    attested(clinic, RIVERA, key, performer="silva")
    attested(clinic, OSEI, key, performer="silva")


def test_of_a_procedure_it_is_the_diary_that_is_attested(clinic, key):
    """Who did the block, and wrote that down, may stand for the patient's diary."""
    block = clinic.by(
        OSEI, key, "block", anaesthetic="lidocaine", nrs="7", guidance="ct"
    )
    diary(clinic, RIVERA, key)
    attested(clinic, OSEI, key, about=block)


def test_of_several_diaries_none_may_be_ones_own(clinic, key):
    diary(clinic, RIVERA, key)
    own = diary(clinic, OSEI, key)
    with pytest.raises(NotPermitted, match=f"#{own}"):
        attested(clinic, OSEI, key)
    attested(clinic, OSEI, key, about=own - 1)


def test_whoever_corrected_it_wrote_it_down_as_well(clinic, key):
    kept = diary(clinic, RIVERA, key)
    given = {kept: [("reading", "1h=3")]}
    amendments.correct(clinic.ledger, OSEI, key, given, SLIP)
    with pytest.raises(NotPermitted, match=f"osei wrote #{kept + 1} down"):
        attested(clinic, OSEI, key)
    attested(clinic, SILVA, key)


def test_an_entry_that_is_named_counts_whatever_is_attested(clinic, key):
    score = clinic.by(OSEI, key, "score", nrs="7")
    with pytest.raises(NotPermitted):
        attested(clinic, OSEI, key, "source", about=score)
    attested(clinic, SILVA, key, "source", about=score)


def test_where_no_entry_is_named_there_is_nothing_of_ones_own(clinic, key):
    clinic.by(OSEI, key, "score", nrs="7")
    attested(clinic, OSEI, key, "source")


def test_a_correction_brings_no_attestation_to_who_wrote_it_down(clinic, key):
    diary(clinic, OSEI, key)
    made = attested(clinic, SILVA, key)
    given = {made: [("performer", "osei")]}
    with pytest.raises(NotPermitted, match="another clinician"):
        amendments.correct(clinic.ledger, RIVERA, key, given, SLIP)


def test_an_imported_row_is_held_to_it_too(clinic, ledger, at):
    at("2025-09-01")
    file = File()
    file.person()
    file.injected()
    file.on("2025-01-30", "attestation", about="diary", performer="osei")
    [problem] = check(ledger, OSEI, file.rows).problems
    assert (problem.row, problem.code) == (6, "not-permitted")
    assert check(ledger, RIVERA, file.rows).problems == []


def test_a_clinician_who_is_alone_attests_and_the_record_says_so(ledger, at):
    clinic = Desk(ledger)
    key = clinic.injected()
    diary(clinic, OSEI, key)
    attested(clinic, OSEI, key)
    written = clinic.last(key).provenance
    assert (written.performer, written.recorder) == (None, "osei")


def test_who_is_retired_is_nobody_who_could(clinic, key):
    diary(clinic, OSEI, key)
    with pytest.raises(NotPermitted):
        attested(clinic, OSEI, key)
    people.retire_staff(clinic.ledger, RIVERA, "silva")
    attested(clinic, OSEI, key)


def test_what_was_attested_when_nobody_else_was_there_goes_on_holding(ledger):
    """A record from before the rule has no finding, nor has one from before Silva."""
    clinic = Desk(ledger)
    key = clinic.injected()
    diary(clinic, OSEI, key)
    attested(clinic, OSEI, key)
    people.add_staff(ledger, RIVERA, Staff("silva", "clinician", None))
    assert codes_of(ledger) == set()
